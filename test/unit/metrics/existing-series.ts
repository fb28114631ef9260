import { families } from '../../../src/metrics/families.ts';
import { metricsSource } from './source.ts';

const SUFFIXES = { counter: [''], gauge: [''], summary: ['', '_count'], histogram: ['_bucket', '_sum', '_count'] };
/** What Prometheus adds to every series. */
const OF_TARGETS = ['job', 'instance'];

/** Every series that exists, with its labels. */
export function existingSeries(): ReadonlyMap<string, ReadonlySet<string>> {
  return new Map(
    families(metricsSource()).flatMap(({ name, type, samples }) => {
      const labels = new Set([...OF_TARGETS, ...samples.flatMap((sample) => Object.keys(sample.labels ?? {}))]);
      return SUFFIXES[type].map((suffix) => [name + suffix, labels] as const);
    }),
  );
}

/** The names of series in an expression. */
export function seriesIn(expression: string): string[] {
  return expression.match(/\b(understudy|envoy|process)_[a-z0-9_]+\b/g) ?? [];
}
