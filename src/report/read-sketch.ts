/** Quantiles, spreads and histograms as a report shows them. Pure. */
import { quantilesOf as enoughFor } from '../evidence/quantiles.ts';
import { binsOf, quantile } from '../evidence/sketch.ts';
import type { Sketch } from '../evidence/sums.ts';
import type { Bin, Quantiles, Spread } from './report.ts';

/** With fewer values beyond a quantile it would be read as more than it is. */
const LEAST_BEYOND = 10;

/** `unanswered`: how many have no value and count as longer than any. */
export function quantilesOf(sketch: Sketch, unanswered = 0): Quantiles {
  const { p50, p95, p99, p999 } = enoughFor(sketch, unanswered);
  return {
    count: sketch.count,
    unanswered,
    mean: meanOf(sketch),
    p50: p50 ?? null,
    p95: p95 ?? null,
    p99: p99 ?? null,
    p999: p999 ?? null,
    max: sketch.count === 0 ? null : sketch.max,
  };
}

export function spreadOf(sketch: Sketch): Spread {
  const { count } = sketch;
  const at = (q: number) => (count * Math.min(q, 1 - q) >= LEAST_BEYOND - 1e-9 ? (quantile(sketch, q) ?? null) : null);
  return {
    count,
    mean: meanOf(sketch),
    min: count === 0 ? null : sketch.min,
    p05: at(0.05),
    p50: at(0.5),
    p95: at(0.95),
    max: count === 0 ? null : sketch.max,
  };
}

/** p50 of any number of values. */
export function medianOf(sketch: Sketch): number | null {
  return quantile(sketch, 0.5) ?? null;
}

function meanOf({ count, sum }: Sketch): number | null {
  return count === 0 ? null : sum / count;
}

const BINS = 40;
/** One extreme value must not make all others one bar. */
const TAIL = 0.005;

/** Equally wide bins from the 0.5 % to the 99.5 % quantile; the first and last hold what is beyond. Empty when all values are 0. */
export function histogramOf(sketch: Sketch): Bin[] {
  const { count, zero, min, max } = sketch;
  if (count === 0 || count === zero) return [];
  const from = Math.min(0, Math.max(min, quantile(sketch, TAIL) ?? min));
  const to = Math.max(0, Math.min(max, quantile(sketch, 1 - TAIL) ?? max));
  if (!(to > from)) return [];
  const width = (to - from) / BINS;
  const counts = new Array<number>(BINS).fill(0);
  for (const { value, count: times } of binsOf(sketch)) {
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor((value - from) / width)));
    counts[bin] = (counts[bin] ?? 0) + times;
  }
  return counts.map((times, n) => ({ from: from + n * width, to: from + (n + 1) * width, count: times }));
}
