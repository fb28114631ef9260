/**
 * How many users meet a canary that breaks? `npm run bench:rollback [-- --rate 1000] [--write]`
 *
 * A real Envoy with the shipped file, requests sent at a fixed rate whether or not answers come. The canary serves its share
 * well for three seconds, then breaks: errors, no answer, slow. Nobody touches anything. About two minutes; `--write` puts the
 * table into docs/rollback.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { startChild } from '../rig/child.ts';
import { until } from '../rig/until.ts';
import { type Act, type Played, play } from './rollback-act.ts';

const ACTS: readonly Act[] = [
  { name: 'every second answer is a 500', breaks: 'errors-50', weight: '1%' },
  { name: 'every second answer is a 500', breaks: 'errors-50', weight: '5%' },
  { name: 'every answer is a 500', breaks: 'errors-100', weight: '1%' },
  { name: 'it never answers', breaks: 'hang', weight: '1%' },
  { name: 'it never answers', breaks: 'hang', weight: '5%' },
  { name: 'each answer takes 200 ms', breaks: 'slow-200', weight: '1%' },
  { name: 'each answer takes 200 ms', breaks: 'slow-200', weight: '5%' },
];
const PAGE = resolve(import.meta.dirname, '../docs/rollback.md');
const [START, END] = ['<!-- bench:rollback -->', '<!-- /bench:rollback -->'];

const { values } = parseArgs({
  options: { rate: { type: 'string', default: '1000' }, write: { type: 'boolean', default: false } },
});
const perSecond = Number(values.rate);

const upstream = await startChild(process.execPath, [join(import.meta.dirname, 'breaking-upstream.ts')]);
const played: Played[] = [];
try {
  const ports = await until(() => /ports (.*)/.exec(upstream.log())?.[1]?.split(' ').map(Number), {
    what: 'the upstream',
  });
  for (const act of ACTS) {
    const one = await play(act, ports, perSecond);
    console.error(`${act.weight}, ${act.name}: ${one.reason}`);
    played.push(one);
  }
} finally {
  await upstream.stop();
}
const text = tableOf(played);
console.log(text);
if (values.write) {
  const page = readFileSync(PAGE, 'utf8');
  const [before, rest] = page.split(START);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`${PAGE} lacks ${START} or ${END}`);
  writeFileSync(PAGE, `${before}${START}\n\n${text}\n\n${END}${after}`);
}

function tableOf(rows: readonly Played[]): string {
  const seconds = (ms: number) => (ms / 1_000).toFixed(2);
  const reached = Math.min(...rows.map(({ reachedPerSecond }) => reachedPerSecond));
  const lines = rows.map((row) => {
    const { name, weight, detectedMs, confirmedMs, metBy, sentAfter, reason } = row;
    const cells = [name, weight.replace('%', ' %'), seconds(detectedMs), confirmedMs, metBy.requests, metBy.users];
    return `| ${[...cells, sentAfter, reason].join(' | ')} |`;
  });
  return [
    `${perSecond.toLocaleString('en-US')} requests/s wanted, at least ${Math.floor(reached).toLocaleString('en-US')}/s reached; ` +
      `${availableParallelism()} cores (${process.arch}), Node ${process.version}.`,
    '',
    '| the canary breaks | weight | breach to trip, s | trip to weight 0 in every decide thread, ms | requests that met it | users | of requests sent after that | why |',
    '|---|---|---|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}
