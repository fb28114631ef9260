import { expect, test } from 'vitest';
import type { Verdict } from '../../../src/guards/verdict.ts';
import { NO_VERDICTS } from '../../../src/judging/verdicts.ts';
import { verdictFamilies } from '../../../src/metrics/verdict-families.ts';
import { metricsSource } from './source.ts';

const views = metricsSource().controller.views();
const labels = { rollout: 'ranker', guard: 'p95' };

const verdict: Verdict = {
  guard: 'p95',
  metric: 'latency',
  status: 'pass',
  subject: 'users',
  segment: '',
  value: 41,
  lower: undefined,
  upper: undefined,
  threshold: 50,
  unit: 'ms',
  n: 900,
  eValue: 0.5,
  windowMs: 60_000,
  sinceMs: 0,
  needs: undefined,
  action: 'rollback',
  dryRun: false,
  sentence: '',
};

const shown = (verdicts: readonly Verdict[]) =>
  Object.fromEntries(
    verdictFamilies(views, { ...NO_VERDICTS, list: () => verdicts }).map(({ name, samples }) => [name, samples]),
  );

test('each status of a guard is a series, and one of them is 1', () => {
  expect(shown([verdict]).understudy_guard_status).toEqual(
    ['pass', 'fail', 'hold', 'no-data', 'not-applicable'].map((status) => ({
      labels: { ...labels, status },
      value: status === 'pass' ? 1 : 0,
    })),
  );
});

test('value, threshold, e-value and n are as the verdict has them', () => {
  const families = shown([verdict]);
  const values = ['value', 'threshold', 'e_value', 'n'].map((name) => families[`understudy_guard_${name}`]);
  expect(values).toEqual([41, 50, 0.5, 900].map((value) => [{ labels, value }]));
});

test('of many segments the worst is shown', () => {
  const fail: Verdict = { ...verdict, status: 'fail', value: 70, segment: 'country=CO' };
  expect(shown([verdict, fail]).understudy_guard_value).toEqual([{ labels, value: 70 }]);
});

test('a guard of the configuration that was never judged holds, and a verdict on no guard of it adds no series', () => {
  for (const families of [shown([]), shown([{ ...verdict, guard: 'gone' }])]) {
    expect(families.understudy_guard_status?.filter(({ value }) => value === 1)).toEqual([
      { labels: { ...labels, status: 'hold' }, value: 1 },
    ]);
    expect(families.understudy_guard_n).toEqual([{ labels, value: Number.NaN }]);
  }
});
