import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addOutput, emptyArm, emptyField, emptyPair, fieldKey } from '../../../src/evidence/merge.ts';
import { add, newSketch } from '../../../src/evidence/sketch.ts';
import type { Cell, CellKey } from '../../../src/evidence/sums.ts';
import { exposition } from '../../../src/metrics/exposition.ts';
import { families, type MetricsSource } from '../../../src/metrics/families.ts';
import type { RecorderStatus } from '../../../src/recording/recorder.ts';
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

const key = { rollout: 'ranker', release: 'r', weightBp: 0, arm: 'stable', shadow: 'candidate' } as const;
const all = { segment: '', segmentValue: '' };

function seenPairs(changes: Partial<CellKey> = {}): Cell {
  const pair = { ...emptyPair(), pairs: 4, unreferenced: 1, sameStatus: 3, sameBody: 1, bodiesCompared: 2 };
  addOutput(pair.outputs, 'score', 1, 2);
  addOutput(pair.outputs, 'label', 2, 2);
  for (let n = 0; n < 200; n++) add(pair.reference.latency, 20);
  const field = emptyField('score', 'number');
  pair.fields.set(fieldKey('score', 'number'), { ...field, pairs: 4, agreeing: 3, missingCandidate: { error: 1 } });
  return { key: { ...key, ...all, ...changes }, pair };
}

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
  const stray = fc.record({ rollout: name, shadow: name, segment: name, field: name }).map(({ field, ...of }): Cell => {
    const cell = seenPairs(of);
    if ('pair' in cell) cell.pair.fields.set(fieldKey(field, 'class'), emptyField(field, 'class'));
    return cell;
  });
  const counters = fc.dictionary(name, fc.nat());
  const expected = allSeries(quiet);
  fc.assert(
    fc.property(fc.array(decision), fc.array(stray), counters, (decisions, evidence, counted) => {
      const source = metricsSource({ decisions: decisions as DecisionCount[], evidence, counters: counted });
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
  const source = metricsSource({ evidence: [seenPairs()] });
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
  const source = metricsSource({ evidence: [seenPairs()] });
  const of = { rollout: 'ranker', shadow: 'candidate', quantile: '0.95' };
  expect(shown(source, 'understudy_pair_latency_seconds', { ...of, side: 'reference' })).toBeCloseTo(0.02, 3);
  expect(shown(source, 'understudy_pair_latency_seconds', { ...of, side: 'candidate' })).toBeNaN();
});

test('a field is shown as it is configured, with what agrees and what is missing on which side', () => {
  const source = metricsSource({ evidence: [seenPairs()] });
  const of = { rollout: 'ranker', shadow: 'candidate', field: 'score' };
  expect(shown(source, 'understudy_field_pairs_total', of)).toBe(4);
  expect(shown(source, 'understudy_field_agreeing_total', of)).toBe(3);
  expect(shown(source, 'understudy_field_missing_total', { ...of, side: 'candidate' })).toBe(1);
  expect(shown(source, 'understudy_field_missing_total', { ...of, side: 'reference' })).toBe(0);
  expect(shown(source, 'understudy_field_noise_ratio', of)).toBeNaN();
});

test('what is measured of a field has a series for each measure its kind has, and an amount may be negative', () => {
  const cell = seenPairs();
  if (!('pair' in cell)) throw new Error('a pair');
  const field = { ...emptyField('score', 'number'), pairs: 2, flippedAmount: -12.5 };
  const difference = newSketch(0.01);
  for (const value of [1, 4]) add(difference, value);
  field.measures.set('difference', difference);
  cell.pair.fields.set(fieldKey('score', 'number'), field);
  const source = metricsSource({ evidence: [cell] });
  const of = { rollout: 'ranker', shadow: 'candidate', field: 'score' };
  expect(shown(source, 'understudy_field_measure_mean', { ...of, measure: 'difference' })).toBe(2.5);
  expect(shown(source, 'understudy_field_measure_mean', { ...of, measure: 'ratio' })).toBeNaN();
  expect(shown(source, 'understudy_field_measure_mean', { ...of, measure: 'overlap' })).toBeUndefined();
  expect(shown(source, 'understudy_field_flipped_amount', of)).toBe(-12.5);
});

test('a difference of latencies keeps its sign', () => {
  const cell = seenPairs();
  if (!('pair' in cell)) throw new Error('a pair');
  for (let n = 0; n < 200; n++) add(cell.pair.latencyDifference, -20);
  const of = { rollout: 'ranker', shadow: 'candidate' };
  const source = metricsSource({ evidence: [cell] });
  expect(shown(source, 'understudy_pair_latency_difference_seconds', { ...of, quantile: '0.5' })).toBeCloseTo(-0.02, 3);
  expect(shown(source, 'understudy_pair_latency_difference_seconds_count', of)).toBe(200);
});

test('a recording that fails is seen, and one that is not wanted has no series', () => {
  const of = (recorder: RecorderStatus | undefined) =>
    ['failing', 'disk_bytes', 'oldest_timestamp_seconds'].map((name) =>
      shown(metricsSource({ recorder }), `understudy_recording_${name}`),
    );
  expect(of({ bytesOnDisk: 7, oldestMs: 5_000, lastError: 'ENOSPC: no space left on device' })).toEqual([1, 7, 5]);
  expect(of({ bytesOnDisk: 0, oldestMs: undefined, lastError: undefined })).toEqual([0, 0, Number.NaN]);
  expect(of(undefined)).toEqual([undefined, undefined, undefined]);
});

test('a scrape looks at the evidence once', () => {
  const source = metricsSource({ evidence: [seenPairs()] });
  let asked = 0;
  const evidence = () => {
    asked++;
    return source.observations.evidence();
  };
  families({ ...source, observations: { ...source.observations, evidence } });
  expect(asked).toBe(1);
});

test('an arm is shown with its requests and its errors by kind', () => {
  const missing = new Map([['score', { error: 2, 'no-field': 1 }]]);
  const arm = { ...emptyArm(), requests: 10, errors: { timeout: 2 }, missing };
  const source = metricsSource({ evidence: [{ key: { ...key, ...all, shadow: '', arm: 'canary' }, arm }] });
  const of = { rollout: 'ranker', arm: 'canary' };
  expect(shown(source, 'understudy_arm_requests_total', of)).toBe(10);
  expect(shown(source, 'understudy_arm_errors_total', { ...of, kind: 'timeout' })).toBe(2);
  expect(shown(source, 'understudy_arm_field_missing_total', { ...of, field: 'score' })).toBe(3);
  expect(shown(source, 'understudy_arm_errors_total', { rollout: 'ranker', arm: 'stable', kind: 'timeout' })).toBe(0);
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
