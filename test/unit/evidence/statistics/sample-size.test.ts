import { describe, expect, test } from 'vitest';
import { multiplierTwoSided } from '../../../../src/evidence/statistics/confidence-sequence.ts';
import {
  type Ask,
  detectableMean,
  detectableShare,
  durationMs,
  kappaOf,
  needsMore,
  sequentialInflation,
  sizeForHalfWidth,
  sizeForMeans,
  sizeForNonInferiority,
  sizeForShares,
  sizeForSharesUnpooled,
} from '../../../../src/evidence/statistics/sample-size.ts';
import { obrienFlemingSpent, pocockSpent } from '../../../../src/evidence/statistics/spending.ts';
import { expectAllRelative, expectRelative } from './relative.ts';

const ask = (alpha: number, sides: 1 | 2, power: number, kappa: number): Ask => ({ alpha, sides, power, kappa });

describe('known answers of research/statistics.md 10', () => {
  test('two shares, pooled and unpooled', () => {
    const [two, one] = [ask(0.05, 2, 0.8, 1), ask(0.05, 1, 0.8, 19)];
    expectRelative(sizeForShares(0.049, 0.05, two).canaryN, 738574.4796244816);
    expectRelative(sizeForSharesUnpooled(0.049, 0.05, two).canaryN, 738571.7341225134);
    expectRelative(sizeForShares(0.049, 0.05, one).canaryN, 307043.5315137641);
    expectRelative(sizeForSharesUnpooled(0.049, 0.05, one).canaryN, 303557.3775349379);
  });

  test('errors, with a warning below 20 expected events', () => {
    const rare = ask(0.01, 1, 0.9, 19);
    const found = sizeForShares(0.003, 0.001, rare);
    expectRelative(found.canaryN, 5611.397976048571);
    expectRelative(found.stableN, 19 * 5611.397976048571);
    expectRelative(found.expectedEvents, 5.611397976048571);
    expect(found.warning).toContain('only 5.6 expected events');
    expectRelative(sizeForSharesUnpooled(0.003, 0.001, rare).canaryN, 9904.519892609931);
    expectRelative(sizeForShares(0.002, 0.001, rare).canaryN, 18307.32939409563);
    expect(sizeForShares(0.049, 0.05, rare).warning).toBeUndefined();
  });

  test('means', () => {
    expectRelative(sizeForMeans(1, 0.1, ask(0.05, 2, 0.8, 1)).canaryN, 1569.7759468698173);
    expectRelative(sizeForMeans(1, -0.1, ask(0.05, 2, 0.8, 19)).canaryN, 826.197866773588);
    expect(sizeForMeans(1, 0.1, ask(0.05, 2, 0.8, 1)).expectedEvents).toBeUndefined();
  });

  test('non-inferiority', () => {
    expectRelative(sizeForNonInferiority(0.05, 0.001, ask(0.025, 1, 0.9, 19)).canaryN, 525371.1530720309);
    expectRelative(sizeForNonInferiority(0.001, 0.001, ask(0.025, 1, 0.9, 19)).canaryN, 11049.3848825044);
    expectRelative(sizeForNonInferiority(0.4, 0.01, ask(0.025, 1, 0.9, 1)).canaryN, 50435.630694914966);
  });

  test('retention .40 against .39, with a holdback of 5 % and in equal arms', () => {
    expectRelative(sizeForSharesUnpooled(0.4, 0.39, ask(0.05, 2, 0.8, 19)).canaryN, 19820.073724964957);
    expectRelative(sizeForSharesUnpooled(0.4, 0.39, ask(0.05, 2, 0.8, 1)).canaryN, 37509.79625045422);
  });

  test.each([
    [100, 0.01, 0.5, 0.25674797283235096],
    [100, 0.05, 2, 0.058606774504222275],
    [100, 0.05, 6, 0.03383663703634843],
    [100, 0.25, 6, 0.017030733831385397],
    [1000, 0.05, 6, 0.010700084139527064],
  ])('what a click rate of 5 %% shows at %s requests/s, weight %s, %s h', (perSecond, weight, hours, expected) => {
    const n = perSecond * weight * 3600 * hours;
    expectRelative(detectableShare(0.05, n, ask(0.05, 1, 0.8, kappaOf(weight))) / 0.05, expected);
  });

  test('in the absolute: 0.00293 with 36,000 requests', () => {
    expectRelative(detectableShare(0.05, 36_000, ask(0.05, 1, 0.8, 19)), 0.002930338725211114);
  });

  test('the inflation of a sequence, power .8 and .9', () => {
    const alphas = [0.05, 0.025, 0.01, 0.005];
    expectAllRelative(
      alphas.map((alpha) => sequentialInflation(alpha, 0.8)),
      [2.1204139346641813, 1.9209768378808656, 1.755006680472263, 1.6683289721415218],
    );
    expectAllRelative(
      alphas.map((alpha) => sequentialInflation(alpha, 0.9)),
      [1.9254014749271056, 1.778507835656153, 1.6516519802574345, 1.5835128518997341],
    );
  });

  test.each([
    [0.05, 309127.8616009883, 17.173770088943797, 36.41550140731534],
    [0.25, 391561.95802791853, 4.3506884225324285, 9.225260356519886],
    [0.5, 587342.9370418778, 3.263016316899321, 6.918945267389914],
  ])('hours to prove a click rate not 2 %% worse at 100 requests/s, weight %s', (weight, n, fixed, sequential) => {
    const { canaryN } = sizeForNonInferiority(0.05, 0.001, ask(0.05, 1, 0.8, kappaOf(weight)));
    const hours = (size: number, perSecond = 100) => durationMs(size, perSecond, weight) / 3_600_000;
    expectAllRelative(
      [canaryN, hours(canaryN), hours(canaryN * sequentialInflation(0.05, 0.8)), hours(canaryN, 1000)],
      [n, fixed, sequential, fixed / 10],
    );
  });
});

describe('known answers of research/statistics.md 9, planned looks', () => {
  test('spending of alpha .05 at a quarter, a half, three quarters and all', () => {
    const looks = [0.25, 0.5, 0.75, 1];
    expectAllRelative(
      looks.map((t) => obrienFlemingSpent(0.05, t)),
      [8.857543832130332e-5, 0.005574596680784305, 0.023625121317601305, 0.05],
    );
    expectAllRelative(
      looks.map((t) => pocockSpent(0.05, t)),
      [0.01786870097543942, 0.031005725347913876, 0.04139944696214349, 0.05],
    );
    expect([obrienFlemingSpent(0.05, 0), pocockSpent(0.05, 0)]).toEqual([0, 0]);
    expect(() => pocockSpent(0.05, 1.1)).toThrow('share of information: expected a number of 0 to 1, found 1.1');
  });
});

describe('sizes', () => {
  test('find exactly the difference they are sized for', () => {
    const asked = ask(0.01, 2, 0.9, 4);
    const { canaryN } = sizeForMeans(3, 0.2, asked);
    expectRelative(detectableMean(3, canaryN, asked), 0.2);
    const share = sizeForNonInferiority(0.05, 0.002, ask(0.01, 1, 0.9, 4)).canaryN;
    expectRelative(detectableShare(0.05, share, ask(0.01, 1, 0.9, 4)), 0.002);
  });

  test('for a half-width are the first that reach it', () => {
    const n = sizeForHalfWidth(0.01, 0.5, 0.01, 36_000);
    const halfWidth = (count: number) => (multiplierTwoSided(count, 0.01, 36_000) * 0.5) / Math.sqrt(count);
    expect(halfWidth(n)).toBeLessThanOrEqual(0.01);
    expect(halfWidth(n - 1)).toBeGreaterThan(0.01);
  });

  test('"needs 3,100 more pairs, about 14 min at this rate"', () => {
    const { more, ms } = needsMore(10_000, 6900.4, 3.7);
    expect(more).toBe(3100);
    expect(Math.round((ms ?? 0) / 60_000)).toBe(14);
    expect(needsMore(10, 3, 0)).toEqual({ more: 7, ms: undefined });
    expect(needsMore(10, 12, 0)).toEqual({ more: 0, ms: 0 });
  });

  test('refuse what has no answer', () => {
    const equal = ask(0.05, 2, 0.8, 1);
    expect(() => sizeForShares(0.05, 0.05, equal)).toThrow('expected two different shares, found 0.05 twice');
    expect(() => sizeForMeans(1, 0, equal)).toThrow(RangeError);
    expect(() => kappaOf(1)).toThrow('weight: expected a share between 0 and 1, without its ends, found 1');
    expect(() => durationMs(100, 0, 0.5)).toThrow(RangeError);
    expect(() => needsMore(Number.NaN, 1, 1)).toThrow(RangeError);
  });
});
