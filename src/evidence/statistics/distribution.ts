/**
 * How far two histograms are apart, where ../drift.ts (PSI, Kolmogorov-Smirnov) does not already say it. All of it describes
 * and warns; nothing is decided by it alone. A histogram is points with counts: the bins of a sketch (binsOf), or values with
 * count 1. Undefined when one side has no values. Throws RangeError for counts below 0.
 */
import { checkFinite, checkNotNegative } from './domain.ts';
import { chiSquareTail, normalCdf } from './special.ts';

export interface Point {
  readonly value: number;
  readonly count: number;
}

/** What both have at one value. */
interface Cell {
  readonly value: number;
  reference: number;
  candidate: number;
}

interface Joined {
  /** From the lowest value up. */
  readonly cells: readonly Cell[];
  /** All values of each. */
  readonly n: number;
  readonly m: number;
}

function join(reference: readonly Point[], candidate: readonly Point[]): Joined | undefined {
  const cells = new Map<number, Cell>();
  const totals = { reference: 0, candidate: 0 };
  const put = (side: 'reference' | 'candidate', points: readonly Point[]) => {
    for (const { value, count } of points) {
      checkFinite('value', value);
      checkNotNegative('count', count);
      const cell = cells.get(value) ?? { value, reference: 0, candidate: 0 };
      cell[side] += count;
      totals[side] += count;
      cells.set(value, cell);
    }
  };
  put('reference', reference);
  put('candidate', candidate);
  if (totals.reference === 0 || totals.candidate === 0) return undefined;
  const sorted = [...cells.values()].sort((left, right) => left.value - right.value);
  return { cells: sorted, n: totals.reference, m: totals.candidate };
}

/**
 * Wasserstein-1: the area between the two cumulative shares, in the unit of the values. Of sketches it is off by at most
 * alpha (E|X| + E|Y|).
 */
export function wasserstein(reference: readonly Point[], candidate: readonly Point[]): number | undefined {
  const joined = join(reference, candidate);
  if (joined === undefined) return undefined;
  let [distance, below, belowCandidate, last] = [0, 0, 0, joined.cells[0]?.value ?? 0];
  for (const cell of joined.cells) {
    distance += Math.abs(below / joined.n - belowCandidate / joined.m) * (cell.value - last);
    below += cell.reference;
    belowCandidate += cell.candidate;
    last = cell.value;
  }
  return distance;
}

/** Wasserstein-1 by the reference's interquartile range (watch from .05, act from .15); undefined too where that is 0. */
export function relativeWasserstein(reference: readonly Point[], candidate: readonly Point[]): number | undefined {
  const distance = wasserstein(reference, candidate);
  if (distance === undefined) return undefined;
  const range = quantileOf(reference, 0.75) - quantileOf(reference, 0.25);
  return range > 0 ? distance / range : undefined;
}

/** The value of rank q (n - 1), from 0 and rounded down. */
function quantileOf(points: readonly Point[], q: number): number {
  const sorted = [...points].sort((left, right) => left.value - right.value);
  const rank = q * (sorted.reduce((sum, { count }) => sum + count, 0) - 1);
  let below = 0;
  for (const { value, count } of sorted) {
    below += count;
    if (below > rank) return value;
  }
  return Number.NaN;
}

export interface JensenShannon {
  /** 0 = the same shares, 1 = nothing in common. */
  readonly bits: number;
  /** Its root, a metric. */
  readonly distance: number;
}

/**
 * Jensen-Shannon divergence (KL(p|m) + KL(q|m)) / 2, m = (p + q) / 2, over values as categories. Few values in many bins look
 * far apart by chance. Source: Lin, IEEE Trans. Inf. Theory 37:145, 1991.
 */
export function jensenShannon(reference: readonly Point[], candidate: readonly Point[]): JensenShannon | undefined {
  const joined = join(reference, candidate);
  if (joined === undefined) return undefined;
  const part = (share: number, middle: number) => (share === 0 ? 0 : share * Math.log2(share / middle));
  const sum = joined.cells.reduce((total, cell) => {
    const [p, q] = [cell.reference / joined.n, cell.candidate / joined.m];
    return total + part(p, (p + q) / 2) + part(q, (p + q) / 2);
  }, 0);
  const bits = Math.min(1, Math.max(0, sum / 2));
  return { bits, distance: Math.sqrt(bits) };
}

export interface MannWhitney {
  /** How many of the n m pairs have the candidate's value above the reference's; equal ones count half. */
  readonly u: number;
  /** U / (n m), the common-language effect size: P(candidate > reference) + P(equal) / 2. This is what to report. */
  readonly effect: number;
  /** Of U, with ties and continuity (.5) corrected; 0 when all values are equal. Two-sided p for one look. */
  readonly z: number;
  readonly p: number;
}

/** Mann-Whitney from counts with mid-ranks; variance nm/12 (N + 1 - sum(t^3 - t) / (N (N - 1))), N = n + m, t tied values. */
export function mannWhitney(reference: readonly Point[], candidate: readonly Point[]): MannWhitney | undefined {
  const joined = join(reference, candidate);
  if (joined === undefined) return undefined;
  const { cells, n, m } = joined;
  const all = n + m;
  let [u, below, ties] = [0, 0, 0];
  for (const cell of cells) {
    u += cell.candidate * (below + cell.reference / 2);
    below += cell.reference;
    const tied = cell.reference + cell.candidate;
    ties += tied ** 3 - tied;
  }
  const variance = ((n * m) / 12) * (all + 1 - ties / (all * (all - 1)));
  const excess = u - (n * m) / 2;
  // All values equal: what is left of the variance is rounding.
  const size = variance > 1e-9 * n * m ? Math.max(0, Math.abs(excess) - 0.5) / Math.sqrt(variance) : 0;
  return { u, effect: u / (n * m), z: excess < 0 ? -size : size, p: Math.min(1, 2 * normalCdf(-size)) };
}

export interface ChiSquare {
  readonly chiSquare: number;
  readonly degrees: number;
  /** For one look. */
  readonly p: number;
}

/** Chi-square of homogeneity of two rows of counts; unreliable where fewer than 5 are expected in a cell. */
export function chiSquareOfPair(reference: readonly Point[], candidate: readonly Point[]): ChiSquare | undefined {
  const joined = join(reference, candidate);
  if (joined === undefined) return undefined;
  const { n, m } = joined;
  const cells = joined.cells.filter((cell) => cell.reference + cell.candidate > 0);
  // The two rows deviate by the same amount in each column.
  const chiSquare = cells.reduce((sum, cell) => {
    const column = cell.reference + cell.candidate;
    return sum + (cell.reference - (column * n) / (n + m)) ** 2 / ((column * n * m) / (n + m) ** 2);
  }, 0);
  const degrees = cells.length - 1;
  return { chiSquare, degrees, p: degrees === 0 ? 1 : chiSquareTail(chiSquare, degrees) };
}
