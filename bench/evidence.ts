/**
 * How often do guards cry wolf, and how soon do they find what is wrong? Simulates days of a service with the methods that
 * ship, beside example rules of other tools, and prints tables; see docs/statistics.md.
 *
 *     npm run bench:evidence -- [--full] [--seed 1] [--rows id,id] [--keep FOLDER] [--write]
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { daysOf, FULL, ROWS, type Row, SHORT } from './evidence/cases.ts';
import type { Day } from './evidence/day.ts';
import { runRows } from './evidence/run.ts';
import { report, withReport } from './evidence/tables.ts';

const DOCUMENT = new URL('../docs/statistics.md', import.meta.url);

const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    rows: { type: 'string' },
    keep: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});

const size = values.full ? FULL : SHORT;
const seed = Number(values.seed);
if (!Number.isSafeInteger(seed) || seed < 0) throw new Error(`--seed: expected a whole number, found ${values.seed}`);
const asked = values.rows?.split(',');
const unknown = asked?.find((id) => !ROWS.some((row) => row.id === id));
if (unknown !== undefined)
  throw new Error(`--rows: expected some of ${ROWS.map(({ id }) => id).join(', ')}, found ${unknown}`);
const rows = asked === undefined ? ROWS : ROWS.filter(({ id }) => asked.includes(id));

const results = new Map<string, readonly Day[]>();
if (values.keep !== undefined) mkdirSync(values.keep, { recursive: true });
for (const row of rows) {
  const kept = fileOf(row);
  if (kept !== undefined && existsSync(kept)) results.set(row.id, JSON.parse(readFileSync(kept, 'utf8')));
}
const total = rows.reduce((sum, row) => sum + daysOf(row, size), 0);
console.error(
  `${total} simulated days${values.full ? '' : '; too few to show the bounds, which take --full (4,000 healthy days a row)'}`,
);
const missing = rows.filter(({ id }) => !results.has(id));
await runRows(missing, size, seed, Math.max(1, availableParallelism()), (row, days) => {
  results.set(row.id, days);
  const kept = fileOf(row);
  if (kept !== undefined) writeFileSync(kept, JSON.stringify(days));
  console.error(`${new Date().toISOString().slice(11, 19)} ${row.id}: ${days.length} days`);
});

const command = `npm run bench:evidence -- ${values.full ? '--full ' : ''}--seed ${seed}`;
const { text, broken } = report(rows, results, command);
console.log(text);
if (values.write) writeFileSync(DOCUMENT, withReport(readFileSync(DOCUMENT, 'utf8'), text));
if (broken.length > 0) console.error(`NOT within their bound: ${broken.join(', ')}`);

/** Where the days of a row are kept for the next run. */
function fileOf(row: Row): string | undefined {
  return values.keep && join(values.keep, `${row.id}-${seed}-${daysOf(row, size)}.json`);
}
