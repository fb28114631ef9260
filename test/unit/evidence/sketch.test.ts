import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  add,
  binOf,
  binsOf,
  LATENCY_ALPHA,
  MAX_BINS,
  mergeInto,
  newSketch,
  quantile,
  representativeOf,
  VALUE_ALPHA,
} from '../../../src/evidence/sketch.ts';
import type { Sketch } from '../../../src/evidence/sums.ts';

function sketchOf(values: readonly number[], alpha = LATENCY_ALPHA, thresholds: number[] = []): Sketch {
  const sketch = newSketch(alpha, thresholds);
  for (const value of values) add(sketch, value);
  return sketch;
}

function mergedOf(parts: readonly Sketch[], alpha = LATENCY_ALPHA): Sketch {
  const all = newSketch(alpha);
  for (const part of parts) mergeInto(all, part);
  return all;
}

const oneToThousand = Array.from({ length: 1_000 }, (_, i) => i + 1);

describe('known answers of the paper and of research/statistics.md 1.1', () => {
  test.each([
    [0.001, -345, 0.000997],
    [0.5, -34, 0.501539],
    [1, 0, 0.99],
    [2, 35, 1.993662],
    [45, 191, 45.153916],
    [50, 196, 49.902961],
    [54, 200, 54.059376],
    [1_000, 346, 1002.428009],
    [60_000, 551, 60495.061919],
  ])('%s is in bin %i, shown as %s', (value, bin, representative) => {
    expect(binOf(0.01, value)).toBe(bin);
    expect(representativeOf(0.01, bin)).toBeCloseTo(representative, 6);
  });

  test.each([
    [0.5, 497.779401],
    [0.95, 944.049258],
    [0.99, 982.577949],
  ])('the %s-quantile of 1..1000 is %s', (q, value) => {
    expect(quantile(sketchOf(oneToThousand), q)).toBeCloseTo(value, 6);
  });

  test('no quantile lies beyond what was seen: the bin of p999 of 1..1000 is shown as 1002.43', () => {
    expect(quantile(sketchOf(oneToThousand), 0.999)).toBe(1_000);
  });

  test('two halves and their merge: p50 0.501539 and 0.565486, p95 of both 0.99', () => {
    const values = Array.from({ length: 99 }, (_, i) => (i + 1) / 100);
    const [a, b] = [sketchOf(values), sketchOf(values.map((value) => value * 1.12))];
    expect(quantile(a, 0.5)).toBeCloseTo(0.5015394534033262, 9);
    expect(quantile(b, 0.5)).toBeCloseTo(0.5654864167319598, 9);
    const both = mergedOf([a, b]);
    expect([both.count, quantile(both, 0.95)]).toEqual([198, expect.closeTo(0.99, 9)]);
  });

  test('a value on the edge of two bins is in the lower one', () => {
    const gamma = 1.01 / 0.99;
    for (let bin = -300; bin <= 300; bin += 7) expect(binOf(0.01, gamma ** bin)).toBe(bin);
  });
});

describe('quantiles', () => {
  test('without values there are none', () => {
    expect(quantile(newSketch(0.01), 0.5)).toBeUndefined();
  });

  test('of equal values are that value, and 0 and 1 are the lowest and highest', () => {
    expect(quantile(sketchOf([60, 60, 60]), 0.5)).toBe(60);
    expect([quantile(sketchOf([-3, 7, 5]), 0), quantile(sketchOf([-3, 7, 5]), 1)]).toEqual([-3, 7]);
  });

  test.each([LATENCY_ALPHA, VALUE_ALPHA])('any quantile of any values is within alpha %s of the true one', (alpha) => {
    const value = fc.oneof(
      fc.double({ min: -1e4, max: 1e4, noNaN: true }),
      fc.integer({ min: -5, max: 5 }),
      fc.double({ min: 1e-3, max: 1, noNaN: true }),
    );
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, q) => {
          const sorted = [...values].sort((one, other) => one - other);
          const truth = sorted[Math.floor(q * (values.length - 1))] ?? 0;
          const found = quantile(sketchOf(values, alpha), q) ?? Number.NaN;
          expect(Math.abs(found - truth)).toBeLessThanOrEqual(Math.abs(truth) * alpha * (1 + 1e-9) + 2e-9);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('what is not finite is not added, and says so', () => {
    const sketch = newSketch(0.01);
    expect([Number.NaN, Number.POSITIVE_INFINITY].map((value) => add(sketch, value))).toEqual([false, false]);
    expect(sketch).toEqual(newSketch(0.01));
  });
});

test('bins are in order, touch where they follow each other, and hold all values', () => {
  const bins = binsOf(sketchOf([-2, -1, -1, 0, 1, 1.02, 3]));
  expect(bins.map(({ count }) => count)).toEqual([1, 2, 1, 1, 1, 1]);
  expect(bins.map(({ value }) => Math.round(value * 10) / 10)).toEqual([-2, -1, 0, 1, 1, 3]);
  for (const { low, high, value } of bins) expect(low <= value && value <= high).toBe(true);
  expect(bins[3]?.high).toBe(bins[4]?.low);
});

describe('merging', () => {
  test('any values in any parts, merged in any order, are as one pass', () => {
    const parts = fc.array(fc.array(fc.integer({ min: -1_000, max: 1_000 }), { maxLength: 30 }), { maxLength: 8 });
    fc.assert(
      fc.property(parts, fc.boolean(), (values, reversed) => {
        const sketches = values.map((part) => sketchOf(part));
        if (reversed) sketches.reverse();
        expect(mergedOf(sketches)).toEqual(sketchOf(values.flat()));
        const [first = newSketch(0.01), ...rest] = sketches;
        mergeInto(first, mergedOf(rest));
        expect(first).toEqual(sketchOf(values.flat()));
      }),
    );
  });

  test('sketches of different alpha are refused', () => {
    expect(() => mergeInto(newSketch(0.01), newSketch(0.0025))).toThrow('sketches of alpha 0.01 and 0.0025');
  });

  test('counters above thresholds are exact, and only those that both have stay', () => {
    const one = sketchOf([49, 50, 50.0001, 51], 0.01, [50, 100]);
    expect([...one.over]).toEqual([
      [50, 2],
      [100, 0],
    ]);
    mergeInto(one, sketchOf([60, 40], 0.01, [50, 70]));
    expect([...one.over]).toEqual([[50, 3]]);
    const empty = newSketch(0.01);
    mergeInto(empty, one);
    expect([...empty.over]).toEqual([[50, 3]]);
  });
});

describe('memory', () => {
  const wide = Array.from({ length: 9_000 }, (_, i) => Math.exp(((i * 7_919) % 9_000) / 250 - 12));

  test('a store never has more than 2048 bins, and high quantiles stay right', () => {
    const sketch = sketchOf([...wide, ...wide.map((value) => -value)], VALUE_ALPHA);
    expect([sketch.positive.size, sketch.negative.size, sketch.count]).toEqual([MAX_BINS, MAX_BINS, 18_000]);
    const sorted = [...wide].sort((one, other) => one - other);
    for (const q of [0.9, 0.99]) {
      const truth = sorted[Math.floor(q * 8_999)] ?? 0;
      expect(Math.abs((quantile(sketchOf(wide, VALUE_ALPHA), q) ?? 0) / truth - 1)).toBeLessThanOrEqual(VALUE_ALPHA);
    }
  });

  test('which bins are one does not depend on the order, nor on the parts', () => {
    const bins = ({ positive }: Sketch) => [...positive].sort(([one], [other]) => one - other);
    const expected = bins(sketchOf(wide, VALUE_ALPHA));
    expect(
      bins(
        sketchOf(
          [...wide].sort((one, other) => one - other),
          VALUE_ALPHA,
        ),
      ),
    ).toEqual(expected);
    expect(
      bins(
        sketchOf(
          [...wide].sort((one, other) => other - one),
          VALUE_ALPHA,
        ),
      ),
    ).toEqual(expected);
    const parts = [0, 1, 2].map((part) =>
      sketchOf(
        wide.filter((_, i) => i % 3 === part),
        VALUE_ALPHA,
      ),
    );
    expect(bins(mergedOf(parts, VALUE_ALPHA))).toEqual(expected);
    expect(bins(mergedOf(parts.reverse(), VALUE_ALPHA))).toEqual(expected);
  });
});
