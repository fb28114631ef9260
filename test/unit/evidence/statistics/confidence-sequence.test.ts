import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  alwaysValidP,
  boundaryOneSided,
  boundaryOneSidedClosed,
  boundaryTwoSided,
  lnEvidenceOneSided,
  lnEvidenceTwoSided,
  meansDifference,
  multiplierOneSided,
  multiplierTwoSided,
  sequenceOf,
  tuneOneSided,
  tuneTwoSided,
} from '../../../../src/evidence/statistics/confidence-sequence.ts';
import { expectAllRelative, expectRelative } from './relative.ts';

const TIMES = [100, 1000, 10_000];

describe('known answers of research/statistics.md 3.1', () => {
  test('the two-sided boundary, tuned to V* = 1,000', () => {
    const rho = tuneTwoSided(1000, 0.05);
    expectRelative(rho, 126.0056097925634);
    const boundaries = TIMES.map((variance) => boundaryTwoSided(variance, 0.05, rho));
    expectAllRelative(boundaries, [38.55054633530311, 95.98173584209047, 324.17231454054377]);
  });

  test.each([
    [0.05, 158.0063490685053, [36.343050899735424, 87.47084159966008, 298.49977235811474]],
    [0.01, 99.98473725907304, [41.279858234730675, 106.04554614547453, 354.4589734792246]],
  ])('the one-sided boundary at alpha %s is where the mixture is 1/alpha', (alpha, expectedRho, expected) => {
    const rho = tuneOneSided(1000, alpha);
    expectRelative(rho, expectedRho);
    const boundaries = TIMES.map((variance) => boundaryOneSided(variance, alpha, rho));
    expectAllRelative(boundaries, expected);
    expectRelative(Math.exp(lnEvidenceOneSided(boundaries[1] ?? 0, 1000, rho)), 1 / alpha);
  });

  test('the closed one-sided form is above the exact one by less than 0.3 % at alpha .01', () => {
    const rho = tuneOneSided(1000, 0.01);
    expectRelative(boundaryOneSidedClosed(1000, 0.01, rho) / Math.sqrt(1000), 3.3551985926328585);
    for (const variance of TIMES) {
      const share = boundaryOneSidedClosed(variance, 0.01, rho) / boundaryOneSided(variance, 0.01, rho);
      expect(share).toBeGreaterThanOrEqual(1);
      expect(share).toBeLessThan(1.003);
    }
  });

  test('mSPRT is the two-sided mixture of S/V with rho = 1/tau^2', () => {
    const [variance, tau2, d] = [0.095, 1e-4, 0.006];
    const likelihood = (n: number) => Math.exp(lnEvidenceTwoSided((n * d) / variance, n / variance, 1 / tau2));
    expectAllRelative([10_000, 50_000].map(likelihood), [1.6620252770568358, 1489.1658576507498]);
    expectAllRelative(
      [10_000, 50_000].map((n) => 1 / likelihood(n)),
      [0.6016755664335202, 0.0006715168729274798],
    );
  });

  test("rho of GrowthBook's form is 0.03984 at N* = 5,000", () => {
    expectRelative(Math.sqrt(1 / tuneTwoSided(5000, 0.05)), 0.03984006677137368);
  });

  test('multipliers of the count clock, N* = 5,000', () => {
    const clock = [500, 5000, 50_000];
    const two = (alpha: number) => clock.map((n) => multiplierTwoSided(n, alpha, 5000));
    const one = (alpha: number) => clock.map((n) => multiplierOneSided(n, alpha, 5000));
    expectAllRelative(two(0.05), [3.855054633530311, 3.0352089903762534, 3.2417231454054374]);
    expectAllRelative(two(0.01), [4.316013747714238, 3.5716299708704495, 3.7533892043524566]);
    expectAllRelative(one(0.05), [3.6790700097861126, 2.7790942353135217, 2.988692421283846]);
    expectAllRelative(one(0.01), [4.133933347065522, 3.3551985926328585, 3.5450962600005864]);
  });

  test('two means: 0.01 with (-0.002044, 0.022044), always-valid p 0.178', () => {
    const candidate = { count: 6000, mean: 0.52, variance: 0.09 };
    const reference = { count: 114_000, mean: 0.51, variance: 0.085 };
    const found = meansDifference(candidate, reference, 0.05, 120_000);
    expectAllRelative(
      [found.estimate, found.standardError, found.lower, found.upper, found.z, found.p],
      [0.01, 0.003968074348482865, -0.0020439349369965783, 0.022043934936996586, 2.52011407090277, 0.1781584431852704],
    );
    const oneSided = found.estimate - multiplierOneSided(120_000, 0.01, 120_000) * found.standardError;
    expectRelative(oneSided, -0.0033136774694922464);
  });
});

const alphas = fc.tuple(
  fc.double({ min: 1e-8, max: 0.05, noNaN: true }),
  fc.double({ min: 0.01, max: 1, noNaN: true }),
);
const ROUNDING = 1 - 1e-12;
const counts = fc.double({ min: 1, max: 1e9, noNaN: true });

describe('properties', () => {
  test('the smaller alpha, the wider', () => {
    fc.assert(
      fc.property(alphas, counts, counts, ([alpha, share], n, planned) => {
        const least = alpha * share;
        expect(multiplierTwoSided(n, least, planned)).toBeGreaterThanOrEqual(
          multiplierTwoSided(n, alpha, planned) * ROUNDING,
        );
        expect(multiplierOneSided(n, least, planned)).toBeGreaterThanOrEqual(
          multiplierOneSided(n, alpha, planned) * ROUNDING,
        );
      }),
    );
  });

  test('the always-valid p is at most alpha exactly where the interval excludes 0', () => {
    fc.assert(
      fc.property(alphas, counts, counts, fc.double({ min: -20, max: 20, noNaN: true }), ([alpha], n, planned, z) => {
        const sequence = sequenceOf(z, 1, n, alpha, planned);
        fc.pre(Math.abs(sequence.lower) > 1e-9 && Math.abs(sequence.upper) > 1e-9);
        expect(sequence.p <= alpha).toBe(sequence.lower > 0 || sequence.upper < 0);
      }),
    );
  });

  test('no spread is no knowledge: an infinite interval', () => {
    expect(sequenceOf(0, 0, 100, 0.05, 100)).toMatchObject({ lower: -Infinity, upper: Infinity, p: 1 });
  });

  test('outside the domain it says what was expected and found', () => {
    expect(() => tuneTwoSided(0, 0.05)).toThrow(
      new RangeError('planned variance: expected a finite number above 0, found 0'),
    );
    expect(() => boundaryOneSidedClosed(1, 0.6, 1)).toThrow(
      'alpha: expected a share above 0 and below 0.5 (one side), found 0.6',
    );
    expect(() => tuneOneSided(1, 0.5)).toThrow(RangeError);
    expect(() => boundaryTwoSided(-1, 0.05, 1)).toThrow('variance: expected a finite number of 0 or more, found -1');
    expect(() => alwaysValidP(1, Number.NaN, 0.05, 100)).toThrow(RangeError);
  });
});
