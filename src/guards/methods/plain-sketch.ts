/** A sketch as plain JSON, for states: bins as a flat list `bin, count, ...`, lowest first. */
import { binsOf, mergeInto, newSketch } from '../../evidence/sketch.ts';
import type { Sketch } from '../../evidence/sums.ts';

export interface PlainSketch {
  readonly alpha: number;
  readonly count: number;
  readonly sum: number;
  readonly sumOfSquares: number;
  /** null: no values. */
  readonly min: number | null;
  readonly max: number | null;
  readonly zero: number;
  readonly positive: readonly number[];
  readonly negative: readonly number[];
}

/** `plain` with the values of `sketch` too; anew where the width of bins is another. */
export function plus(plain: PlainSketch | null, sketch: Sketch): PlainSketch {
  if (plain !== null && plain.alpha === sketch.alpha && sketch.count === 0) return plain;
  const sum = plain === null || plain.alpha !== sketch.alpha ? newSketch(sketch.alpha) : sketchOf(plain);
  mergeInto(sum, sketch);
  return plainOf(sum);
}

function plainOf({ alpha, count, sum, sumOfSquares, min, max, zero, positive, negative }: Sketch): PlainSketch {
  const flat = (bins: ReadonlyMap<number, number>) => [...bins].sort(([one], [other]) => one - other).flat();
  const ends = count === 0 ? { min: null, max: null } : { min, max };
  return { alpha, count, sum, sumOfSquares, ...ends, zero, positive: flat(positive), negative: flat(negative) };
}

/** Exact counters of thresholds are not kept. */
export function sketchOf({ alpha, count, sum, sumOfSquares, min, max, zero, positive, negative }: PlainSketch): Sketch {
  const sketch = newSketch(alpha);
  Object.assign(sketch, { count, sum, sumOfSquares, min: min ?? sketch.min, max: max ?? sketch.max, zero });
  fill(sketch.positive, positive);
  fill(sketch.negative, negative);
  return sketch;
}

function fill(bins: Map<number, number>, flat: readonly number[]): void {
  for (let at = 0; at < flat.length; at += 2) bins.set(flat[at] ?? 0, flat[at + 1] ?? 0);
}

/**
 * Between which values the order statistics of rank `lower` and `upper` lie (1 = the smallest): outer edges of their bins.
 * -Infinity and Infinity where there is no such rank.
 */
export function boundsOf(sketch: Sketch, lower: number, upper: number): { lower: number; upper: number } {
  let [low, high, below] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 0];
  const bins = binsOf(sketch);
  for (const bin of bins) {
    const upTo = below + bin.count;
    if (lower >= 1 && lower > below && lower <= upTo) low = Math.max(bin.low, sketch.min);
    if (upper > below && upper <= upTo) high = Math.min(bin.high, sketch.max);
    below = upTo;
  }
  // beyond the largest value there is nothing lower than it
  if (lower > below && below > 0) low = sketch.max;
  return { lower: low, upper: high };
}

/** How many values are above `threshold`: by its counter, or at least and at most by the bins. */
export function countOver(sketch: Sketch, threshold: number): { readonly atLeast: number; readonly atMost: number } {
  const exact = sketch.over.get(threshold);
  if (exact !== undefined) return { atLeast: exact, atMost: exact };
  let [atLeast, atMost] = [0, 0];
  for (const { low, high, count } of binsOf(sketch)) {
    if (low >= threshold) atLeast += count;
    if (high > threshold) atMost += count;
  }
  if (sketch.max <= threshold) return { atLeast: 0, atMost: 0 };
  return { atLeast: sketch.min > threshold ? sketch.count : atLeast, atMost };
}
