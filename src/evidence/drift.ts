/**
 * How far the values of two sketches are apart. All of it describes and warns; nothing is decided by it alone. Both sketches
 * put a value into the same bin, so what is counted at the edge of a bin is exact on both sides. Undefined when one side has
 * no values. Throws Error when their alpha differs.
 */
import { MAX_BINS, quantile, sortedBins } from './sketch.ts';
import { chiSquareQuantile, kolmogorovTail } from './statistics/special.ts';
import type { Sketch } from './sums.ts';

const CELLS = 10;

/** Added to each cell: an empty one would make the index infinite. */
const PSEUDO_COUNT = 0.5;

export interface Psi {
  /** 0 = the same shares; people watch from 0.1 and act from 0.25. */
  readonly value: number;
  /** What chance alone stays below, 999 times of 1,000. */
  readonly chance: number;
  readonly cells: number;
}

/**
 * Population stability index: sum of (q - p) ln(q / p) over the shares p, q of at most 10 cells between the reference's
 * deciles. A bin that holds two deciles or more is a cell of its own, so that a reference of few values has cells too.
 */
export function psi(reference: Sketch, candidate: Sketch): Psi | undefined {
  const bins = joinBins(reference, candidate);
  if (bins === undefined) return undefined;
  const expected: number[] = [0];
  const found: number[] = [0];
  const cut = () => {
    expected.push(0);
    found.push(0);
  };
  let below = 0;
  for (const { left, right } of bins) {
    const decilesHere = decilesUpTo(below + left, reference.count) - decilesUpTo(below, reference.count);
    below += left;
    if (decilesHere > 1) cut();
    expected.push((expected.pop() ?? 0) + left);
    found.push((found.pop() ?? 0) + right);
    if (decilesHere > 0) cut();
  }
  const used = expected.map((_, cell) => cell).filter((cell) => (expected[cell] ?? 0) + (found[cell] ?? 0) > 0);
  const take = (counts: readonly number[]) => used.map((cell) => counts[cell] ?? 0);
  return {
    value: psiOfCounts(take(expected), take(found)),
    chance: (1 / reference.count + 1 / candidate.count) * chanceOf(used.length),
    cells: used.length,
  };
}

const CHANCE = new Map<number, number>();

/**
 * What chi-square with one degree less than `cells` stays below, 999 times of 1,000: under no shift PSI / (1/N + 1/M) follows
 * it. Source: Yurdakul, Naranjo, "Statistical properties of the population stability index", 2020.
 */
function chanceOf(cells: number): number {
  const degrees = Math.min(CELLS - 1, Math.max(1, cells - 1));
  let chance = CHANCE.get(degrees);
  if (chance === undefined) {
    chance = chiSquareQuantile(0.999, degrees);
    CHANCE.set(degrees, chance);
  }
  return chance;
}

/** How many of the nine deciles are among the lowest `count` of `total` values; a decile has rank k/10 (total - 1). */
function decilesUpTo(count: number, total: number): number {
  let deciles = 0;
  while (deciles < CELLS - 1 && ((deciles + 1) / CELLS) * (total - 1) < count) deciles++;
  return deciles;
}

/** The index of two histograms over the same cells. */
export function psiOfCounts(
  expected: readonly number[],
  found: readonly number[],
  pseudoCount: number = PSEUDO_COUNT,
): number {
  const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count + pseudoCount, 0);
  const [all, allFound] = [total(expected), total(found)];
  return expected.reduce((sum, count, cell) => {
    const p = (count + pseudoCount) / all;
    const q = ((found[cell] ?? 0) + pseudoCount) / allFound;
    return sum + (q - p) * Math.log(q / p);
  }, 0);
}

export interface Ks {
  /** The distance is at least this: the largest at an edge of a bin, where it is exact. */
  readonly atLeast: number;
  /** And at most this: within a bin, all of one side may come before all of the other. */
  readonly atMost: number;
  /** How often chance alone gives `atLeast` or more; never smaller than of the true distance. */
  readonly p: number;
}

/**
 * Kolmogorov-Smirnov: the largest distance between the two cumulative shares. A sketch knows them at the edges of bins only;
 * inside they are bracketed, and only what is certain counts as evidence, so where an edge happens to be raises no alarm.
 */
export function ks(reference: Sketch, candidate: Sketch): Ks | undefined {
  const bins = joinBins(reference, candidate);
  if (bins === undefined) return undefined;
  const [n, m] = [reference.count, candidate.count];
  let [atLeast, atMost, below, belowCandidate] = [0, 0, 0, 0];
  for (const { left, right } of bins) {
    atMost = Math.max(atMost, (below + left) / n - belowCandidate / m, (belowCandidate + right) / m - below / n);
    below += left;
    belowCandidate += right;
    atLeast = Math.max(atLeast, Math.abs(below / n - belowCandidate / m));
  }
  return { atLeast, atMost, p: ksP(atLeast, n, m) };
}

/** Chance of a distance of `d` or more between `n` and `m` values of one law; exact up to n m = 10,000. */
export function ksP(d: number, n: number, m: number): number {
  return n * m <= 10_000 ? exactP(d, n, m) : correctedP(d, n, m);
}

/** The tail, its argument corrected for few values (Stephens 1970). */
export function correctedP(d: number, n: number, m: number): number {
  const root = Math.sqrt((n * m) / (n + m));
  return kolmogorovTail((root + 0.12 + 0.11 / root) * d);
}

/** One less the chance that a random order of the n + m values never has the shares `d` or more apart (Hodges 1958). */
function exactP(d: number, n: number, m: number): number {
  const limit = d - 1e-9;
  const stays: number[] = new Array(m + 1).fill(0);
  for (let i = 0; i <= n; i++) {
    for (let j = 0; j <= m; j++) {
      if (i + j === 0) stays[j] = 1;
      else if (Math.abs(i / n - j / m) >= limit) stays[j] = 0;
      else stays[j] = ((i > 0 ? i * (stays[j] ?? 0) : 0) + (j > 0 ? j * (stays[j - 1] ?? 0) : 0)) / (i + j);
    }
  }
  return Math.min(1, Math.max(0, 1 - (stays[m] ?? 0)));
}

/** Median of the candidate less that of the reference, by the size of the latter; also undefined where that is 0. */
export function medianShift(reference: Sketch, candidate: Sketch): number | undefined {
  checkAlpha(reference, candidate);
  const [from, to] = [quantile(reference, 0.5), quantile(candidate, 0.5)];
  return from === undefined || to === undefined || from === 0 ? undefined : (to - from) / Math.abs(from);
}

interface JoinedBin {
  /** Values of the reference, and of the candidate. */
  readonly left: number;
  readonly right: number;
}

/** Bins of both from the lowest values up. Where one side's lowest bins are one, so are the other's. */
function joinBins(reference: Sketch, candidate: Sketch): JoinedBin[] | undefined {
  checkAlpha(reference, candidate);
  if (reference.count === 0 || candidate.count === 0) return undefined;
  const negative = joinStores(reference.negative, candidate.negative).reverse();
  const positive = joinStores(reference.positive, candidate.positive);
  return [...negative, { left: reference.zero, right: candidate.zero }, ...positive];
}

function joinStores(left: ReadonlyMap<number, number>, right: ReadonlyMap<number, number>): JoinedBin[] {
  const lefts = sortedBins(left);
  const rights = sortedBins(right);
  const floor = Math.max(floorOf(left, lefts), floorOf(right, rights));
  const joined: JoinedBin[] = [];
  for (let [i, j] = [0, 0]; i < lefts.length || j < rights.length; ) {
    // Infinity: that side has no more
    const bin = Math.max(floor, Math.min(lefts[i] ?? Infinity, rights[j] ?? Infinity));
    let [inLeft, inRight] = [0, 0];
    for (; (lefts[i] ?? Infinity) <= bin; i++) inLeft += left.get(lefts[i] ?? 0) ?? 0;
    for (; (rights[j] ?? Infinity) <= bin; j++) inRight += right.get(rights[j] ?? 0) ?? 0;
    joined.push({ left: inLeft, right: inRight });
  }
  return joined;
}

/** The bin that all lower ones may have become part of; -Infinity: none. */
function floorOf(store: ReadonlyMap<number, number>, bins: Int32Array): number {
  return store.size < MAX_BINS ? -Infinity : (bins[0] ?? -Infinity);
}

function checkAlpha(reference: Sketch, candidate: Sketch): void {
  if (reference.alpha === candidate.alpha) return;
  throw new Error(
    `sketches of alpha ${reference.alpha} and ${candidate.alpha} have different bins and cannot be compared`,
  );
}
