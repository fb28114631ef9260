import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { until } from '../../rig/until.ts';
import { exportRecording } from '../../src/cli/export.ts';
import { run } from '../../src/cli/program.ts';
import { mergeCells } from '../../src/evidence/merge.ts';
import { cellFromJson, cellToJson } from '../../src/evidence/serialize.ts';
import { Recorder } from '../../src/recording/recorder.ts';
import { fakeTerminal } from '../unit/cli/fake-terminal.ts';
import { batchOf, newFolder, specOf } from '../unit/recording/recorded.ts';
import { rolloutOf } from '../unit/render/configs.ts';
import {
  armCell,
  armOf,
  differingField,
  HOUR,
  numberField,
  pairCell,
  pairsOf,
  rowOf,
  START,
} from '../unit/report/cells.ts';

const PAIRS = 300;

/** A recording of `hours` blocks and 20 rows each, as the sidecar writes it. */
async function record(hours: readonly number[], now = START + 48 * HOUR): Promise<string> {
  const directory = newFolder();
  const codec = { mergeCells, cellToJson, cellFromJson };
  const recorder = new Recorder(specOf(directory, { maxAgeMs: 10 ** 12 }), {
    codec,
    count: () => {},
    nowMs: () => now,
  });
  for (const hour of hours) {
    const startMs = START + hour * HOUR;
    const values = [...Array(PAIRS)].map((_, n) => [n + 1, n % 10 === 0 ? 60 * n + 60 : n + 1] as const);
    const sums = () =>
      pairsOf({ pairs: PAIRS, reference: [10, 11], candidate: [12, 13], fields: [numberField('delay', values, 30)] });
    const cells = [
      armCell(armOf(values.map(([value]) => value))),
      pairCell(sums()),
      pairCell(sums(), { segment: 'state', segmentValue: 'CO' }),
    ];
    recorder.takeBlock({ startMs, durationMs: 10_000, cells }, () => {});
    const rows = [...Array(20)].map((_, n) =>
      rowOf({
        id: `${hour}-${n}`,
        timeMs: startMs + n,
        kept: n === 0,
        segments: { state: "C'O" },
        fields: differingField('delay', 10, 600),
      }),
    );
    recorder.take(batchOf(rows));
  }
  await recorder.work();
  await recorder.stop(5_000);
  return directory;
}

async function understudy(...args: string[]): Promise<{ code: number; out: string; errors: string }> {
  const terminal = fakeTerminal();
  const code = await run(args, terminal);
  return { code, out: terminal.printed.join(''), errors: terminal.errors.join('') };
}

const DAY = ['--since', '2026-03-01', '--until', '2026-03-02'];

test('a recording is reported: to the terminal as Markdown, into a file by its name', async () => {
  const directory = await record([5, 6]);
  const { code, out, errors } = await understudy('report', '--from', directory, ...DAY);
  expect([code, errors]).toEqual([0, '']);
  expect(out).toContain(
    '`flight-delay`: `candidate` `2.0.0` differs in 10.0 % of 600 pairs on `delay`, noise not known',
  );
  expect(out).toContain('delay: 10 → 600');
  const html = join(newFolder(), 'report.html');
  expect(await understudy('report', '--from', directory, ...DAY, '--output', html)).toEqual({
    code: 0,
    out: '',
    errors: '',
  });
  expect(readFileSync(html, 'utf8')).toMatch(/^<!doctype html>/);
  const json = await understudy('report', '--from', directory, ...DAY, '--format', 'json');
  expect(JSON.parse(json.out)).toMatchObject({ schema: 'understudy.report', releases: [{ rollout: 'flight-delay' }] });
});

test('a file that cannot be read is named, and the rest is reported', async () => {
  const directory = await record([5]);
  writeFileSync(join(directory, 'blocks', '2026-03-01T06-00-00Z-00000099.part.parquet'), 'PAR1 oops');
  const { code, out } = await understudy('report', '--from', directory, ...DAY);
  expect(code).toBe(0);
  expect(out).toContain('Could not be read, and is left out:');
  expect(out).toContain('00000099.part.parquet');
});

test('what cannot be reported is said: where, what was expected, what was found', async () => {
  const directory = await record([5]);
  const empty = newFolder();
  const file = join(empty, 'understudy.yaml');
  writeFileSync(file, stringify({ rollouts: [rolloutOf('a')] }));
  const from = ['report', '--from', directory];
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['report', '--config', file], /the configuration has no `recording:`; add it, or give --from/],
    [['report', '--from', join(empty, 'none')], /expected the folder of a recording, found none at/],
    [['report', '--from', empty], /nothing is recorded between .* and .* in/],
    [
      [...from, '--since', '2026-04-01', '--until', '2026-04-02'],
      /nothing is recorded between 2026-04-01T00:00:00.000Z/,
    ],
    [[...from, ...DAY, '--rollout', 'other'], /nothing of rollout other is recorded/],
    [[...from, '--since', 'yesterday'], /--since: expected a time ago like 6h, .* found "yesterday"/],
    [[...from, '--since', '1d', '--until', '2d'], /--until: expected a time after --since/],
    [[...from, ...DAY, '--format', 'pdf'], /--format: expected md, html or json, found "pdf"/],
    [[...from, ...DAY, '--output', join(empty, 'no', 'r.md')], /expected a file that can be written/],
    [[...from, '--every', '1d'], /--every and --into: expected both or neither/],
    [[...from, '--every', '1s', '--into', empty], /--every: expected a time of a minute or more/],
  ];
  for (const [args, message] of cases) {
    const { code, out, errors } = await understudy(...args);
    expect([args, code, out]).toEqual([args, 2, '']);
    expect(errors).toMatch(message);
  }
});

test('--every makes up for whole periods with evidence, leaves what is there, and ends when asked to', async () => {
  const day = 24 * HOUR;
  const today = Math.floor(Date.now() / day) * day;
  const name = (daysAgo: number) => `report-${new Date(today - daysAgo * day).toISOString().slice(0, 10)}.json`;
  const hours = [5, 4, 2].map((daysAgo) => (today - daysAgo * day - START) / HOUR + 1);
  const directory = await record(hours, Date.now());
  const into = join(newFolder(), 'reports');
  mkdirSync(into);
  writeFileSync(join(into, name(4)), 'there before');
  const terminal = fakeTerminal();
  const running = run(['report', '--from', directory, '--every', '1d', '--into', into, '--format', 'json'], terminal);
  await until(() => terminal.printed.length === 2, { what: 'two reports are made' });
  terminal.end();
  expect(await running).toBe(0);
  expect(terminal.printed).toEqual([`${join(into, name(5))}\n`, `${join(into, name(2))}\n`]);
  expect(terminal.errors[0]).toMatch(/: nothing is recorded between/);
  expect(readdirSync(into)).toEqual([name(5), name(4), name(2)]);
  expect(readFileSync(join(into, name(4)), 'utf8')).toBe('there before');
  expect(JSON.parse(readFileSync(join(into, name(5)), 'utf8'))).toMatchObject({ period: { fromMs: today - 5 * day } });
});

test('rows are exported to CSV and Parquet, only those asked for', async () => {
  const directory = await record([5, 30]);
  const csv = join(newFolder(), "it's.csv");
  const first = await understudy('export', '--from', directory, ...DAY, '--output', csv);
  expect(first).toEqual({ code: 0, out: `${csv}: 20 rows\n`, errors: '' });
  const lines = readFileSync(csv, 'utf8').trimEnd().split('\n');
  expect(lines[0]).toMatch(/^id,time,rollout,release,/);
  expect(lines[1]).toMatch(/^5-0,2026-03-01 05:00:00(\.0+)?,flight-delay,/);
  expect(lines).toHaveLength(21);
  const parquet = join(newFolder(), 'some.parquet');
  const where = 'kept AND segments = \'{"state":"C\'\'O"}\' -- only these';
  const since = ['--since', '2026-03-01', '--until', '2026-03-09'];
  const second = await understudy('export', '--from', directory, ...since, '--output', parquet, '--where', where);
  expect(second).toEqual({ code: 0, out: `${parquet}: 2 rows\n`, errors: '' });
  const connection = await (await DuckDBInstance.create()).connect();
  const rows = await connection.runAndReadAll(`SELECT id, epoch_ms(time) FROM '${parquet}'`);
  expect(rows.getRows()).toEqual([
    ['5-0', BigInt(START + 5 * HOUR)],
    ['30-0', BigInt(START + 30 * HOUR)],
  ]);
});

test('an export that fails says why, and leaves no file', async () => {
  const directory = await record([5]);
  const folder = newFolder();
  const output = join(folder, 'rows.csv');
  const wrong = await understudy(
    'export',
    '--from',
    directory,
    ...DAY,
    '--output',
    output,
    '--where',
    'no_such_column = 1',
  );
  expect([wrong.code, wrong.out]).toEqual([2, '']);
  expect(wrong.errors).toMatch(/^the export failed: .*no_such_column/);
  expect(await understudy('export', '--from', directory, ...DAY, '--output', join(folder, 'rows.txt'))).toMatchObject({
    code: 2,
    errors: '--format: expected csv or parquet, found "txt"\n',
  });
  expect(readdirSync(folder)).toEqual([]);
  expect((await understudy('export', '--from', folder, ...DAY, '--output', output)).errors).toContain(
    'no rows are recorded in',
  );
});

test('who ends a report or an export gets neither, and no file', async () => {
  const directory = await record([5]);
  const folder = newFolder();
  for (const verb of ['report', 'export']) {
    const terminal = fakeTerminal();
    terminal.end();
    const args = [
      verb,
      '--from',
      directory,
      ...DAY,
      '--output',
      join(folder, 'out.csv'),
      ...(verb === 'report' ? ['--format', 'md'] : []),
    ];
    expect(await run(args, terminal)).toBe(1);
    expect(terminal.errors.join('')).toContain('AbortError');
  }
  expect(readdirSync(folder)).toEqual([]);
});

test('without DuckDB export says how to get it and what works without it', async () => {
  const directory = await record([5]);
  const output = join(newFolder(), 'rows.csv');
  const absent = () => Promise.reject(new Error("Cannot find package '@duckdb/node-api'"));
  const asked = exportRecording(
    { from: directory, since: '2026-03-01', until: '2026-03-02', output },
    fakeTerminal(),
    absent,
  );
  await expect(asked).rejects.toThrow(/npm install @duckdb\/node-api[\s\S]*`understudy report`/);
  expect(existsSync(output)).toBe(false);
});
