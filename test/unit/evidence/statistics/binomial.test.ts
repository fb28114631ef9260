import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ABOVE_RATE,
  BEYOND_QUANTILE,
  type Binomial,
  newBinomial,
  stepBinomial,
} from '../../../../src/evidence/statistics/binomial.ts';
import { evidence, lnEvidence } from '../../../../src/evidence/statistics/start-mixture.ts';
import { type Branch, binomial, meanOver, reread } from './enumerate.ts';
import { expectAllRelative, expectRelative } from './relative.ts';

describe('the one-sample binomial e-process', () => {
  test('known answer of statistics 3.8: p95 above its limit in four minutes', () => {
    let state = newBinomial(100, 0.05, BEYOND_QUANTILE);
    const values = [14, 22, 25, 27].map((over) => {
      state = stepBinomial(state, 300, over);
      return evidence(state.mixture);
    });
    expectAllRelative(values, [0.5596282435394614, 0.7041742189491871, 2.286895554947629, 45.90676068526146]);
  });

  test('bets on the shares of statistics 3.8', () => {
    expectAllRelative(newBinomial(1, 0.05, BEYOND_QUANTILE).alternatives, [0.06, 0.075, 0.1, 0.15, 0.25, 0.5]);
    expectAllRelative(newBinomial(1, 0.001, ABOVE_RATE).alternatives, [0.0015, 0.002, 0.003, 0.005, 0.01, 0.05]);
    expectAllRelative(newBinomial(1, 0.5, BEYOND_QUANTILE).alternatives, [0.6, 0.75]);
  });

  test.each([
    [0.1, 1],
    [0.05, 0],
  ])('at a true share of %d and a limit of 0.1 has a mean of at most 1', (share, exactly) => {
    const minute: Branch<Binomial>[] = Array.from({ length: 5 }, (_, events) => ({
      probability: binomial(events, 4, share),
      next: (state) => stepBinomial(state, 4, events),
    }));
    const start = newBinomial(2, 0.1, BEYOND_QUANTILE);
    const mean = meanOver(start, [minute, minute, minute], ({ mixture }) => evidence(mixture));
    if (exactly === 1) expectRelative(mean, 1, 1e-12);
    else expect(mean).toBeLessThan(1);
  });

  test('no events of many are evidence of health, no requests are none', () => {
    const start = newBinomial(100, 0.001, ABOVE_RATE);
    expect(evidence(stepBinomial(start, 5000, 0).mixture)).toBeLessThan(0.6);
    expect(stepBinomial(start, 0, 0)).toBe(start);
  });

  test('the more events, the more evidence', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 100 }), (exposures, of) => {
        const events = Math.min(exposures, of);
        const at = (k: number) =>
          lnEvidence(stepBinomial(newBinomial(10, 0.05, BEYOND_QUANTILE), exposures, k).mixture);
        expect(at(events)).toBeGreaterThan(at(events - 1));
      }),
    );
  });

  test('a restart in the middle of any history gives the same bits', () => {
    const minutes = fc.array(fc.tuple(fc.nat(2000), fc.double({ min: 0, max: 1, noNaN: true })), { maxLength: 30 });
    fc.assert(
      fc.property(minutes, fc.nat(30), (all, at) => {
        const run = (start: Binomial, part: typeof all) =>
          part.reduce((state, [n, share]) => stepBinomial(state, n, Math.floor(n * share)), start);
        const fresh = newBinomial(20, 0.05, BEYOND_QUANTILE);
        expect(run(reread(run(fresh, all.slice(0, at))), all.slice(at))).toStrictEqual(run(fresh, all));
      }),
    );
  });

  test('what cannot be is refused with a sentence', () => {
    const state = newBinomial(10, 0.05, BEYOND_QUANTILE);
    expect(() => stepBinomial(state, 10, 11)).toThrow('events: expected a number of 0 to 10, found 11');
    expect(() => newBinomial(10, 0, [2])).toThrow(RangeError);
    expect(() => newBinomial(10, 0.05, [0.5])).toThrow('expected all above 1, found 0.5');
    expect(() => newBinomial(10, 0.9, [2])).toThrow(RangeError);
  });
});
