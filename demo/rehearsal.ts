import { setTimeout as delay } from 'node:timers/promises';
import type { Terminal } from '../src/cli/terminal.ts';
import type { LatencyQuantiles, Pair, ShadowTally } from '../src/gen/understudy/admin/v1/admin.ts';
import { type Circle, rollout, tallies, undecided } from './circle.ts';
import type { Load } from './load.ts';
import { showWhereTheyPart } from './parting.ts';
import { beats, count, heading, liveBlock, percent } from './screen.ts';

const plainEveryMs = 5_000;
const { delay: minutes, hours } = rollout.prediction.fields;

/** Sums by segment come in blocks of 10 s: after twice as long they tell of half the time or more. */
const longEnoughS = 20;
const nextBlockWithinMs = 12_000;

/** Act 1. Resolves with what did not hold, and with a pair that is worth a look if there was one. */
export async function rehearse(
  circle: Circle,
  load: Load,
  terminal: Terminal,
  seconds: number,
): Promise<{ problems: string[]; pair: Pair | undefined }> {
  heading(
    terminal,
    '1. Rehearsal: weight 0 %',
    'Every user is answered by v1. v2 and v3 get a copy of each request and answer nobody: their',
    'answers are paired with those of v1. Every answer predicts three things: the delay in minutes,',
    'whether the flight is late, and the five best hours to leave. How often does a shadow agree with v1?',
  );
  const live = liveBlock(terminal);
  let before = { atMs: performance.now(), sent: load.counts().sent };
  let shown: ShadowTally[] = [];
  for await (const _ of beats(terminal, seconds, plainEveryMs)) {
    shown = await tallies(circle);
    const now = { atMs: performance.now(), sent: load.counts().sent };
    const rate = (1000 * (now.sent - before.sent)) / (now.atMs - before.atMs);
    live.show(`${describeUsers(load, rate, await undecided(circle))}${describeTallies(shown)}\n`);
    before = now;
  }
  if (seconds < longEnoughS) shown = await afterNextBlock(circle, shown, terminal);

  const pair = await showWhereTheyPart(circle, shown, terminal);
  const missing = rollout.shadows.filter(
    ({ name }) => !shown.some(({ shadow, pairs }) => shadow === name && pairs > 0),
  );
  return { pair, problems: missing.map(({ name }) => `no request was paired with shadow ${name}`) };
}

/** The tallies once sums by segment hold what `shown` does; at the latest when that should long have been so. */
async function afterNextBlock(circle: Circle, shown: ShadowTally[], terminal: Terminal): Promise<ShadowTally[]> {
  terminal.out('   Sums by state come in blocks of 10 s: waiting for the one that is open ...\n\n');
  const bySegment = (of: ShadowTally[]) => JSON.stringify(of.map(({ worstSegments }) => worstSegments));
  const endMs = performance.now() + nextBlockWithinMs;
  for (;;) {
    await delay(200, undefined, { signal: terminal.signal });
    const found = await tallies(circle);
    if (bySegment(found) !== bySegment(shown) || performance.now() > endMs) return found;
  }
}

function describeUsers(load: Load, rate: number, missed: number): string {
  const { failed, byVersion } = load.counts();
  const answered = Object.entries(byVersion).map(([version, answers]) => `${version} ${count(answers)}`);
  const latency = `p50 ${milliseconds(load.quantile(0.5))}, p95 ${milliseconds(load.quantile(0.95))}`;
  const gaps = missed === 0 ? '' : `; no decision in time, so no pair: ${count(missed)}`;
  return [
    `   users: ${rate.toFixed(0)} requests/s, ${latency}, failed ${failed}`,
    `   answered by ${answered.join(', ')}${gaps}\n`,
  ].join('\n');
}

function describeTallies(shown: ShadowTally[]): string {
  const { k, minOverlap } = hours.compare.ranking;
  const least = Math.ceil((k * Number.parseFloat(minOverlap)) / 100);
  const rows: [string, (tally: ShadowTally) => string][] = [
    ['shadow', ({ shadow }) => shadow],
    ['pairs', ({ pairs }) => count(pairs)],
    [`delay agrees within ${minutes.compare.number.abs} minutes`, agreement('delay')],
    ['late is the same', agreement('late')],
    [`hours have ${least} of ${k} in common`, agreement('hours')],
    ['median delay of v1 / shadow', medians],
    ['latency of v1, p50 / p95', ({ referenceLatency }) => quantiles(referenceLatency)],
    ['latency of shadow, p50 / p95', ({ candidateLatency }) => quantiles(candidateLatency)],
  ];
  return rows
    .map(([label, cell]) => `     ${label.padEnd(32)}${shown.map((tally) => cell(tally).padEnd(20)).join('')}`)
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

function agreement(field: string) {
  return ({ fields }: ShadowTally) => {
    const found = fields.find(({ name }) => name === field);
    return percent(found?.agreeing ?? 0, found?.pairs ?? 0);
  };
}

function medians({ fields }: ShadowTally): string {
  const { referenceP50, candidateP50 } = fields.find(({ name }) => name === 'delay') ?? {};
  if (referenceP50 === undefined || candidateP50 === undefined) return '-';
  return `${referenceP50.toFixed(1)} / ${candidateP50.toFixed(1)} min`;
}

/** A quantile is absent while too few were seen. */
function quantiles(latency: LatencyQuantiles | undefined): string {
  const shown = [latency?.p50Ms, latency?.p95Ms].map((ms) => (ms === undefined ? '-' : ms.toFixed(1)));
  return `${shown.join(' / ')} ms`;
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(1)} ms`;
}
