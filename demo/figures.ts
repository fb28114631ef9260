/** What users get and how a shadow agrees, in a few lines. */
import type { LatencyQuantiles, ShadowTally } from '../src/gen/understudy/admin/v1/admin.ts';
import type { Load } from './load.ts';
import { type Build, rolloutOf, v1, v2 } from './rollout.ts';
import { count, percent } from './screen.ts';

const { delay: minutes, hours } = rolloutOf(v1, v2).prediction.fields;

export function describeUsers(load: Load, ratePerSecond: number, missed: number): string {
  const { failed, byVersion } = load.counts();
  const answered = Object.entries(byVersion).map(([version, answers]) => `${version} ${count(answers)}`);
  const latency = `p50 ${milliseconds(load.quantile(0.5))}, p95 ${milliseconds(load.quantile(0.95))}`;
  const gaps = missed === 0 ? '' : `; no decision in time, so no pair: ${count(missed)}`;
  return [
    `   users: ${ratePerSecond.toFixed(0)} requests/s, ${latency}, failed ${failed}`,
    `   answered by ${answered.join(', ')}${gaps}\n`,
  ].join('\n');
}

/** `stable`: who answers the users. */
export function describeTallies(stable: Build, shown: readonly ShadowTally[]): string {
  const { k, minOverlap } = hours.compare.ranking;
  const least = Math.ceil((k * Number.parseFloat(minOverlap)) / 100);
  const rows: [string, (tally: ShadowTally) => string][] = [
    ['shadow', ({ shadow }) => shadow],
    ['pairs', ({ pairs }) => count(pairs)],
    [`delay agrees within ${minutes.compare.number.abs} minutes`, agreement('delay')],
    ['late is the same', agreement('late')],
    [`hours have ${least} of ${k} in common`, agreement('hours')],
    [`median delay of ${stable.name} / shadow`, medians],
    [`latency of ${stable.name}, p50 / p95`, ({ referenceLatency }) => quantiles(referenceLatency)],
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
