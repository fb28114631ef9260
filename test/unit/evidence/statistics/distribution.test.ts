import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { add, binsOf, newSketch } from '../../../../src/evidence/sketch.ts';
import {
  chiSquareOfPair,
  jensenShannon,
  mannWhitney,
  type Point,
  relativeWasserstein,
  wasserstein,
} from '../../../../src/evidence/statistics/distribution.ts';
import { expectRelative } from './relative.ts';

function pointsOf(values: readonly number[]): Point[] {
  return values.map((value) => ({ value, count: 1 }));
}

function histogram(counts: readonly number[]): Point[] {
  return counts.map((count, at) => ({ value: 5 + 10 * at, count }));
}

const A = [0.12, 0.35, 0.41, 0.55, 0.58, 0.62, 0.7, 0.81];
const B = [0.2, 0.33, 0.48, 0.66, 0.73, 0.75, 0.88, 0.9, 0.95, 0.97];
const E = histogram([100, 200, 400, 200, 100]);
const O = histogram([80, 180, 380, 240, 120]);

describe('known answers of statistics 4', () => {
  test('Wasserstein-1 of values and of histograms', () => {
    expectRelative(wasserstein(pointsOf(A), pointsOf(B)), 0.1705);
    expectRelative(wasserstein(E, O), 1.4);
  });

  test('Jensen-Shannon', () => {
    expectRelative(jensenShannon(E, O)?.bits, 0.003337998066904363);
    expectRelative(jensenShannon(E, O)?.distance, 0.05777541057322192);
  });

  test('Mann-Whitney of values, with continuity', () => {
    // The script counts pairs with the first above the second: 80 - 23.
    expectRelative(mannWhitney(pointsOf(A), pointsOf(B))?.u, 57);
    expectRelative(mannWhitney(pointsOf(A), pointsOf(B))?.p, 0.14263099578978738);
  });

  test('Mann-Whitney with ties', () => {
    const found = mannWhitney(pointsOf([1, 2, 2, 3, 4, 5, 5, 6]), pointsOf([2, 3, 3, 5, 6, 7, 8, 8, 9]));
    expectRelative(found?.u, 72 - 17.5);
    expectRelative(found?.effect, 0.7569444444444444);
    expectRelative(found?.p, 0.08061946394852618);
  });

  test('Mann-Whitney of histograms', () => {
    const found = mannWhitney(E, O);
    expectRelative(found?.u, 536_000);
    expectRelative(found?.effect, 0.536);
    expectRelative(found?.z, 2.904736899417122);
    expectRelative(found?.p, 0.003675619283466649);
  });

  test('chi-square of two rows', () => {
    expectRelative(chiSquareOfPair(E, O)?.chiSquare, 9.242219768535557);
    expectRelative(chiSquareOfPair(E, O)?.p, 0.055322213985500066);
    expect(chiSquareOfPair(E, O)?.degrees).toBe(4);
  });
});

const anyValues = fc.array(fc.double({ min: 0.01, max: 1e4, noNaN: true }), { minLength: 1, maxLength: 60 });

describe('for any values', () => {
  test('the same ones are not apart', () => {
    fc.assert(
      fc.property(anyValues, (values) => {
        const points = pointsOf(values);
        expect(wasserstein(points, points)).toBe(0);
        expect(jensenShannon(points, points)?.bits).toBe(0);
        expect(mannWhitney(points, points)?.effect).toBeCloseTo(0.5, 12);
        expect(chiSquareOfPair(points, points)?.chiSquare).toBeCloseTo(0, 12);
      }),
    );
  });

  test('a shift is its own Wasserstein distance', () => {
    fc.assert(
      fc.property(anyValues, fc.integer({ min: 1, max: 100 }), (values, shift) => {
        const found = wasserstein(pointsOf(values), pointsOf(values.map((value) => value + shift)));
        expectRelative(found, shift, 1e-9);
      }),
    );
  });

  test('a sketch is off by alpha times both means at most', () => {
    fc.assert(
      fc.property(anyValues, anyValues, (left, right) => {
        const binned = (values: readonly number[]) => {
          const sketch = newSketch(0.01);
          for (const value of values) add(sketch, value);
          return binsOf(sketch);
        };
        const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
        const exact = wasserstein(pointsOf(left), pointsOf(right)) ?? Number.NaN;
        const found = wasserstein(binned(left), binned(right)) ?? Number.NaN;
        expect(Math.abs(found - exact)).toBeLessThanOrEqual(0.01 * (mean(left) + mean(right)) * (1 + 1e-9) + 1e-9);
      }),
    );
  });

  test('each order of the two gives the opposite effect and the same divergence', () => {
    fc.assert(
      fc.property(anyValues, anyValues, (left, right) => {
        const [one, other] = [pointsOf(left), pointsOf(right)];
        expect((mannWhitney(one, other)?.effect ?? 0) + (mannWhitney(other, one)?.effect ?? 0)).toBeCloseTo(1, 9);
        expect(jensenShannon(one, other)?.bits).toBeCloseTo(jensenShannon(other, one)?.bits ?? -1, 9);
      }),
    );
  });
});

test('nothing in common is one bit', () => {
  expect(jensenShannon(pointsOf([1, 2]), pointsOf([3]))).toEqual({ bits: 1, distance: 1 });
});

test('a shift of half the interquartile range is 0.5', () => {
  const values = [10, 20, 30, 40, 50];
  expectRelative(relativeWasserstein(pointsOf(values), pointsOf(values.map((value) => value + 10))), 0.5);
  expect(relativeWasserstein(pointsOf([3, 3, 3]), pointsOf([4]))).toBeUndefined();
});

test('values that are all equal are no difference', () => {
  expect(mannWhitney(pointsOf([3, 3, 3]), pointsOf([3, 3]))).toEqual({ u: 3, effect: 0.5, z: 0, p: 1 });
  expect(chiSquareOfPair(pointsOf([3, 3]), pointsOf([3]))).toEqual({ chiSquare: 0, degrees: 0, p: 1 });
});

test('without values on one side nothing is said', () => {
  for (const say of [wasserstein, relativeWasserstein, jensenShannon, mannWhitney, chiSquareOfPair]) {
    expect(say([], pointsOf([1]))).toBeUndefined();
    expect(say(pointsOf([1]), [{ value: 1, count: 0 }])).toBeUndefined();
  }
});

test('counts below 0 are refused', () => {
  expect(() => wasserstein([{ value: 1, count: -1 }], pointsOf([1]))).toThrow(
    'count: expected a finite number of 0 or more',
  );
});
