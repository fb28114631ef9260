import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addToScore, newScore, testScore } from '../../../../src/evidence/statistics/block-score.ts';
import {
  compareUnits,
  designEffect,
  mergeUnits,
  moveUnit,
  newUnitSums,
  retentionSums,
  type Unit,
  type UnitSums,
  unitRatio,
} from '../../../../src/evidence/statistics/cluster.ts';
import { multiplierTwoSided } from '../../../../src/evidence/statistics/confidence-sequence.ts';
import { expectRelative, normalOf, poissonOf, randoms } from './relative.ts';

function sumsOf(units: readonly Unit[]): UnitSums {
  const sums = newUnitSums();
  for (const unit of units) moveUnit(sums, undefined, unit);
  return sums;
}

const units = fc.array(fc.record({ x: fc.integer({ min: 1, max: 50 }), y: fc.integer({ min: 0, max: 50 }) }), {
  minLength: 2,
  maxLength: 40,
});

describe('ratios by unit', () => {
  test('have the variance of the delta method, summed unit by unit', () => {
    const [x, y] = [
      [3, 1, 4, 1, 5],
      [1, 0, 2, 1, 1],
    ];
    const found = unitRatio(sumsOf(x.map((exposures, index) => ({ x: exposures, y: y[index] ?? 0 }))));
    const ratio = 5 / 14;
    const expected = x.reduce((sum, exposures, index) => sum + ((y[index] ?? 0) - ratio * exposures) ** 2, 0) / 14 ** 2;
    expectRelative(found?.ratio, ratio);
    expectRelative(found?.variance, expected);
  });

  test('are the same however the units came to what they are, and merge as one', () => {
    fc.assert(
      fc.property(units, units, (left, right) => {
        const moved = newUnitSums();
        for (const unit of left) {
          const before = { x: Math.floor(unit.x / 2), y: Math.floor(unit.y / 3) };
          moveUnit(moved, undefined, before);
          moveUnit(moved, before, unit);
        }
        expect(moved).toEqual(sumsOf(left));
        expect(mergeUnits(moved, sumsOf(right))).toEqual(sumsOf([...left, ...right]));
        expect(JSON.parse(JSON.stringify(moved))).toEqual(moved);
      }),
    );
  });

  test('of users who came back or not have the binomial variance', () => {
    const found = unitRatio(retentionSums(2000, 800));
    expectRelative(found?.ratio, 0.4);
    expectRelative(found?.variance, (0.4 * 0.6) / 2000);
    const compared = compareUnits(retentionSums(2000, 800), retentionSums(38_000, 14_820), 0.05, 40_000);
    expectRelative(compared?.difference.estimate, 0.01);
    const half = (compared?.difference.upper ?? 0) - 0.01;
    expectRelative(half, multiplierTwoSided(40_000, 0.05, 40_000) * Math.sqrt(0.24 / 2000 + (0.39 * 0.61) / 38_000));
    expectRelative(compared?.relative?.ratio, 0.4 / 0.39);
  });

  test('compare as one or not at all', () => {
    const one = sumsOf([{ x: 3, y: 1 }]);
    expect(compareUnits(one, retentionSums(100, 40), 0.05)).toBeUndefined();
    expect(unitRatio(newUnitSums())).toBeUndefined();
    const none = compareUnits(retentionSums(100, 0), retentionSums(100, 40), 0.05);
    expect([none?.relative, none?.difference.estimate]).toEqual([undefined, -0.4]);
    expect(() => moveUnit(newUnitSums(), undefined, { x: -1, y: 0 })).toThrow(RangeError);
    expectRelative(designEffect(20, 0.05), 1.95);
  });
});

/**
 * A day of clicks, both models alike; users stay in their arm and differ in how much they do and how often they click. The world
 * of statistics.md 13 (173 exposures per user, click rates .05 with standard deviation .03) with fewer users and looks.
 */
function healthyDay(seed: number): { readonly byBlock: boolean; readonly byUser: boolean } {
  const [users, looks, alpha, perLook] = [3000, 72, 0.01, 7200];
  const random = randoms(seed);
  const activity = Array.from({ length: users }, () => Math.exp(normalOf(random)));
  const all = activity.reduce((sum, one) => sum + one, 0);
  // Mean .05, standard deviation .03 between users, lognormal.
  const rates = activity.map(() => Math.min(1, 0.05 * Math.exp(0.55 * normalOf(random) - 0.15125)));
  const isCanary = activity.map(() => random() < 0.05);
  const done = activity.map(() => ({ x: 0, y: 0 }));
  const [canaryUnits, stableUnits] = [newUnitSums(), newUnitSums()];
  const score = newScore('counts');
  let [byBlock, byUser] = [false, false];
  for (let look = 0; look < looks; look++) {
    const block = { canary: 0, stable: 0, canaryOutcomes: 0, stableOutcomes: 0 };
    for (let user = 0; user < users; user++) {
      const x = poissonOf(random, ((activity[user] ?? 0) / all) * perLook);
      const before = done[user];
      if (x === 0 || before === undefined) continue;
      const y = Math.min(x, poissonOf(random, x * (rates[user] ?? 0)));
      const after = { x: before.x + x, y: before.y + y };
      moveUnit(isCanary[user] ? canaryUnits : stableUnits, before.x === 0 ? undefined : before, after);
      done[user] = after;
      if (isCanary[user]) {
        block.canary += x;
        block.canaryOutcomes += y;
      } else {
        block.stable += x;
        block.stableOutcomes += y;
      }
    }
    addToScore(score, block);
    for (const harm of ['increase', 'decrease'] as const) {
      if (testScore(score, harm, alpha / 2, 1000).fired) byBlock = true;
    }
    const found = compareUnits(canaryUnits, stableUnits, alpha);
    if (found !== undefined && (found.difference.lower > 0 || found.difference.upper < 0)) byUser = true;
  }
  return { byBlock, byUser };
}

describe('the trap of sticky users', () => {
  test('blocks as the unit cry wolf on many of 100 healthy days, users as the unit on at most 3', () => {
    const days = Array.from({ length: 100 }, (_, seed) => healthyDay(1000 + seed));
    const [byBlock, byUser] = [days.filter((day) => day.byBlock).length, days.filter((day) => day.byUser).length];
    expect(byBlock).toBeGreaterThanOrEqual(20);
    expect(byUser).toBeLessThanOrEqual(3);
  }, 30_000);
});
