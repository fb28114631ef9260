import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { GuardSpec } from '../../../src/guards/spec.ts';
import { effectOf } from '../../../src/plan/effect.ts';
import { ASSUMED_TRAFFIC } from '../../../src/plan/traffic.ts';
import { guardOf } from '../guards/stage.ts';

const outcome = { metric: 'outcome', outcome: 'click', of: 'ratio', attributionMs: 0 } as const;
const latency = { metric: 'latency', quantile: 0.95 } as const;
const agreement = { metric: 'pair.agreement', field: 'label', net: false } as const;

test.each<[string, Pick<GuardSpec, 'what' | 'threshold'>, number, number]>([
  [
    'a limit of errors: twice as many',
    { what: { metric: 'error-rate' }, threshold: { kind: 'max', value: 0.01 } },
    0.01,
    0.02,
  ],
  [
    'a limit of p95: twice as many that are slower',
    { what: latency, threshold: { kind: 'max', value: 50 } },
    0.05,
    0.1,
  ],
  [
    'errors in points over stable',
    { what: { metric: 'error-rate' }, threshold: { kind: 'above-stable', points: 0.002 } },
    ...([0.001, 0.003] as const),
  ],
  [
    'errors relative to stable',
    { what: { metric: 'error-rate' }, threshold: { kind: 'above-stable', relative: 1 } },
    ...([0.001, 0.002] as const),
  ],
  ['a drop of clicks', { what: outcome, threshold: { kind: 'below-stable', relative: 0.02 } }, 0.05, 0.049],
  ['a rise of refunds', { what: outcome, threshold: { kind: 'above-stable', relative: 0.02 } }, 0.05, 0.051],
  // of a lognormal with sigma 0.5 that is slower by 20 %: 1 - Phi(1.644854 - ln(1.2) / 0.5) = 0.100236
  ['p95 20 % slower', { what: latency, threshold: { kind: 'above-stable', relative: 0.2 } }, 0.05, 0.1002355547],
  ['agreement: twice as many that disagree', { what: agreement, threshold: { kind: 'min', value: 0.98 } }, 0.02, 0.04],
  ['a split that is off by 5 %', { what: { metric: 'srm' }, threshold: { kind: 'max', value: 0 } }, 0.05, 0.0525],
])('%s', (_, guard, good, bad) => {
  const effect = effectOf(guardOf(guard), 0.05, ASSUMED_TRAFFIC);
  expect(effect?.good).toBeCloseTo(good, 9);
  expect(effect?.bad).toBeCloseTo(bad, 6);
});

test('of what varies in a way that is not known yet nothing is said', () => {
  const difference = { metric: 'pair.difference', field: 'score', measure: 'difference' } as const;
  expect(effectOf(guardOf({ what: difference }), 0, ASSUMED_TRAFFIC)).toBeUndefined();
  expect(effectOf(guardOf({ what: { metric: 'srm' } }), 1, ASSUMED_TRAFFIC)).toBeUndefined();
});

test('whatever the threshold, the two shares are not the same', () => {
  const what = fc.constantFrom<GuardSpec['what']>({ metric: 'error-rate' }, outcome, agreement, latency);
  const amount = fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true }));
  const kinds = ['value', 'relative', 'points'] as const;
  fc.assert(
    fc.property(what, amount, fc.constantFrom(...kinds), fc.boolean(), amount, (metric, size, key, down, errorRate) => {
      const kind = key === 'value' ? (down ? 'min' : 'max') : down ? 'below-stable' : 'above-stable';
      const guard = guardOf({ what: metric, threshold: { kind, [key]: size } as GuardSpec['threshold'] });
      const effect = effectOf(guard, 0.05, { ...ASSUMED_TRAFFIC, errorRate, outcomeRate: errorRate });
      if (effect === undefined) return;
      for (const share of [effect.good, effect.bad]) expect(share > 0 && share < 1).toBe(true);
      expect(effect.good).not.toBe(effect.bad);
    }),
  );
});

test('a stable version without a single error leaves shares that can be computed with', () => {
  const guard = guardOf({ threshold: { kind: 'above-stable', relative: 0.5 } });
  const effect = effectOf(guard, 0.05, { ...ASSUMED_TRAFFIC, errorRate: 0 });
  expect(effect?.good).toBeGreaterThan(0);
  expect(effect?.bad).not.toBe(effect?.good);
});
