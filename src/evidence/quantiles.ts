/** Quantiles as people may see them: only where there is enough to say them, and with what never answered in them. */
import { quantile, valueAtRank } from './sketch.ts';
import type { Sketch } from './sums.ts';

/** A quantile is said only when so many observations lie beyond it. */
const MIN_BEYOND = 10;

export interface Quantiles {
  /** Observations with a value. */
  readonly count: number;
  /** Observations without one, that count as longer than any: a time-out does not make a model fast. */
  readonly unanswered: number;
  /** Undefined: fewer than 10 observations lie beyond it, or it lies among the unanswered. */
  readonly p50: number | undefined;
  readonly p95: number | undefined;
  readonly p99: number | undefined;
  readonly p999: number | undefined;
}

export function quantilesOf(sketch: Sketch, unanswered = 0): Quantiles {
  const total = sketch.count + unanswered;
  const at = (q: number) => {
    const isEnough = Math.round(total * (1 - q) * 1_000) / 1_000 >= MIN_BEYOND;
    return isEnough ? valueAtRank(sketch, q * (total - 1)) : undefined;
  };
  return { count: sketch.count, unanswered, p50: at(0.5), p95: at(0.95), p99: at(0.99), p999: at(0.999) };
}

export interface Spread {
  readonly count: number;
  readonly mean: number | undefined;
  readonly min: number | undefined;
  readonly p50: number | undefined;
  readonly p95: number | undefined;
  readonly max: number | undefined;
}

/** All undefined when there are no values. */
export function spreadOf(sketch: Sketch): Spread {
  const { count, sum, min, max } = sketch;
  const [p50, p95] = [quantile(sketch, 0.5), quantile(sketch, 0.95)];
  if (count === 0) return { count, mean: undefined, min: undefined, p50, p95, max: undefined };
  return { count, mean: sum / count, min, p50, p95, max };
}
