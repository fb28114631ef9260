import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AutomaticBlock,
  blockStatistics,
  type Counted,
  neededSeconds,
  newAutomaticBlock,
  stepAutomaticBlock,
} from '../../../../src/evidence/statistics/automatic-block.ts';
import { reread } from './enumerate.ts';
import { expectRelative, poissonOf, randoms } from './relative.ts';

const CANARY = [14, 11, 16, 9, 13, 12, 15, 10, 11, 14, 8, 13, 12, 10, 16, 11, 9, 14, 12, 13, 10, 15, 11, 12];
const STABLE = [
  285, 297, 279, 290, 301, 288, 276, 294, 283, 291, 299, 280, 287, 295, 282, 289, 303, 284, 278, 292, 286, 298, 281,
  290,
];

test('known answers of statistics 3.5: autocorrelation and dispersion of residuals', () => {
  const blocks = CANARY.map((events, at) => ({ events, exposures: events + (STABLE[at] ?? 0) }));
  expectRelative(blockStatistics(blocks)?.autocorrelation, -0.5380750456576746);
  expectRelative(blockStatistics(blocks)?.dispersion, 0.45516787699517247);
});

/** Stable's 10 s blocks of an hour: 1,000 requests each, 0.2 % fail, and in bursts of `seconds` now and then 10 %. */
function hour(seed: number, seconds: number, perHour: number): Counted[] {
  const random = randoms(seed);
  const bursts = Array.from({ length: poissonOf(random, perHour) }, () => random() * 3600);
  return Array.from({ length: 360 }, (_, at) => {
    const overlap = (start: number) => Math.max(0, Math.min(at * 10 + 10, start + seconds) - Math.max(at * 10, start));
    const burning = bursts.reduce((sum, start) => sum + overlap(start) / 10, 0);
    return { exposures: 1000, events: Math.min(1000, poissonOf(random, 2 + 100 * burning)) };
  });
}

const SEEDS = Array.from({ length: 20 }, (_, seed) => seed + 1);

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;
}

describe('the length of a block', () => {
  test('is 10 s where events are independent', () => {
    expect(median(SEEDS.map((seed) => neededSeconds(hour(seed, 0, 0))))).toBe(10);
  });

  test('is never 10 s where they come in bursts of 10 s', () => {
    for (const seed of SEEDS) expect(neededSeconds(hour(seed, 10, 40))).toBeGreaterThanOrEqual(60);
  });

  test('is at least five times a burst, and the longest where they last 5 minutes', () => {
    for (const seed of SEEDS) expect(neededSeconds(hour(seed, 60, 20))).toBeGreaterThanOrEqual(300);
    expect(median(SEEDS.map((seed) => neededSeconds(hour(seed, 300, 3))))).toBe(600);
  });

  test('is told from ten minutes too, where bursts are plain', () => {
    expect(median(SEEDS.map((seed) => neededSeconds(hour(seed, 60, 60).slice(0, 60))))).toBeGreaterThanOrEqual(300);
    expect(median(SEEDS.map((seed) => neededSeconds(hour(seed, 0, 0).slice(0, 60))))).toBe(60);
  });

  test('is 60 s where too few events say nothing', () => {
    const quiet = Array.from({ length: 360 }, (_, at) => ({ exposures: 1000, events: at % 90 === 0 ? 1 : 0 }));
    expect(neededSeconds(quiet)).toBe(60);
    expect(neededSeconds(quiet.map(({ exposures }) => ({ exposures, events: 0 })))).toBe(60);
    expect(neededSeconds([])).toBe(60);
  });
});

function fed(state: AutomaticBlock, blocks: readonly Counted[]): AutomaticBlock {
  return blocks.reduce(stepAutomaticBlock, state);
}

test('10 s takes both: little dispersion and little autocorrelation', () => {
  const cycle = (events: readonly number[]) =>
    Array.from({ length: 360 }, (_, at) => ({ exposures: 1000, events: events[at % events.length] ?? 0 }));
  expect(neededSeconds(cycle([20, 21, 19, 20]))).toBe(10);
  expect(neededSeconds(cycle([0, 40]))).toBe(60);
  expect(neededSeconds(cycle([22, 21, 19, 18, 19, 21]))).toBe(120);
});

function seedOf(seconds: number, make: (seed: number) => Counted[]): Counted[] {
  const seed = SEEDS.find((one) => neededSeconds(make(one)) === seconds);
  expect(seed, `an hour that needs ${seconds} s`).toBeDefined();
  return make(seed ?? 0);
}

describe('from hour to hour', () => {
  const calm = seedOf(10, (seed) => hour(seed, 0, 0));
  const wild = seedOf(600, (seed) => hour(seed, 300, 3));

  test('it starts with 60 s and stays so for an hour', () => {
    expect(newAutomaticBlock().seconds).toBe(60);
    expect(fed(newAutomaticBlock(), calm.slice(0, 359)).seconds).toBe(60);
    expect(fed(newAutomaticBlock(), calm).seconds).toBe(10);
  });

  test('it becomes longer within ten minutes and shorter by one step an hour', () => {
    const long = fed(newAutomaticBlock(), wild);
    expect(long.seconds).toBe(600);
    const hours = [1, 2, 3, 4].map((count) => fed(long, new Array(count).fill(calm).flat()).seconds);
    expect(hours).toEqual([300, 120, 60, 10]);
  });

  test('a restart at any time changes nothing', () => {
    fc.assert(
      fc.property(fc.nat(720), (at) => {
        const both = [...calm, ...wild];
        const restarted = fed(reread(fed(newAutomaticBlock(), both.slice(0, at))), both.slice(at));
        expect(restarted).toStrictEqual(fed(newAutomaticBlock(), both));
      }),
      { numRuns: 20 },
    );
  });

  test('it holds an hour of counts at most', () => {
    let state = newAutomaticBlock();
    for (const block of [...calm, ...calm]) {
      state = stepAutomaticBlock(state, block);
      expect(state.counts.length).toBeLessThanOrEqual(360);
    }
  });

  test('it refuses more events than requests', () => {
    expect(() => stepAutomaticBlock(newAutomaticBlock(), { exposures: 1, events: 2 })).toThrow(RangeError);
  });
});
