import { describe, expect, test } from 'vitest';
import {
  addToScore,
  newScore,
  plannedCounts,
  plannedValues,
  type Score,
  type ScoreBlock,
  type ScoreKind,
  testScore,
} from '../../../../src/evidence/statistics/block-score.ts';
import { boundaryTwoSided, tuneTwoSided } from '../../../../src/evidence/statistics/confidence-sequence.ts';
import { rateRatioSequence } from '../../../../src/evidence/statistics/rate-ratio-sequence.ts';
import {
  addBlock,
  newRestartedScore,
  RESTART_MS,
  testRestarted,
} from '../../../../src/evidence/statistics/restarted-score.ts';
import { addToRatio, newRatioSums, ratioInterval } from '../../../../src/evidence/statistics/score-interval.ts';
import { normalCdf, studentTQuantile } from '../../../../src/evidence/statistics/special.ts';
import { expectAllRelative, expectRelative, poissonOf, randoms } from './relative.ts';

const CANARY = [14, 11, 16, 9, 13, 12, 15, 10, 11, 14, 8, 13, 12, 10, 16, 11, 9, 14, 12, 13, 10, 15, 11, 12];
const STABLE = [
  285, 297, 279, 290, 301, 288, 276, 294, 283, 291, 299, 280, 287, 295, 282, 289, 303, 284, 278, 292, 286, 298, 281,
  290,
];
const BLOCKS = CANARY.map((canaryOutcomes, index) => block(300, 5700, canaryOutcomes, STABLE[index] ?? 0));

function block(canary: number, stable: number, canaryOutcomes: number, stableOutcomes: number): ScoreBlock {
  return { canary, stable, canaryOutcomes, stableOutcomes };
}

function scoreOf(kind: ScoreKind, blocks: readonly ScoreBlock[]): Score {
  const score = newScore(kind);
  for (const one of blocks) addToScore(score, one);
  return score;
}

function ratioOf(kind: ScoreKind, blocks: readonly ScoreBlock[]) {
  const sums = newRatioSums(kind);
  for (const one of blocks) addToRatio(sums, one);
  return sums;
}

describe('known answers of research/statistics.md 3.5', () => {
  test.each([
    [0.01, 29.995421177721912, 3.4574613466721953, 4.013597913709678],
    [0.05, 47.40190472055159, 2.9107542596114238, 3.2417541351574526],
  ])('24 blocks of clicks at alpha %s', (alpha, rho, c, ct) => {
    const score = scoreOf('counts', BLOCKS);
    const found = testScore(score, 'decrease', alpha, 300);
    expectAllRelative(
      [score.sum, score.variance, found.freedom, found.z],
      [-69.95, 104.58524505402767, 22.961499631416793, 6.695694598609629],
    );
    expectAllRelative([found.rho, found.normalThreshold, found.threshold], [rho, c, ct]);
    expectRelative(found.effect, 0.806205845684998);
    expect(found.fired).toBe(true);
    expect(testScore(score, 'increase', alpha, 300).fired).toBe(false);
  });

  test('40 blocks that fluctuate less than chance, far in the tail of t', () => {
    const remainder = (index: number) => (index * 7) % 11;
    const blocks = Array.from({ length: 40 }, (_, i) =>
      block(300, 5700, 15 + (i % 2 === 0 ? 1 : -1) * (i % 3) - 1, 285 + remainder(i) - 5),
    );
    const found = testScore(scoreOf('counts', blocks), 'decrease', 0.01, 10_000);
    expectAllRelative(
      [found.freedom, found.rho, found.z, found.normalThreshold, found.threshold, found.effect],
      [
        38.99145107928131, 999.8473725907304, 4.949340579885516, 12.18290141061384, 42.1616473561639,
        0.9378918331522192,
      ],
    );
    expect(found.fired).toBe(false);
  });

  test('the ratio of rates 0.798 with (0.700, 0.897)', () => {
    const found = ratioInterval(ratioOf('counts', BLOCKS), 0.05, 300, 'normal');
    expectAllRelative(
      [found.ratio, found.lower, found.upper],
      [0.7980658198614319, 0.7001270409822109, 0.8969832654367076],
    );
  });

  test('means: S 2, I 54.5, effect 0.0367', () => {
    const canaryOutcomes = [10.2, 9.8, 11.5, 10.9, 9.7, 10.8];
    const stableOutcomes = [101, 99, 104, 103, 98, 102];
    const differences = [1 / 11, -1 / 11, 1, 6 / 11, -1 / 11, 6 / 11];
    const score = newScore('values');
    for (const [index, x] of canaryOutcomes.entries()) {
      const before = score.sum;
      addToScore(score, block(10, 100, x, stableOutcomes[index] ?? 0));
      expect(score.sum - before).toBeCloseTo(differences[index] ?? 0, 12);
    }
    expectAllRelative([score.sum, score.information], [2, 54.545454545454554]);
    expectRelative(testScore(score, 'increase', 0.05, 100).effect, 0.03666666666666666);
  });

  test('V* by margin: 24,589, 3,815 and 904', () => {
    expectAllRelative([0.02, 0.05, 0.1].map(plannedCounts), [24589.105572269604, 3814.526967062482, 904.078415703502]);
  });

  test('the aggregated ratio with the binomial variance', () => {
    const cell = (canary: number, stable: number, canaryEvents: number, stableEvents: number) => ({
      canary,
      stable,
      canaryEvents,
      stableEvents,
    });
    const all = [
      [[cell(6000, 114_000, 18, 120)], [2.85, 1.3457807159135202, 6.158082513889104]],
      [[cell(100_000, 1_900_000, 4700, 95_000)], [0.94, 0.898305657190322, 0.9836128768595781]],
      [
        [cell(18_000, 1_782_000, 930, 89_100), cell(360_000, 6_840_000, 17_800, 342_000)],
        [0.991089243674777, 0.9688183692369278, 1.013870095283582],
      ],
    ] as const;
    for (const [cells, expected] of all) {
      const found = rateRatioSequence(cells, 0.05);
      expectAllRelative([found.ratio, found.lower, found.upper], expected);
    }
    expect(rateRatioSequence([cell(10, 10, 0, 0)], 0.05)).toEqual({ ratio: undefined, lower: 0, upper: Infinity });
    const [none, only] = [
      rateRatioSequence([cell(50, 950, 0, 90)], 0.05),
      rateRatioSequence([cell(50, 950, 30, 0)], 0.05),
    ];
    expect([none.lower, none.upper < Infinity, only.lower > 1, only.upper]).toEqual([0, true, true, Infinity]);
  });
});

/** A day of blocks whose weight and rate change; the same every time. */
function day(seed: number, ratio: number, minutes = 1440): readonly ScoreBlock[] {
  const random = randoms(seed);
  return Array.from({ length: minutes }, (_, minute) => {
    const [weight, rate] = [
      minute < 480 ? 0.01 : minute < 960 ? 0.05 : 0.25,
      0.05 * (1 + 0.3 * Math.sin(minute / 229)),
    ];
    const canary = Math.max(1, poissonOf(random, 6000 * weight));
    const stable = poissonOf(random, 6000 * (1 - weight));
    const events = (n: number, share: number) => Math.min(n, poissonOf(random, n * share));
    return block(canary, stable, events(canary, rate * ratio), events(stable, rate));
  });
}

describe('the interval', () => {
  test('finds the ratio while weight and rate change, in few strata', () => {
    const sums = ratioOf('counts', day(3, 0.9));
    const found = ratioInterval(sums, 0.05, 10_000);
    expect(found.lower).toBeGreaterThan(0.85);
    expect(found.upper).toBeLessThan(0.95);
    expect(found.lower).toBeLessThan(0.9);
    expect(found.upper).toBeGreaterThan(0.9);
    expect(sums.strata.length).toBeLessThan(40);
  });

  test('is what all blocks one by one give', () => {
    const blocks = day(4, 0.95);
    const at = (ratio: number) => {
      let [sum, variance] = [0, 0];
      for (const { canary, stable, canaryOutcomes, stableOutcomes } of blocks) {
        const share = (canary * ratio) / (canary * ratio + stable);
        const residual = canaryOutcomes - share * (canaryOutcomes + stableOutcomes);
        sum += residual;
        variance += residual * residual;
      }
      return { sum, variance };
    };
    const found = ratioInterval(ratioOf('counts', blocks), 0.05, 10_000, 'normal');
    const events = blocks.reduce((sum, { canaryOutcomes }) => sum + canaryOutcomes, 0);
    expect(Math.abs(at(found.ratio ?? 0).sum)).toBeLessThan(1e-6 * events);
    const reach = boundaryTwoSided(at(found.ratio ?? 0).variance, 0.05, tuneTwoSided(10_000, 0.05));
    expectRelative(at(found.lower).sum, reach, 1e-3);
    expectRelative(at(found.upper).sum, -reach, 1e-3);
  });

  test('with the t step ends where S is the boundary of the test', () => {
    const { lower, ratio } = ratioInterval(ratioOf('counts', BLOCKS), 0.05, 300);
    const share = (at: number) => (300 * at) / (300 * at + 5700);
    const totals = CANARY.map((events, index) => events + (STABLE[index] ?? 0));
    const sumAt = (at: number) =>
      CANARY.reduce((sum, events, index) => sum + events - share(at) * (totals[index] ?? 0), 0);
    const squares = (values: readonly number[]) => values.reduce((sum, value) => sum + value * value, 0);
    const all = totals.reduce((sum, total) => sum + total, 0);
    const freedom = (all * all) / squares(totals) - 1;
    const residuals = CANARY.map((events, index) => events - share(ratio ?? 0) * (totals[index] ?? 0));
    const variance = (squares(residuals) * (freedom + 1)) / freedom;
    const c = boundaryTwoSided(variance, 0.05, tuneTwoSided(300, 0.05)) / Math.sqrt(variance);
    expectRelative(sumAt(lower), Math.sqrt(variance) * -studentTQuantile(normalCdf(-c), freedom));
  });

  test('nests as alpha falls, and the t step widens it', () => {
    for (const kind of ['counts', 'values'] as const) {
      const sums = ratioOf(kind, day(5, 1.02, 90));
      const widths = [0.1, 0.05, 0.01, 0.001].map((alpha) => ratioInterval(sums, alpha, 500));
      for (const [index, wide] of widths.slice(1).entries()) {
        expect(wide.lower).toBeLessThan(widths[index]?.lower ?? 0);
        expect(wide.upper).toBeGreaterThan(widths[index]?.upper ?? Infinity);
      }
      const normal = ratioInterval(sums, 0.05, 500, 'normal');
      expect(normal.lower).toBeGreaterThan(widths[1]?.lower ?? Infinity);
      expect(normal.upper).toBeLessThan(widths[1]?.upper ?? 0);
    }
  });

  test('no events say nothing; events on one side bound the other', () => {
    const only = (canaryOutcomes: number, stableOutcomes: number) =>
      ratioInterval(
        ratioOf(
          'counts',
          Array.from({ length: 60 }, () => block(300, 5700, canaryOutcomes, stableOutcomes)),
        ),
        0.05,
        300,
      );
    expect(only(0, 0)).toEqual({ ratio: undefined, lower: 0, upper: Infinity });
    expect(only(0, 30)).toMatchObject({ ratio: undefined, lower: 0 });
    expect(only(0, 30).upper).toBeLessThan(1);
    expect(only(30, 0)).toMatchObject({ ratio: undefined, upper: Infinity });
    expect(only(30, 0).lower).toBeGreaterThan(1);
  });

  test('of values does not change when the unit does', () => {
    const blocks = day(6, 1.1, 120);
    const cents = blocks.map((one) => ({
      ...one,
      canaryOutcomes: one.canaryOutcomes * 100,
      stableOutcomes: one.stableOutcomes * 100,
    }));
    const [inUnits, inCents] = [ratioOf('values', blocks), ratioOf('values', cents)];
    const [found, scaled] = [ratioInterval(inUnits, 0.05, 300), ratioInterval(inCents, 0.05, 300 * 100 * 100)];
    expectAllRelative([scaled.ratio, scaled.lower, scaled.upper], [found.ratio ?? 0, found.lower, found.upper]);
  });
});

describe('the test', () => {
  test('says nothing before 20 degrees of freedom, nor of blocks with one arm', () => {
    const few = scoreOf('counts', BLOCKS.slice(0, 20));
    expect(testScore(few, 'decrease', 0.05, 300).fired).toBe(false);
    const one = scoreOf('counts', [block(0, 5700, 0, 200), block(300, 0, 4, 0)]);
    expect(one).toEqual({ ...newScore('counts'), skipped: 2 });
    expect(testScore(one, 'decrease', 0.05, 300)).toMatchObject({
      z: 0,
      threshold: Infinity,
      fired: false,
      effect: undefined,
    });
  });

  test('zero events are data that fire nothing', () => {
    const score = scoreOf(
      'counts',
      Array.from({ length: 100 }, () => block(300, 5700, 0, 0)),
    );
    expect(score.blocks).toBe(100);
    expect(testScore(score, 'increase', 0.05, 300).fired).toBe(false);
  });

  test('finds a drop of 10 % over a ramping weight and a daily drift, and nothing on a healthy day', () => {
    const fires = (ratio: number) =>
      [11, 12, 13].map((seed) => testScore(scoreOf('counts', day(seed, ratio)), 'decrease', 0.01, 10_000).fired);
    expect(fires(0.9)).toEqual([true, true, true]);
    expect(fires(1)).toEqual([false, false, false]);
    expect(testScore(scoreOf('counts', day(14, 1.1)), 'increase', 0.01, 10_000).fired).toBe(true);
  });

  test('refuses what cannot be', () => {
    const add = (one: ScoreBlock) => () => addToScore(newScore('counts'), one);
    expect(add(block(10, 10, 11, 0))).toThrow(
      'expected events of 0 up to the exposures of each arm, found 11/10 and 0/10',
    );
    expect(add(block(-1, 10, 0, 0))).toThrow(RangeError);
    expect(add(block(1, 10, Number.NaN, 0))).toThrow(RangeError);
    expect(() => plannedCounts(1)).toThrow(RangeError);
    expect(plannedValues(4, 100)).toBe(400);
  });
});

describe('two copies', () => {
  const HOUR_MS = 3_600_000;

  test('the second starts anew every 6 h covered, as often as alpha was split for', () => {
    const state = newRestartedScore('counts', 20 * HOUR_MS);
    expect(state.plannedRestarts).toBe(3);
    const restarts = Array.from({ length: 36 }, () => {
      addBlock(state, block(300, 5700, 14, 285), HOUR_MS);
      return state.restarts;
    });
    expect([0, 5, 6, 11, 12, 18, 24, 35].map((hour) => restarts[hour])).toEqual([0, 0, 1, 1, 2, 3, 3, 3]);
    expect(state.whole.blocks).toBe(36);
    expect(state.recent.blocks).toBe(18);
    const { whole, recent } = testRestarted(state, 'decrease', 0.06, 300);
    expect(whole).toEqual(testScore(state.whole, 'decrease', 0.03, 300));
    expect(recent).toEqual(testScore(state.recent, 'decrease', 0.01, 300));
  });

  test('a stage of 6 h or less gives all of alpha to the one copy', () => {
    const state = newRestartedScore('counts', RESTART_MS);
    for (const one of BLOCKS) addBlock(state, one, 60_000);
    const { whole, recent, firedBy } = testRestarted(state, 'decrease', 0.01, 300);
    expectRelative(whole.threshold, 4.013597913709678);
    expect([recent, firedBy]).toEqual([undefined, 'whole']);
  });

  test('the second finds a late drop that the first still averages away', () => {
    const state = newRestartedScore('counts', 24 * HOUR_MS);
    const [healthy, ill] = [day(21, 1, 1440).slice(0, 800), day(22, 0.93, 1440).slice(800, 1200)];
    const firedBy = [...healthy, ...ill].map((one) => {
      addBlock(state, one, 60_000);
      return testRestarted(state, 'decrease', 0.01, 10_000).firedBy;
    });
    expect(firedBy.slice(0, 800).every((by) => by === undefined)).toBe(true);
    expect(firedBy.find((by) => by !== undefined)).toBe('recent');
  });

  test('JSON in the middle changes no bit', () => {
    const blocks = day(31, 0.97, 900);
    const through = newRestartedScore('counts', 24 * HOUR_MS);
    let saved = newRestartedScore('counts', 24 * HOUR_MS);
    for (const [minute, one] of blocks.entries()) {
      addBlock(through, one, 60_000);
      addBlock(saved, one, 60_000);
      if (minute % 97 === 0) saved = JSON.parse(JSON.stringify(saved));
    }
    expect(saved).toEqual(through);
    expect(JSON.stringify(saved)).toBe(JSON.stringify(through));
    expect(testRestarted(saved, 'decrease', 0.01, 10_000)).toEqual(testRestarted(through, 'decrease', 0.01, 10_000));
    expect(ratioInterval(saved.ratio, 0.05, 300)).toEqual(ratioInterval(through.ratio, 0.05, 300));
  });
});
