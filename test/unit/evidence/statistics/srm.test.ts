import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  goodnessOfFit,
  lnSrmEvidence,
  newSrm,
  planShares,
  type Srm,
  srmP,
  stepSrm,
} from '../../../../src/evidence/statistics/srm.ts';
import { type Branch, choose, meanOver, reread } from './enumerate.ts';
import { expectRelative } from './relative.ts';

const SHARES = [0.05, 0.95];

function lnOf(counts: readonly number[], shares: readonly number[] = SHARES, concentration?: number): number {
  return lnSrmEvidence(stepSrm(newSrm(shares, concentration), counts));
}

describe('known answers of statistics 8', () => {
  test.each([
    [
      [5200, 94_800],
      8.421052631578947,
      0.0037090099909748053,
      0.6646910615818342,
      2.568579339174903,
      0.07664435374658297,
    ],
    [
      [5400, 94_600],
      33.68421052631579,
      6.482473101505233e-9,
      12.909501771078794,
      13.739369907983928,
      1.0791143408948775e-6,
    ],
    [
      [50_700, 949_300],
      10.31578947368421,
      0.0013189686125793603,
      0.5062496176979039,
      2.7703826445213053,
      0.06263803205614554,
    ],
    [[500, 9500], 0, 1, -2.3240833580534854, -0.3466571428766656, 1],
  ])('%j of 5 %% and 95 %%', (counts, chiSquare, p, lnAt100, ln, sequentialP) => {
    expectRelative(goodnessOfFit(counts, SHARES).chiSquare, chiSquare);
    expectRelative(goodnessOfFit(counts, SHARES).p, p);
    expectRelative(lnOf(counts, SHARES, 100), lnAt100);
    expectRelative(lnOf(counts), ln);
    expectRelative(srmP(stepSrm(newSrm(SHARES), counts)), sequentialP);
  });

  test('three arms', () => {
    expectRelative(lnOf([520, 480, 9000], [0.05, 0.05, 0.9]), -0.293087532503705);
    expectRelative(goodnessOfFit([520, 480, 9000], [0.05, 0.05, 0.9]).chiSquare, 1.6);
    expectRelative(goodnessOfFit([520, 480, 9000], [0.05, 0.05, 0.9]).p, 0.4493289641172217);
  });
});

function multinomial(units: number, share: number): Branch<Srm>[] {
  return Array.from({ length: units + 1 }, (_, k) => ({
    probability: choose(units, k) * share ** k * (1 - share) ** (units - k),
    next: (state) => stepSrm(state, [k, units - k]),
  }));
}

describe('the sequential test', () => {
  test('has the mean 1 under the planned shares, also over a change of them', () => {
    const change: Branch<Srm>[] = [{ probability: 1, next: (state) => planShares(state, [0.25, 0.75]) }];
    const blocks = [multinomial(6, 0.1), multinomial(3, 0.1), change, multinomial(5, 0.25)];
    const mean = meanOver(newSrm([0.1, 0.9], 10), blocks, (state) => Math.exp(lnSrmEvidence(state)));
    expectRelative(mean, 1, 1e-12);
  });

  test('multiplies what was found before a change with what is found after', () => {
    const first = stepSrm(newSrm(SHARES), [700, 9300]);
    const after = stepSrm(planShares(first, [0.25, 0.75]), [2700, 7300]);
    expectRelative(lnSrmEvidence(after), lnOf([700, 9300]) + lnOf([2700, 7300], [0.25, 0.75]), 1e-12);
    expect(planShares(first, [0.05, 0.95])).toBe(first);
  });

  test('does not mistake a ramp for a mismatch', () => {
    let state = newSrm([0.01, 0.99]);
    for (const share of [0.01, 0.05, 0.25, 0.5]) {
      state = stepSrm(planShares(state, [share, 1 - share]), [1e6 * share, 1e6 * (1 - share)]);
    }
    expect(srmP(state)).toBe(1);
    expect(srmP(stepSrm(newSrm([0.01, 0.99]), [8.1e5, 3.19e6]))).toBeLessThan(1e-300);
  });

  test('is the same in one step and in many, and after a restart', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(1000), fc.nat(20_000)), { minLength: 1, maxLength: 20 }),
        fc.nat(20),
        (all, at) => {
          const run = (start: Srm, part: typeof all) => part.reduce((state, counts) => stepSrm(state, counts), start);
          const whole = run(newSrm(SHARES), all);
          expect(run(reread(run(newSrm(SHARES), all.slice(0, at))), all.slice(at))).toStrictEqual(whole);
          const sum = all.reduce(([a, b], [c, d]) => [a + c, b + d], [0, 0]);
          expect(lnSrmEvidence(whole)).toBe(lnOf(sum));
        },
      ),
    );
  });

  test('keeps its digits over a billion units', () => {
    expectRelative(lnOf([50_000_000, 950_000_000]), -0.5 * Math.log1p(1e9 / 1e4), 1e-3);
  });

  test('grows as counts leave their share', () => {
    for (let k = 500; k < 900; k += 20) expect(lnOf([k + 20, 9480 - k])).toBeGreaterThan(lnOf([k, 9500 - k]));
  });

  test('without units says nothing', () => {
    expect(lnSrmEvidence(newSrm(SHARES))).toBe(0);
    expect(lnOf([0, 0])).toBe(0);
    expect(goodnessOfFit([0, 0], SHARES)).toEqual({ chiSquare: 0, p: 1 });
  });

  test('refuses shares and counts that cannot be', () => {
    expect(() => newSrm([0, 1])).toThrow('shares: expected 2 or more above 0 that sum to 1, found 0, 1');
    expect(() => newSrm([0.5, 0.6])).toThrow(RangeError);
    expect(() => newSrm(SHARES, 0)).toThrow(RangeError);
    expect(() => stepSrm(newSrm(SHARES), [1])).toThrow('counts: expected 2 of 0 or more, found 1');
    expect(() => planShares(newSrm(SHARES), [0.2, 0.3, 0.5])).toThrow(RangeError);
  });
});
