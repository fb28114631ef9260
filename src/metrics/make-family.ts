import type { Quantiles } from '../evidence/quantiles.ts';
import type { Family, Labels, Sample } from './exposition.ts';

/** `name` is what follows our prefix. */
export function family(name: string, type: Family['type'], help: string, samples: readonly Sample[]): Family {
  return { name: `understudy_${name}`, type, help, samples };
}

/** Samples of a summary, in seconds. */
export function quantiles(labels: Labels, values: readonly (readonly [quantile: string, ms: number])[]): Sample[] {
  return values.map(([quantile, ms]) => ({ labels: { ...labels, quantile }, value: ms / 1_000 }));
}

/** A summary of these quantiles, and how many values there were; NaN where there are too few to say one. */
export function latencySamples(labels: Labels, { count, p50, p95, p99, p999 }: Quantiles): Sample[] {
  return [
    ...quantiles(labels, [
      ['0.5', p50 ?? Number.NaN],
      ['0.95', p95 ?? Number.NaN],
      ['0.99', p99 ?? Number.NaN],
      ['0.999', p999 ?? Number.NaN],
    ]),
    { suffix: '_count', labels, value: count },
  ];
}
