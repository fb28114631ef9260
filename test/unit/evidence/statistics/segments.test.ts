import { describe, expect, test } from 'vitest';
import { addToScore, newScore, testScore } from '../../../../src/evidence/statistics/block-score.ts';
import { mantelHaenszel, pooledRatio } from '../../../../src/evidence/statistics/mantel-haenszel.ts';
import { addToRatio, newRatioSums, ratioInterval } from '../../../../src/evidence/statistics/score-interval.ts';
import {
  type Effect,
  heterogeneity,
  isSufficient,
  lnRiskRatio,
  segmentAgainstRest,
} from '../../../../src/evidence/statistics/segments.ts';
import type { TwoArms } from '../../../../src/evidence/statistics/two-arms.ts';
import { expectAllRelative, expectRelative, poissonOf, randoms } from './relative.ts';

function cell(canary: number, stable: number, canaryEvents: number, stableEvents: number): TwoArms {
  return { canary, stable, canaryEvents, stableEvents };
}

const SEGMENTS = [
  cell(40_000, 760_000, 1900, 38_000),
  cell(30_000, 570_000, 1470, 28_500),
  cell(10_000, 190_000, 380, 9500),
  cell(20_000, 380_000, 1000, 19_000),
];
const EFFECTS = SEGMENTS.flatMap((segment) => lnRiskRatio(segment) ?? []);
const SIMPSON = [cell(18_000, 1_782_000, 727, 71_280), cell(1_620_000, 4_860_000, 98_172, 291_600)];

describe('known answers of research/statistics.md 12', () => {
  test('mobile, desktop, tv, tablet', () => {
    expectAllRelative(
      EFFECTS.map(({ effect }) => Math.exp(effect)),
      [0.95, 0.98, 0.76, 1],
    );
    expectAllRelative(
      EFFECTS.map(({ variance }) => Math.sqrt(variance)),
      [0.022941573387056175, 0.026082026547865053, 0.051298917604257706, 0.03162277660168379],
    );
    const found = heterogeneity(EFFECTS);
    expectAllRelative(
      [Math.exp(found.pooled), found.q, found.p, found.i2, found.tau2, Math.exp(found.randomMean)],
      [
        0.9524435187157051, 22.94195258682817, 4.1523826670697454e-5, 0.8692351930967545, 0.006053752414964583,
        0.9267625127500038,
      ],
    );
    expectAllRelative(
      found.shrunk.map(Math.exp),
      [0.9481200704156317, 0.9744859182800598, 0.8070821798412001, 0.9892753035887621],
    );
  });

  test('z of each, and of tv against the rest', () => {
    const zs = EFFECTS.map(({ effect, variance }) => effect / Math.sqrt(variance));
    expectAllRelative(zs.slice(0, 3), [-2.2358228671661498, -0.7745834964336067, -5.349758991386257]);
    expect(zs[3]).toBeCloseTo(0, 12);
    const tv = segmentAgainstRest(EFFECTS, 2);
    expectAllRelative([tv.effect, tv.z], [-0.24533953698480396, -4.58725891436358]);
  });
});

describe('known answers of research/statistics.md 11.1', () => {
  test('Simpson over stages: pooled 1.105, in each stage 1.01, Mantel-Haenszel 1.01', () => {
    expectAllRelative(
      SIMPSON.map((stage) => Math.exp(lnRiskRatio(stage)?.effect ?? 0)),
      [1.0097222222222222, 1.01],
    );
    expectRelative(pooledRatio(SIMPSON), 1.1051312031222744);
    const found = mantelHaenszel(SIMPSON);
    expectAllRelative(
      [found?.ratio, found?.lnVariance, found?.lower, found?.upper],
      [1.0099973102503912, 1.2670995723093292e-5, 1.0029753303576698, 1.0170684520717475],
    );
  });
});

describe('the trap of Simpson over stages', () => {
  test('a model that is alike looks 10 % better pooled; neither the block score nor its interval is deceived', () => {
    const random = randoms(7);
    const [score, sums] = [newScore('counts'), newRatioSums('counts')];
    const stages: TwoArms[] = [];
    for (const [weight, rate] of [
      [0.01, 0.04],
      [0.25, 0.06],
    ] as const) {
      let total = cell(0, 0, 0, 0);
      for (let minute = 0; minute < 300; minute++) {
        const [canary, stable] = [poissonOf(random, 6000 * weight), poissonOf(random, 6000 * (1 - weight))];
        const [canaryOutcomes, stableOutcomes] = [poissonOf(random, canary * rate), poissonOf(random, stable * rate)];
        const block = { canary, stable, canaryOutcomes: Math.min(canaryOutcomes, canary), stableOutcomes };
        addToScore(score, block);
        addToRatio(sums, block);
        total = cell(
          total.canary + canary,
          total.stable + stable,
          total.canaryEvents + block.canaryOutcomes,
          total.stableEvents + stableOutcomes,
        );
      }
      stages.push(total);
    }
    expect(pooledRatio(stages)).toBeGreaterThan(1.09);
    expect(Math.abs((mantelHaenszel(stages)?.ratio ?? 0) - 1)).toBeLessThan(0.02);
    expect(testScore(score, 'increase', 0.01, 10_000).fired).toBe(false);
    const { lower, upper } = ratioInterval(sums, 0.01, 10_000);
    expect([lower < 1, upper > 1, upper < 1.05]).toEqual([true, true, true]);
  });
});

describe('segments', () => {
  test('that are alike have no heterogeneity, and shrink to the mean', () => {
    const alike: readonly Effect[] = [1, 2, 3].map((scale) => ({ effect: -0.1, variance: 0.01 * scale }));
    const found = heterogeneity(alike);
    expect([found.i2, found.tau2]).toEqual([0, 0]);
    for (const effect of found.shrunk) expect(effect).toBeCloseTo(-0.1, 12);
  });

  test('do not depend on their order, and shrink between themselves and the mean', () => {
    const [found, turned] = [heterogeneity(EFFECTS), heterogeneity([...EFFECTS].reverse())];
    expectAllRelative([turned.q, turned.tau2, ...[...turned.shrunk].reverse()], [found.q, found.tau2, ...found.shrunk]);
    for (const [index, { effect }] of EFFECTS.entries()) {
      const [low, high] = [Math.min(effect, found.randomMean), Math.max(effect, found.randomMean)];
      expect(found.shrunk[index]).toBeGreaterThan(low);
      expect(found.shrunk[index]).toBeLessThan(high);
    }
  });

  test('of few requests or few expected events are insufficient; without events have no ratio', () => {
    const sufficient = [
      cell(1000, 20_000, 0, 100),
      cell(999, 20_000, 5, 100),
      cell(1000, 20_000, 9, 99),
      cell(1000, 0, 9, 0),
    ];
    expect(sufficient.map(isSufficient)).toEqual([true, false, false, false]);
    expect(lnRiskRatio(cell(1000, 20_000, 0, 100))).toBeUndefined();
    expect(mantelHaenszel([cell(1000, 20_000, 0, 100)])).toBeUndefined();
  });

  test('refuse a question of one segment', () => {
    expect(() => heterogeneity(EFFECTS.slice(0, 1))).toThrow('expected two segments or more, found 1');
    expect(() => segmentAgainstRest(EFFECTS, 4)).toThrow(
      'expected the index of one of two segments or more, found 4 of 4',
    );
    expect(() => mantelHaenszel([cell(0, 10, 0, 1)])).toThrow(RangeError);
  });
});
