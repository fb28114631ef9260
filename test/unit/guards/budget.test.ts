import { expect, test } from 'vitest';
import { alphaBudgetOf, defaultAlpha } from '../../../src/guards/budget.ts';
import type { GuardMetric } from '../../../src/guards/spec.ts';
import { guardOf } from './stage.ts';

const METRICS: readonly GuardMetric[] = [
  { metric: 'error-rate' },
  { metric: 'latency', quantile: 0.95 },
  { metric: 'latency', quantile: 0.99 },
  { metric: 'feature-fetch', quantile: 0.99 },
  { metric: 'outcome', outcome: 'click', of: 'ratio', attributionMs: 0 },
  { metric: 'pair.difference', field: 'score', measure: 'difference' },
  { metric: 'srm' },
];

const guards = METRICS.map((what, at) =>
  guardOf({ name: `g${at}`, what, evidence: 'e-value', alpha: defaultAlpha(what) }),
);

test('the usual guards may err in 4.55 % together (statistics 9)', () => {
  const { sum, parts, fault } = alphaBudgetOf(guards);
  expect(sum).toBe(0.0455);
  expect(parts.map(({ alpha }) => alpha)).toEqual([0.01, 0.01, 0.01, 0.005, 0.005, 0.005, 0.0005]);
  expect(fault).toBeUndefined();
});

test('more than 10 % is refused with the list of parts', () => {
  const many = [0.05, 0.04, 0.02].map((alpha, at) => guardOf({ name: `g${at}`, evidence: 'e-value', alpha }));
  expect(alphaBudgetOf(many).fault).toBe(
    'guards: expected alphas that sum to at most 0.1, found g0 0.05 + g1 0.04 + g2 0.02 = 0.11: so often may a healthy release be stopped',
  );
  expect(alphaBudgetOf(many.slice(0, 2)).fault).toBeUndefined();
});

test('ten of 0.01 are 0.1, not more', () => {
  const ten = Array.from({ length: 10 }, (_, at) => guardOf({ name: `g${at}`, evidence: 'e-value', alpha: 0.01 }));
  expect(alphaBudgetOf(ten)).toMatchObject({ sum: 0.1, fault: undefined });
});

test('plain limits, dry runs, alerts and guards on each segment value count for nothing', () => {
  const free = [
    guardOf({ alpha: 0.4 }),
    guardOf({ alpha: 0.4, evidence: 'e-value', dryRun: true }),
    guardOf({ alpha: 0.4, evidence: 'e-value', action: 'alert' }),
    guardOf({ alpha: 0.4, evidence: 'e-value', action: 'pause', scope: { country: 'each' } }),
  ];
  expect(alphaBudgetOf(free)).toMatchObject({ sum: 0, parts: [] });
});
