import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exposition } from '../../../src/metrics/exposition.ts';
import { families, type MetricsSource } from '../../../src/metrics/families.ts';
import type { ShadowTally } from '../../../src/pairing/tally.ts';
import type { DecisionCount } from '../../../src/routing/decide.ts';
import { readExposition, seriesOf } from './read-exposition.ts';
import { metricsSource } from './source.ts';

const read = (source: MetricsSource) => readExposition(exposition(families(source)));
const allSeries = (source: MetricsSource) =>
  [...read(source).values()].flatMap(({ samples }) => samples.map(seriesOf)).sort();

function shown(source: MetricsSource, name: string, labels: Record<string, string> = {}): number | undefined {
  const samples = [...read(source).values()].flatMap((family) => family.samples);
  return samples.find((sample) => seriesOf(sample) === seriesOf({ name, labels, value: 0 }))?.value;
}

const quiet = metricsSource();
const latency = { count: 2, p50Ms: 10, p95Ms: 20, p99Ms: 30 };
const tally: ShadowTally = {
  ...{ rollout: 'ranker', shadow: 'candidate', pairs: 4, unreferenced: 1, sameStatus: 3 },
  ...{ sameBody: 1, bodiesCompared: 2 },
  outputs: [
    { name: 'score', same: 1, compared: 2 },
    { name: 'label', same: 2, compared: 2 },
  ],
  referenceLatency: latency,
  candidateLatency: { ...latency, count: 0 },
};

test('before anything happened every counter is there, at 0', () => {
  const counters = [...read(quiet).values()].filter(
    ({ name, type }) => type === 'counter' && !name.startsWith('process_'),
  );
  expect(counters.length).toBeGreaterThan(20);
  for (const { name, samples } of counters) {
    expect(samples.length, name).toBeGreaterThan(0);
    if (name !== 'understudy_thread_restarts_total')
      expect(new Set(samples.map(({ value }) => value)), name).toEqual(new Set([0]));
  }
});

test('every name has our prefix or is one that all processes have, and counters end in _total', () => {
  for (const { name, type } of read(quiet).values()) {
    expect(name).toMatch(/^(understudy|process)_[a-z_]+$/);
    expect(name.endsWith('_total'), name).toBe(type === 'counter');
  }
});

test('whatever the threads report, the set of series is what configuration and threads name', () => {
  const name = fc.oneof(fc.string(), fc.constantFrom('ranker', 'candidate', '__proto__', 'constructor'));
  const decision = fc.record({ rollout: name, arm: name, reason: name, count: fc.nat() });
  const stray = fc.record({ rollout: name, shadow: name, output: name }).map(({ output, ...of }) => ({
    ...tally,
    ...of,
    outputs: [{ name: output, same: 1, compared: 1 }],
  }));
  const counters = fc.dictionary(name, fc.nat());
  const expected = allSeries(quiet);
  fc.assert(
    fc.property(fc.array(decision), fc.array(stray), counters, (decisions, tallies, counted) => {
      const source = metricsSource({ decisions: decisions as DecisionCount[], tallies, counters: counted });
      expect(allSeries(source)).toEqual(expected);
    }),
  );
});

test('decisions are told apart by rollout, arm and reason', () => {
  const decisions = [{ rollout: 'ranker', arm: 'canary', reason: 'rule', count: 3 }] as const;
  const labels = { rollout: 'ranker', arm: 'canary', reason: 'rule' };
  expect(shown(metricsSource({ decisions }), 'understudy_decisions_total', labels)).toBe(3);
  expect(shown(metricsSource({ decisions }), 'understudy_decisions_total', { ...labels, reason: 'hash' })).toBe(0);
});

test('pairs and what they agree on are summed over outputs, whose names are the models own', () => {
  const source = metricsSource({ tallies: [tally] });
  const of = { rollout: 'ranker', shadow: 'candidate' };
  expect(shown(source, 'understudy_pairs_total', of)).toBe(4);
  expect(shown(source, 'understudy_pairs_unreferenced_total', of)).toBe(1);
  const shares = ['status', 'body', 'output'].map((what) => [
    shown(source, 'understudy_comparisons_same_total', { ...of, what }),
    shown(source, 'understudy_comparisons_total', { ...of, what }),
  ]);
  expect(shares).toEqual([
    [3, 4],
    [1, 2],
    [3, 4],
  ]);
});

test('a latency is in seconds, and no number where nothing was measured', () => {
  const source = metricsSource({ tallies: [tally] });
  const of = { rollout: 'ranker', shadow: 'candidate', quantile: '0.95' };
  expect(shown(source, 'understudy_pair_latency_seconds', { ...of, side: 'reference' })).toBe(0.02);
  expect(shown(source, 'understudy_pair_latency_seconds', { ...of, side: 'candidate' })).toBeNaN();
});

test('decision times are a histogram whose buckets hold all that is faster', () => {
  const counts = [1, 0, 2, ...Array(10).fill(0), 4];
  const source = { ...quiet, vitals: { ...quiet.vitals, decisionTimes: () => ({ counts, sumSeconds: 0.5 }) } };
  const bucket = (le: string) => shown(source, 'understudy_decision_seconds_bucket', { le });
  expect(['0.000005', '0.00001', '0.000025', '0.05', '+Inf'].map(bucket)).toEqual([1, 1, 3, 3, 7]);
  expect(shown(source, 'understudy_decision_seconds_count')).toBe(7);
  expect(shown(source, 'understudy_decision_seconds_sum')).toBe(0.5);
});

test('a thread that is behind or down is seen beside the revision control has published', () => {
  const of = (thread: string) =>
    ['understudy_snapshot_revision', 'understudy_thread_up', 'understudy_thread_restarts_total'].map((name) =>
      shown(quiet, name, { thread }),
    );
  expect(of('control')).toEqual([7, undefined, undefined]);
  expect(of('decide-0')).toEqual([7, 1, 0]);
  expect(of('observe')).toEqual([0, 0, 2]);
});
