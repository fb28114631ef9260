/** Quantiles of times of which some never came: those are above all others. */
import { valueAtRank } from '../../evidence/sketch.ts';
import { quantileSequence, type Ranks } from '../../evidence/statistics/quantile-interval.ts';
import type { Sketch } from '../../evidence/sums.ts';

/** Where intervals of a quantile are narrowest, in values. */
const PLANNED_VALUES = 10_000;

/** The q-quantile with `missing` more values above all of the sketch: at most the largest there is. */
export function quantileWith(sketch: Sketch, missing: number, q: number): number | undefined {
  if (sketch.count === 0) return undefined;
  return valueAtRank(sketch, Math.min(sketch.count - 1, q * (sketch.count + missing - 1)));
}

/** Ranks that enclose the q-quantile of `n` values at every look. */
export function rankOf(q: number, n: number, alpha: number): Ranks {
  return quantileSequence(n, q, alpha, PLANNED_VALUES);
}
