import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { add, newSketch } from '../../../../src/evidence/sketch.ts';
import { everReached, evidence, lnEvidence } from '../../../../src/evidence/statistics/start-mixture.ts';
import {
  type ArmBlock,
  countAbove,
  edgeValue,
  isTail,
  marginBins,
  newTailBet,
  quantileEdge,
  stepTailBet,
  type TailBet,
  takeEdge,
} from '../../../../src/evidence/statistics/tail-exceedance.ts';
import type { Sketch } from '../../../../src/evidence/sums.ts';
import { reread } from './enumerate.ts';
import { expectRelative, normalOf, poissonOf, randoms } from './relative.ts';

function sketchOf(values: readonly number[], alpha = 0.01): Sketch {
  const sketch = newSketch(alpha);
  for (const value of values) add(sketch, value);
  return sketch;
}

function armOf(values: readonly number[], unanswered = 0): ArmBlock {
  return { latency: sketchOf(values), unanswered };
}

const THOUSAND = Array.from({ length: 1000 }, (_, at) => at + 1);

describe('the edge', () => {
  test('is the upper one of the bin of the quantile: p95 of 1..1000 is in bin 343', () => {
    expect(quantileEdge(sketchOf(THOUSAND), 0.95)).toEqual({ alpha: 0.01, bin: 343 });
    expect(quantileEdge(sketchOf(THOUSAND), 0.99)).toEqual({ alpha: 0.01, bin: 345 });
    expectRelative(edgeValue({ alpha: 0.01, bin: 196 }), 50.407031, 1e-7);
  });

  test('is not known from fewer than ten values beyond it', () => {
    expect(quantileEdge(sketchOf(THOUSAND.slice(0, 199)), 0.95)).toBeUndefined();
    expect(quantileEdge(sketchOf(THOUSAND.slice(0, 200)), 0.95)).toBeDefined();
    expect(quantileEdge(sketchOf(THOUSAND), 0.999)).toBeUndefined();
    expect(quantileEdge(sketchOf([]), 0.5)).toBeUndefined();
  });

  test('is 0 where the quantile is', () => {
    const mostlyNothing = sketchOf([...new Array(980).fill(0), ...new Array(20).fill(3)]);
    const edge = quantileEdge(mostlyNothing, 0.95);
    expect(edge).toEqual({ alpha: 0.01, bin: null });
    expect(edge === undefined ? undefined : [edgeValue(edge), countAbove(mostlyNothing, edge, 5)]).toEqual([0, 20]);
  });

  test('counts exactly what is above it, for any values', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 20 }),
        fc.nat(12),
        (values, shift) => {
          const edge = quantileEdge(sketchOf(values), 0.5);
          if (edge === undefined || edge.bin === null) return;
          const limit = edgeValue({ alpha: edge.alpha, bin: edge.bin + shift });
          const wanted = values.filter((value) => value > limit * (1 + 1e-12)).length;
          const atMost = values.filter((value) => value > limit * (1 - 1e-12)).length;
          expect(countAbove(sketchOf(values), edge, shift)).toBeGreaterThanOrEqual(wanted);
          expect(countAbove(sketchOf(values), edge, shift)).toBeLessThanOrEqual(atMost);
        },
      ),
    );
  });

  test('is shifted by whole bins: 5 for 10 %, 9 for 20 %', () => {
    expect([0, 0.1, 0.2].map((margin) => marginBins(0.01, margin))).toEqual([0, 5, 9]);
    expectRelative(edgeValue({ alpha: 0.01, bin: 5 }), 1.105175, 1e-6);
    expectRelative(edgeValue({ alpha: 0.01, bin: 9 }), 1.197225, 1e-6);
  });

  test('is of one alpha', () => {
    expect(() => countAbove(sketchOf([1], 0.0025), { alpha: 0.01, bin: 3 })).toThrow('expected a sketch of alpha 0.01');
    expect(() => quantileEdge(sketchOf(new Array(100).fill(-1)), 0.5)).toThrow(RangeError);
    expect(() => quantileEdge(sketchOf([1]), 1)).toThrow(RangeError);
    expect(() => marginBins(0.01, -0.1)).toThrow(RangeError);
  });
});

test('BET is for events of at most a tenth of requests', () => {
  expect([0.5, 0.89, 0.9, 0.99].map(isTail)).toEqual([false, false, true, true]);
  expect(() => newTailBet(10, 0.5, 0, 3)).toThrow('q: expected a quantile of 0.9 or more and below 1, found 0.5');
  expect(() => newTailBet(10, 0.95, 0.5, 3)).toThrow(RangeError);
});

const slow = new Array(10).fill(900);
const start = takeEdge(newTailBet(100, 0.95, 0, 5), sketchOf(THOUSAND));

describe('the process', () => {
  test('waits for an edge, and keeps the one it has when stable says too little', () => {
    const none = newTailBet(100, 0.95, 0, 5);
    expect(stepTailBet(none, armOf(slow), armOf(THOUSAND))).toBe(none);
    expect(takeEdge(start, sketchOf([1])).edge).toEqual({ alpha: 0.01, bin: 343 });
  });

  test('skips a block without one of the arms', () => {
    expect(stepTailBet(start, armOf([]), armOf(THOUSAND))).toBe(start);
    expect(stepTailBet(start, armOf(slow), armOf([]))).toBe(start);
  });

  test('counts requests without an answer as slower than the edge', () => {
    const fast = new Array(50).fill(5);
    const answered = stepTailBet(start, armOf(fast), armOf(THOUSAND));
    const hanging = stepTailBet(start, armOf(fast, 20), armOf(THOUSAND));
    expect(evidence(answered.bet.mixture)).toBeLessThan(1);
    expect(evidence(hanging.bet.mixture)).toBeGreaterThan(1.5);
  });

  test('with a margin counts the canary above the higher edge only', () => {
    const margin = takeEdge(newTailBet(100, 0.95, 9, 5), sketchOf(THOUSAND));
    const canary = armOf([...new Array(50).fill(5), ...new Array(5).fill(1000)]);
    expect(evidence(stepTailBet(start, canary, armOf(THOUSAND)).bet.mixture)).toBeGreaterThan(1);
    expect(evidence(stepTailBet(margin, canary, armOf(THOUSAND)).bet.mixture)).toBeLessThan(1);
  });

  test('gives the same bits after a restart', () => {
    const before = stepTailBet(start, armOf(slow), armOf(THOUSAND));
    const next = (state: TailBet) => stepTailBet(state, armOf([3, 990]), armOf(THOUSAND));
    expect(next(reread(before))).toStrictEqual(next(before));
    expect(reread(newTailBet(10, 0.99, 3, 1))).toStrictEqual(newTailBet(10, 0.99, 3, 1));
  });
});

/** Blocks of 60 s, 300 requests on the canary and 5,700 on stable, edge every 5 minutes; the canary's latency is times `slower`. */
function minutesToAlarm(
  latency: (random: () => number) => number,
  slower: number,
  minutes: number,
  seed: number,
): number {
  const random = randoms(seed);
  const many = (count: number, times: number) => Array.from({ length: count }, () => latency(random) * times);
  let state = newTailBet(1440, 0.95, 0, 300);
  let last: number[] = [];
  for (let minute = 0; minute < minutes; minute++) {
    if (minute % 5 === 0 && last.length > 0) state = takeEdge(state, sketchOf(last));
    if (minute % 5 === 0) last = [];
    const stable = many(570, 1);
    last.push(...stable);
    state = stepTailBet(state, armOf(many(poissonOf(random, 30), slower)), armOf(stable));
    if (everReached(state.bet.mixture, 0.01)) return minute + 1;
  }
  return Infinity;
}

describe('seen over a few hours', () => {
  test('an edge in the middle of a heap of equal values raises no alarm', () => {
    const heap = (random: () => number) => (random() < 0.9 ? 10 : 50 + 0.01 * random());
    for (const seed of [1, 2, 3, 4, 5, 6]) expect(minutesToAlarm(heap, 1, 240, seed)).toBe(Infinity);
  });

  test('a canary as fast as stable raises none, one 50 % slower does', () => {
    const lognormal = (random: () => number) => 20 * Math.exp(0.5 * normalOf(random));
    for (const seed of [1, 2, 3]) {
      expect(minutesToAlarm(lognormal, 1, 240, seed)).toBe(Infinity);
      expect(minutesToAlarm(lognormal, 1.5, 240, seed)).toBeLessThan(60);
    }
  });

  test('evidence falls while the canary is as fast', () => {
    let state = start;
    for (let i = 0; i < 20; i++) state = stepTailBet(state, armOf([10, 20, 30]), armOf(THOUSAND));
    expect(lnEvidence(state.bet.mixture)).toBeLessThan(0);
  });
});
