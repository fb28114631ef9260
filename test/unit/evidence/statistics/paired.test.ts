import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addOutcome,
  hedgedInterval,
  lnCapital,
  newHedgedCapital,
} from '../../../../src/evidence/statistics/hedged-capital.ts';
import {
  addPair,
  differenceSequence,
  mergePaired,
  momentsOf,
  newPairedSums,
  type PairedSums,
  ratioOfMeans,
} from '../../../../src/evidence/statistics/paired.ts';
import { expectAllRelative, expectRelative, normalOf, randoms } from './relative.ts';

const OUTCOMES = [0.2, 0.4, 0.3, 0.6, 0.1, 0.3, 0.5, 0.2, 0.4, 0.3];

function sumsOf(pairs: readonly (readonly [number, number])[]): PairedSums {
  const sums = newPairedSums();
  for (const [reference, candidate] of pairs) addPair(sums, reference, candidate);
  return sums;
}

/** Candidate = reference * ratio, 70 % of the time with noise on top. */
function pairsOf(seed: number, count: number, ratio: number): readonly (readonly [number, number])[] {
  const random = randoms(seed);
  return Array.from({ length: count }, () => {
    const reference = Math.exp(0.8 * normalOf(random));
    const noise = random() < 0.3 ? 1 : Math.exp(-0.045 + 0.3 * normalOf(random));
    return [reference, reference * noise * ratio];
  });
}

describe('known answers of research/statistics.md 3.7', () => {
  test('the ratio of means 1.2 with (1.181916, 1.218361)', () => {
    const moments = {
      count: 2000,
      meanReference: 0.1,
      meanCandidate: 0.12,
      varianceReference: 0.05 ** 2,
      varianceCandidate: 0.06 ** 2,
      covariance: 0.9 * 0.05 * 0.06,
    };
    const found = ratioOfMeans(moments, 0.05, 2000);
    expectAllRelative(
      [found?.ratio, found?.lower, found?.upper, found?.halfWidth],
      [1.2, 1.1819160728366536, 1.2183606206013704, 0.06786933628399806],
    );
    expect(ratioOfMeans({ ...moments, meanReference: 0.003 }, 0.05, 2000)).toBeUndefined();
  });

  test.each([
    [
      0.3,
      [0.535714, 0.497449, 0.497449, 0.729167, 0.486111, 0.486111, 0.648148, 0.540123, 0.630144, 0.630144],
      [1.260288065843622, 0.7618454652641089],
    ],
    [
      0.5,
      [0.65, 0.715, 0.858, 0.7722, 1.08108, 1.297296, 1.297296, 1.686485, 1.855133, 2.22616],
      [0.134120448, 4.452319872],
    ],
    [
      0.8,
      [1.25, 2.5, 5.625, 8.4375, 23.203125, 52.207031, 91.362305, 228.405762, 456.811523, 1027.825928],
      [0.028553188894875348, 2055.6518554687514],
    ],
  ])('hedged capital against a mean of %s', (mean, printed, last) => {
    const state = newHedgedCapital(0.05, [mean]);
    for (const [index, outcome] of OUTCOMES.entries()) {
      addOutcome(state, outcome);
      expect(Math.exp(lnCapital(state, 0))).toBeCloseTo(printed[index] ?? 0, 6);
    }
    expectAllRelative([Math.exp(state.lnUp[0] ?? 0), Math.exp(state.lnDown[0] ?? 0)], last);
  });

  test('the same ten outcomes ten times: (0.289, 0.384)', () => {
    const state = newHedgedCapital(0.05);
    for (let round = 0; round < 10; round++) for (const outcome of OUTCOMES) addOutcome(state, outcome);
    const found = hedgedInterval(state);
    expectAllRelative([found?.lower, found?.upper, state.sum / state.count], [0.289, 0.384, 0.33]);
  });
});

const finite = fc.double({ min: -1e6, max: 1e6, noNaN: true });

describe('sums of pairs', () => {
  test('merged are those of one pass', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(finite, finite), { minLength: 2, maxLength: 60 }), fc.nat(60), (pairs, at) => {
        const merged = mergePaired(sumsOf(pairs.slice(0, at)), sumsOf(pairs.slice(at)));
        const once = sumsOf(pairs);
        const scale = 1 + pairs.reduce((sum, [b, c]) => sum + b * b + c * c, 0);
        expect(merged.count).toBe(once.count);
        for (const key of ['meanReference', 'meanCandidate'] as const) {
          expect(Math.abs(merged[key] - once[key])).toBeLessThan(1e-12 * Math.sqrt(scale));
        }
        for (const key of ['squaresReference', 'squaresCandidate', 'products'] as const) {
          expect(Math.abs(merged[key] - once[key])).toBeLessThan(1e-12 * scale);
        }
      }),
    );
  });

  test('are the textbook moments', () => {
    const moments = momentsOf(
      sumsOf([
        [10, 11],
        [12, 12],
        [9, 10],
        [15, 16],
        [20, 22],
        [18, 19],
        [7, 7],
        [11, 12],
        [14, 13],
        [16, 18],
      ]),
    );
    const variance =
      (moments?.varianceCandidate ?? 0) + (moments?.varianceReference ?? 0) - 2 * (moments?.covariance ?? 0);
    expectRelative((moments?.meanCandidate ?? 0) - (moments?.meanReference ?? 0), 0.8);
    expectRelative(Math.sqrt(variance), 0.9189365834726815);
  });

  test('JSON in the middle changes no bit', () => {
    const pairs = pairsOf(1, 500, 1.01);
    let saved = newPairedSums();
    for (const [index, [reference, candidate]] of pairs.entries()) {
      addPair(saved, reference, candidate);
      if (index % 37 === 0) saved = JSON.parse(JSON.stringify(saved));
    }
    expect(saved).toEqual(sumsOf(pairs));
  });
});

describe('the sequence of the difference', () => {
  test('says nothing before 100 pairs', () => {
    const pairs = pairsOf(2, 100, 1);
    expect(differenceSequence(sumsOf(pairs.slice(1)), 0.01)).toBeUndefined();
    expect(differenceSequence(sumsOf(pairs), 0.01)?.n).toBe(100);
  });

  test('holds 0 at every minute for a model that is alike, and finds 5 % within minutes', () => {
    const minutes = (seed: number, ratio: number) => {
      const sums = newPairedSums();
      const pairs = pairsOf(seed, 60 * 600, ratio);
      return Array.from({ length: 60 }, (_, minute) => {
        for (const [reference, candidate] of pairs.slice(minute * 600, (minute + 1) * 600))
          addPair(sums, reference, candidate);
        return differenceSequence(sums, 0.01);
      });
    };
    expect(minutes(3, 1).every((found) => found !== undefined && found.lower < 0 && found.upper > 0)).toBe(true);
    const late = minutes(4, 1.05).findIndex((found) => found !== undefined && found.lower > 0);
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThan(10);
    const allowed = differenceSequence(sumsOf(pairsOf(4, 6000, 1.05)), 0.01, { ratio: 1.05 });
    expect(allowed?.lower).toBeLessThan(0);
    expect(allowed?.upper).toBeGreaterThan(0);
  });

  test('of the same number each time is that number', () => {
    const same = (by: number) => sumsOf(Array.from({ length: 200 }, (_, index) => [index, index + by]));
    expect(differenceSequence(same(0), 0.01)).toMatchObject({ lower: 0, upper: 0, p: 1 });
    expect(differenceSequence(same(2), 0.01)).toMatchObject({ lower: 2, upper: 2, p: 0 });
  });

  test('and of the ratio change with no unit, and nest as alpha falls', () => {
    const pairs = pairsOf(5, 1000, 1.1);
    const bounds = (scale: number, alpha: number) => {
      const moments = momentsOf(sumsOf(pairs.map(([b, c]) => [b * scale, c * scale])));
      const found = moments && ratioOfMeans(moments, alpha);
      return [found?.lower ?? 0, found?.upper ?? 0] as const;
    };
    expectAllRelative(bounds(1000, 0.01), bounds(1, 0.01));
    expectAllRelative(bounds(-1, 0.01), bounds(1, 0.01));
    expect(bounds(1, 0.001)[0]).toBeLessThan(bounds(1, 0.01)[0]);
    expect(bounds(1, 0.001)[1]).toBeGreaterThan(bounds(1, 0.01)[1]);
  });

  test('refuses what is no number', () => {
    expect(() => addPair(newPairedSums(), 1, Number.NaN)).toThrow('candidate: expected a finite number, found NaN');
  });
});

describe('hedged capital', () => {
  test('takes outcomes of 0 to 1 only, 0 and 1 among them', () => {
    const state = newHedgedCapital(0.05, [0.25, 0.5]);
    expect(() => addOutcome(state, 1.01)).toThrow('outcome: expected a number of 0 to 1, found 1.01');
    for (let i = 0; i < 200; i++) addOutcome(state, 1);
    expect(hedgedInterval(state)).toBeUndefined();
    expect(lnCapital(state, 1)).toBeGreaterThan(10);
    expect(() => newHedgedCapital(0.05, [1])).toThrow(RangeError);
  });

  test('JSON in the middle changes no bit', () => {
    const random = randoms(9);
    let saved = newHedgedCapital(0.05, [0.2, 0.4, 0.6]);
    const through = newHedgedCapital(0.05, [0.2, 0.4, 0.6]);
    for (let i = 0; i < 300; i++) {
      const outcome = random();
      addOutcome(saved, outcome);
      addOutcome(through, outcome);
      if (i % 29 === 0) saved = JSON.parse(JSON.stringify(saved));
    }
    expect(saved).toEqual(through);
  });
});
