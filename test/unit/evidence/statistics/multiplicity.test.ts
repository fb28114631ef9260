import { describe, expect, test } from 'vitest';
import {
  alphaBudget,
  benjaminiHochberg,
  benjaminiYekutieli,
  bonferroni,
  eBenjaminiHochberg,
  evidenceOfP,
  holm,
  meanEvidence,
  pOfEvidence,
} from '../../../../src/evidence/statistics/multiplicity.ts';
import { expectAllRelative, expectRelative } from './relative.ts';

const PS = [0.0001, 0.004, 0.019, 0.03, 0.041, 0.2, 0.5];
const EVIDENCE = [400, 120, 60, 25, 4, 0.8, 0.1];

describe('known answers of statistics 9', () => {
  test('adjusted p', () => {
    expectAllRelative(bonferroni(PS), [0.0007, 0.028, 0.133, 0.21, 0.287, 1, 1]);
    expectAllRelative(holm(PS), [0.0007, 0.024, 0.095, 0.12, 0.123, 0.4, 0.5]);
    expectAllRelative(benjaminiHochberg(PS), [0.0007, 0.014, 0.019 * (7 / 3), 0.0525, 0.0574, 0.7 / 3, 0.5]);
    expectAllRelative(benjaminiYekutieli(PS), [0.001815, 0.0363, 0.11495, 0.136125, 0.14883, 0.605, 1]);
  });

  test('e-BH rejects four at .1 and three at .05', () => {
    expect(eBenjaminiHochberg(EVIDENCE, 0.1)).toEqual([0, 1, 2, 3]);
    expect(eBenjaminiHochberg(EVIDENCE, 0.05)).toEqual([0, 1, 2]);
    expectRelative(meanEvidence(EVIDENCE), 87.12857142857142);
  });

  test('evidence of p and p of evidence', () => {
    expectRelative(evidenceOfP(0.0001), 50);
    expectRelative(evidenceOfP(0.01), 5);
    expectRelative(pOfEvidence(250), 0.004);
    expect(pOfEvidence(0.2)).toBe(1);
  });

  test('the default budget is .0455', () => {
    const guards = [0.01, 0.01, 0.005, 0.005, 0.01, 0.005, 0.0005].map((alpha, at) => ({ name: `guard ${at}`, alpha }));
    expectRelative(alphaBudget(guards), 0.0455);
  });
});

test('answers are in the order of the questions', () => {
  const mixed = [3, 0, 6, 1, 5, 2, 4];
  const take = (values: readonly number[]) => mixed.map((at) => values[at] ?? Number.NaN);
  for (const adjust of [holm, benjaminiHochberg, benjaminiYekutieli])
    expect(adjust(take(PS))).toEqual(take(adjust(PS)));
  expect(eBenjaminiHochberg(take(EVIDENCE), 0.1)).toEqual([0, 1, 3, 5]);
});

test('a larger p never has the smaller adjusted one', () => {
  expectAllRelative(holm([0.01, 0.011]), [0.02, 0.02]);
  expectAllRelative(benjaminiHochberg([0.011, 0.01]), [0.011, 0.011]);
});

test('e-BH counts evidence of exactly m / (k q), and the largest k decides', () => {
  expect(eBenjaminiHochberg([10], 0.1)).toEqual([0]);
  expect(eBenjaminiHochberg([15, 15, 1], 0.1)).toEqual([0, 1]);
  expect(eBenjaminiHochberg([9.99], 0.1)).toEqual([]);
  expect(eBenjaminiHochberg([], 0.1)).toEqual([]);
  expect(eBenjaminiHochberg([Infinity, 0], 0.05)).toEqual([0]);
});

test('evidence made of p has the mean 1 when p is uniform', () => {
  const steps = 100_000;
  let mean = 0;
  for (let i = 0; i < steps; i++) mean += evidenceOfP((i + 0.5) / steps) / steps;
  expect(mean).toBeGreaterThan(0.99);
  expect(mean).toBeLessThanOrEqual(1);
});

test('a budget above .10 is refused, naming the guards', () => {
  const guards = [
    { name: 'p95', alpha: 0.06 },
    { name: 'errors', alpha: 0.05 },
  ];
  expect(() => alphaBudget(guards)).toThrow(/up to 0\.11: expected .* at most 0\.1, found p95 0\.06, errors 0\.05/);
  expect(alphaBudget(new Array(10).fill({ name: 'one', alpha: 0.01 }))).toBeCloseTo(0.1, 12);
  expect(() => alphaBudget([{ name: 'p95', alpha: 0 }])).toThrow('alpha of guard p95');
});

test('what is no probability and no evidence is refused', () => {
  expect(() => holm([1.2])).toThrow('expected p-values of 0 to 1, found 1.2');
  expect(() => meanEvidence([-1])).toThrow(RangeError);
  expect(() => eBenjaminiHochberg([1], 0)).toThrow(RangeError);
});
