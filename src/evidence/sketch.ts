/**
 * DDSketch on the plain data of sums.ts. Source: Masson, Rim, Lee, "DDSketch", PVLDB 12(12) 2019, arXiv 1908.10693.
 * With gamma = (1 + alpha) / (1 - alpha) a value x > 0 is in bin ceil(ln x / ln gamma), which covers
 * (gamma^(bin - 1), gamma^bin] and is shown as 2 gamma^bin / (gamma + 1): at most alpha from x, relatively.
 */
import type { Sketch } from './sums.ts';

/** Of times. */
export const LATENCY_ALPHA = 0.01;
/** Of prediction values and measures: two medians must show a shift of 10 %. */
export const VALUE_ALPHA = 0.0025;

/** Of the positive values, and of the negative ones. Beyond it the bins nearest to 0 are one. */
export const MAX_BINS = 2_048;

/** |value| up to here is counted as 0. */
const ZERO = 1e-9;
/** A value on the edge of two bins is in the lower one, whatever rounding does to its logarithm. */
const EDGE = 1e-12;

interface Mapping {
  readonly gamma: number;
  readonly inverseLnGamma: number;
}

const mappings = new Map<number, Mapping>();

function mappingOf(alpha: number): Mapping {
  let mapping = mappings.get(alpha);
  if (mapping === undefined) {
    const gamma = (1 + alpha) / (1 - alpha);
    mapping = { gamma, inverseLnGamma: 1 / Math.log(gamma) };
    mappings.set(alpha, mapping);
  }
  return mapping;
}

/** `thresholds`: how many values are above each of them will be exact. */
export function newSketch(alpha: number, thresholds: readonly number[] = []): Sketch {
  return {
    alpha,
    count: 0,
    sum: 0,
    sumOfSquares: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    zero: 0,
    positive: new Map(),
    negative: new Map(),
    over: new Map(thresholds.map((threshold) => [threshold, 0])),
  };
}

/** The bin of a positive `size`. */
export function binOf(alpha: number, size: number): number {
  // 0 is added so that there is no bin -0
  return Math.ceil(Math.log(size) * mappingOf(alpha).inverseLnGamma - EDGE) + 0;
}

/** What a bin's values are shown as. */
export function representativeOf(alpha: number, bin: number): number {
  const { gamma } = mappingOf(alpha);
  return (2 * gamma ** bin) / (gamma + 1);
}

/** Adds one value; false, and nothing is added, when it is not finite. */
export function add(sketch: Sketch, value: number): boolean {
  if (!Number.isFinite(value)) return false;
  sketch.count++;
  sketch.sum += value;
  sketch.sumOfSquares += value * value;
  if (value < sketch.min) sketch.min = value;
  if (value > sketch.max) sketch.max = value;
  if (value > ZERO) addTo(sketch.positive, binOf(sketch.alpha, value), 1);
  else if (value < -ZERO) addTo(sketch.negative, binOf(sketch.alpha, -value), 1);
  else sketch.zero++;
  if (sketch.over.size > 0) countOver(sketch.over, value);
  return true;
}

function countOver(over: Map<number, number>, value: number): void {
  for (const [threshold, count] of over) if (value > threshold) over.set(threshold, count + 1);
}

/** The lowest bin of stores that are full; only to find it fast. */
const lowest = new WeakMap<ReadonlyMap<number, number>, number>();

/**
 * A full store keeps the highest bins there ever were, and what is lower is in the lowest of them: the same in whatever
 * order values come.
 */
function addTo(store: Map<number, number>, bin: number, count: number): void {
  const held = store.get(bin);
  if (held !== undefined) {
    store.set(bin, held + count);
    return;
  }
  if (store.size < MAX_BINS) {
    store.set(bin, count);
    return;
  }
  const low = lowestBin(store);
  if (bin < low) {
    store.set(low, (store.get(low) ?? 0) + count);
    return;
  }
  const collapsed = store.get(low) ?? 0;
  store.delete(low);
  store.set(bin, count);
  lowest.delete(store);
  const next = lowestBin(store);
  store.set(next, (store.get(next) ?? 0) + collapsed);
}

function lowestBin(store: ReadonlyMap<number, number>): number {
  let low = lowest.get(store);
  if (low !== undefined) return low;
  low = Number.POSITIVE_INFINITY;
  for (const bin of store.keys()) if (bin < low) low = bin;
  if (store.size >= MAX_BINS) lowest.set(store, low);
  return low;
}

/**
 * Adds `source` to `target`. Thresholds that only one of them counted cannot be known of both together and go, unless the
 * other has no values. Throws Error when their alpha differs.
 */
export function mergeInto(target: Sketch, source: Sketch): void {
  if (target.alpha !== source.alpha) {
    throw new Error(`sketches of alpha ${target.alpha} and ${source.alpha} have different bins and cannot be merged`);
  }
  mergeOver(target, source);
  if (source.count === 0) return;
  target.count += source.count;
  target.sum += source.sum;
  target.sumOfSquares += source.sumOfSquares;
  target.min = Math.min(target.min, source.min);
  target.max = Math.max(target.max, source.max);
  target.zero += source.zero;
  for (const [bin, count] of source.positive) addTo(target.positive, bin, count);
  for (const [bin, count] of source.negative) addTo(target.negative, bin, count);
}

function mergeOver(target: Sketch, source: Sketch): void {
  if (target.count > 0 && source.count > 0) {
    for (const [threshold, count] of target.over) {
      const other = source.over.get(threshold);
      if (other === undefined) target.over.delete(threshold);
      else target.over.set(threshold, count + other);
    }
    return;
  }
  if (target.count === 0 && source.count > 0) target.over.clear();
  if (target.count === 0) for (const [threshold, count] of source.over) target.over.set(threshold, count);
}

/** A stretch of the axis whose values are counted together: above `low`, up to and with `high` (mirrored below 0). */
export interface Bin {
  readonly low: number;
  readonly high: number;
  readonly value: number;
  readonly count: number;
}

/** From the lowest values to the highest. */
export function binsOf({ alpha, zero, positive, negative }: Sketch): Bin[] {
  const { gamma } = mappingOf(alpha);
  const bins: Bin[] = [];
  for (const bin of sortedBins(negative).reverse()) {
    const count = negative.get(bin) ?? 0;
    bins.push({ low: -(gamma ** bin), high: -(gamma ** (bin - 1)), value: -representativeOf(alpha, bin), count });
  }
  if (zero > 0) bins.push({ low: -ZERO, high: ZERO, value: 0, count: zero });
  for (const bin of sortedBins(positive)) {
    const count = positive.get(bin) ?? 0;
    bins.push({ low: gamma ** (bin - 1), high: gamma ** bin, value: representativeOf(alpha, bin), count });
  }
  return bins;
}

/** The bins of a store, lowest first. */
export function sortedBins(store: ReadonlyMap<number, number>): Int32Array {
  return Int32Array.from(store.keys()).sort();
}

/** The q-quantile, 0..1: the value of rank q (count - 1), from 0 and rounded down. Undefined when there are no values. */
export function quantile(sketch: Sketch, q: number): number | undefined {
  return valueAtRank(sketch, q * (sketch.count - 1));
}

/**
 * The value that `rank` others are below, never beyond the lowest or highest seen: the smallest bin whose cumulative count
 * exceeds the rank. Undefined when there are not so many.
 */
export function valueAtRank(sketch: Sketch, rank: number): number | undefined {
  const { count, min, max } = sketch;
  if (rank >= count) return undefined;
  if (rank <= 0) return count === 0 ? undefined : min;
  if (rank >= count - 1) return max;
  const { alpha, zero, positive, negative } = sketch;
  const clamp = (value: number) => Math.min(max, Math.max(min, value));
  let below = 0;
  for (const bin of sortedBins(negative).reverse()) {
    below += negative.get(bin) ?? 0;
    if (below > rank) return clamp(-representativeOf(alpha, bin));
  }
  below += zero;
  if (below > rank) return clamp(0);
  for (const bin of sortedBins(positive)) {
    below += positive.get(bin) ?? 0;
    if (below > rank) return clamp(representativeOf(alpha, bin));
  }
  return max;
}
