import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  HARM_BY_DECREASE,
  HARM_BY_INCREASE,
  lnSplitEvidence,
  lnSplitFactor,
  newSplit,
  type Split,
  stepSplit,
} from '../../../../src/evidence/statistics/split.ts';
import { evidence, lnEvidence } from '../../../../src/evidence/statistics/start-mixture.ts';
import type { TwoArms } from '../../../../src/evidence/statistics/two-arms.ts';
import { type Branch, binomial, choose, meanOver, reread } from './enumerate.ts';
import { expectAllRelative, expectRelative } from './relative.ts';

function block(canary: number, stable: number, canaryEvents: number, stableEvents: number): TwoArms {
  return { canary, stable, canaryEvents, stableEvents };
}

const SIX = [
  [0, 1],
  [0, 1],
  [1, 0],
  [1, 1],
  [2, 1],
  [1, 1],
] as const;

describe('known answers of statistics 3.2 and 3.3', () => {
  const found = block(6000, 114_000, 18, 120);

  test('logarithms for each relative risk', () => {
    expectAllRelative(
      HARM_BY_INCREASE.map((ratio) => lnSplitFactor(found, ratio)),
      [
        1.0273025079544713, 2.3022761638548945, 3.890791408475704, 5.743606594697392, 6.622216383029134,
        3.8095075862480705, -9.829239113789825,
      ],
    );
  });

  test('18 of 6,000 against 120 of 114,000 is an e-value of 167', () => {
    expectRelative(Math.exp(lnSplitEvidence(found, HARM_BY_INCREASE)), 167.23796185682386);
    expectRelative(evidence(stepSplit(newSplit(0, HARM_BY_INCREASE), found).mixture), 167.23796185682386);
  });

  test('the recursion over six blocks', () => {
    let state = newSplit(100, HARM_BY_INCREASE);
    const values = SIX.map(([canary, stable]) => {
      state = stepSplit(state, block(50, 950, canary, stable));
      return evidence(state.mixture);
    });
    expectAllRelative(
      values,
      [
        0.9525840580803825, 0.914466489655231, 1.508711430983619, 3.3851102394949333, 53.82400769850985,
        229.59092491618205,
      ],
    );
  });

  test('fewer clicks, and fewer by more than 2 %', () => {
    const clicks = block(100_000, 1_900_000, 4700, 95_000);
    expectRelative(Math.exp(lnSplitEvidence(clicks, HARM_BY_DECREASE)), 1010.2373939196708);
    expectRelative(Math.exp(lnSplitEvidence(clicks, [0.95, 0.9, 0.8, 0.5], 0.98)), 10.172066227844006);
  });

  test('drawn without replacement its mean is at most 0.999979', () => {
    const means = [
      [50, 950, 10],
      [300, 5700, 60],
      [5, 5, 6],
      [100, 100, 150],
    ].flatMap(([canary = 0, stable = 0, events = 0]) =>
      [1.1, 1.5, 2, 3, 5, 10, 0.9, 0.5].map((ratio) => {
        let mean = 0;
        for (let k = Math.max(0, events - stable); k <= Math.min(events, canary); k++) {
          const chance = (choose(canary, k) * choose(stable, events - k)) / choose(canary + stable, events);
          mean += chance * Math.exp(lnSplitFactor(block(canary, stable, k, events - k), ratio));
        }
        return mean;
      }),
    );
    expectRelative(Math.max(...means), 0.9999788262465065);
  });
});

function branches(canary: number, stable: number, events: number, rate: number): Branch<Split>[] {
  const share = (canary * rate) / (canary * rate + stable);
  return Array.from({ length: events + 1 }, (_, k) => ({
    probability: binomial(k, events, share),
    next: (state: Split) => stepSplit(state, block(canary, stable, k, events - k)),
  }));
}

describe('the split e-process', () => {
  test('has the mean 1 where both arms are alike, whatever the weights', () => {
    const blocks = [branches(10, 90, 5, 1), branches(50, 50, 8, 1), branches(5, 95, 3, 1)];
    const mean = (ratios: number[]) => meanOver(newSplit(2, ratios), blocks, ({ mixture }) => evidence(mixture));
    expectRelative(mean(HARM_BY_INCREASE), 1, 1e-12);
    expectRelative(mean(HARM_BY_DECREASE), 1, 1e-12);
  });

  test('has a mean below 1 where the canary is better than the margin', () => {
    const blocks = [branches(10, 90, 5, 1.1), branches(50, 50, 8, 1.1)];
    const mean = meanOver(newSplit(2, [1.5, 2, 3], 1.2), blocks, ({ mixture }) => evidence(mixture));
    expect(mean).toBeLessThan(1);
  });

  test('takes a block without events for nothing, exactly', () => {
    const { mixture } = stepSplit(newSplit(0, HARM_BY_DECREASE), block(100, 900, 0, 0));
    expect(lnEvidence(mixture)).toBe(lnEvidence(newSplit(0, HARM_BY_DECREASE).mixture));
    expect(lnSplitFactor(block(100, 900, 0, 0), 3)).toBe(0);
  });

  test('skips a block without one of the arms', () => {
    const state = newSplit(100, HARM_BY_INCREASE);
    expect(stepSplit(state, block(0, 900, 0, 5))).toBe(state);
    expect(stepSplit(state, block(900, 0, 5, 0))).toBe(state);
  });

  test('gives the same bits after a restart in the middle of any history', () => {
    const counts = fc.array(fc.tuple(fc.nat(100), fc.nat(1000), fc.nat(20), fc.nat(50)), { maxLength: 30 });
    fc.assert(
      fc.property(counts, fc.nat(30), (blocks, at) => {
        const run = (start: Split, part: typeof blocks) =>
          part.reduce((state, [canary, stable, k, other]) => stepSplit(state, block(canary, stable, k, other)), start);
        const fresh = newSplit(20, HARM_BY_INCREASE);
        expect(run(reread(run(fresh, blocks.slice(0, at))), blocks.slice(at))).toStrictEqual(run(fresh, blocks));
      }),
    );
  });

  test('grows with the canary’s part of the events', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(39), (events, fewer) => {
        const less = Math.min(fewer, events - 1);
        const of = (k: number) => lnSplitEvidence(block(50, 950, k, events - k), HARM_BY_INCREASE);
        expect(of(less + 1)).toBeGreaterThan(of(less));
      }),
    );
  });

  test('refuses alternatives on both sides of the margin, and ratios not above 0', () => {
    expect(() => newSplit(10, [0.9, 1.1])).toThrow('expected all above or all below the margin 1, found 0.9, 1.1');
    expect(() => newSplit(10, [0, 0.5])).toThrow(RangeError);
    expect(() => newSplit(10, [])).toThrow(RangeError);
    expect(() => lnSplitFactor(block(1, 1, Number.NaN, 1), 2)).toThrow(
      'canaryEvents: expected a finite number of 0 or more',
    );
  });
});
