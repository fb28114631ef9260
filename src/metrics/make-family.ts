import type { Family, Labels, Sample } from './exposition.ts';

/** `name` is what follows our prefix. */
export function family(name: string, type: Family['type'], help: string, samples: readonly Sample[]): Family {
  return { name: `understudy_${name}`, type, help, samples };
}

/** Samples of a summary, in seconds. */
export function quantiles(labels: Labels, values: readonly (readonly [quantile: string, ms: number])[]): Sample[] {
  return values.map(([quantile, ms]) => ({ labels: { ...labels, quantile }, value: ms / 1_000 }));
}
