/**
 * Numbers of two models for the same request: b of the reference, c of the candidate. Sequences that hold at every look, on the
 * count clock of confidence-sequence.ts (N = pairs). Asymptotic: from some hundred pairs on. Sums are plain data that merge.
 */
import { multiplierTwoSided, type Sequence, sequenceOf } from './confidence-sequence.ts';
import { checkFinite, checkNotNegative, checkPositive } from './domain.ts';

/** Fewer pairs say nothing. */
export const BURN_IN_PAIRS = 100;

/** Where the interval is narrowest: an hour of 600 pairs a minute. */
export const PLANNED_PAIRS = 36_000;

/** Welford's running moments of the pairs (b, c). */
export interface PairedSums {
  count: number;
  meanReference: number;
  meanCandidate: number;
  /** Sums of squared deviations from the mean, and of their products. */
  squaresReference: number;
  squaresCandidate: number;
  products: number;
}

export function newPairedSums(): PairedSums {
  return { count: 0, meanReference: 0, meanCandidate: 0, squaresReference: 0, squaresCandidate: 0, products: 0 };
}

export function addPair(sums: PairedSums, reference: number, candidate: number): void {
  checkFinite('reference', reference);
  checkFinite('candidate', candidate);
  sums.count++;
  const deltaReference = reference - sums.meanReference;
  const deltaCandidate = candidate - sums.meanCandidate;
  sums.meanReference += deltaReference / sums.count;
  sums.meanCandidate += deltaCandidate / sums.count;
  sums.squaresReference += deltaReference * (reference - sums.meanReference);
  sums.squaresCandidate += deltaCandidate * (candidate - sums.meanCandidate);
  sums.products += deltaReference * (candidate - sums.meanCandidate);
}

/** As if all pairs had been added to one (Chan, Golub, LeVeque 1979). */
export function mergePaired(left: PairedSums, right: PairedSums): PairedSums {
  const count = left.count + right.count;
  if (count === 0) return newPairedSums();
  const share = right.count / count;
  const deltaReference = right.meanReference - left.meanReference;
  const deltaCandidate = right.meanCandidate - left.meanCandidate;
  const weight = left.count * share;
  return {
    count,
    meanReference: left.meanReference + deltaReference * share,
    meanCandidate: left.meanCandidate + deltaCandidate * share,
    squaresReference: left.squaresReference + right.squaresReference + deltaReference * deltaReference * weight,
    squaresCandidate: left.squaresCandidate + right.squaresCandidate + deltaCandidate * deltaCandidate * weight,
    products: left.products + right.products + deltaReference * deltaCandidate * weight,
  };
}

export interface PairedMoments {
  readonly count: number;
  readonly meanReference: number;
  readonly meanCandidate: number;
  readonly varianceReference: number;
  readonly varianceCandidate: number;
  readonly covariance: number;
}

/** Denominator n - 1; undefined below two pairs. */
export function momentsOf(sums: PairedSums): PairedMoments | undefined {
  const { count, meanReference, meanCandidate } = sums;
  if (count < 2) return undefined;
  return {
    count,
    meanReference,
    meanCandidate,
    varianceReference: sums.squaresReference / (count - 1),
    varianceCandidate: sums.squaresCandidate / (count - 1),
    covariance: sums.products / (count - 1),
  };
}

/**
 * Mean of c - ratio b, two-sided. Undefined below BURN_IN_PAIRS. If all of these are the same number the interval is that number.
 */
export function differenceSequence(
  sums: PairedSums,
  alpha: number,
  { ratio = 1, plannedPairs = PLANNED_PAIRS }: { readonly ratio?: number; readonly plannedPairs?: number } = {},
): Sequence | undefined {
  checkFinite('ratio', ratio);
  const moments = momentsOf(sums);
  if (moments === undefined || moments.count < BURN_IN_PAIRS) return undefined;
  const { count, varianceReference, varianceCandidate, covariance } = moments;
  const estimate = moments.meanCandidate - ratio * moments.meanReference;
  const variance = varianceCandidate - 2 * ratio * covariance + ratio * ratio * varianceReference;
  // Differences of large numbers leave some rounding where there is no spread at all.
  const rounding = 1e-15 * (varianceCandidate + ratio * ratio * varianceReference);
  if (variance > rounding) return sequenceOf(estimate, Math.sqrt(variance / count), count, alpha, plannedPairs);
  const exact = { estimate, standardError: 0, lower: estimate, upper: estimate, n: count };
  return estimate === 0 ? { ...exact, z: 0, p: 1 } : { ...exact, z: Math.sign(estimate) * Infinity, p: 0 };
}

export interface RatioOfMeans {
  readonly ratio: number;
  readonly lower: number;
  readonly upper: number;
  /** sqrt(h2): half-width in standard deviations of one pair. */
  readonly halfWidth: number;
}

/**
 * Mean of c over mean of b, two-sided (Fieller): all r whose interval of mean(c - r b) holds 0. With
 * h2 = 2 (N q + 1) / (N^2 q) ln(sqrt(N q + 1) / alpha) the ends solve
 * (mb^2 - h2 vb) r^2 - 2 (mb mc - h2 vbc) r + (mc^2 - h2 vc) = 0. Undefined while the mean of b may be 0: no bounds then.
 */
export function ratioOfMeans(
  moments: PairedMoments,
  alpha: number,
  plannedPairs: number = PLANNED_PAIRS,
): RatioOfMeans | undefined {
  const { count, meanReference: mb, meanCandidate: mc, covariance } = moments;
  checkPositive('pairs', count);
  checkNotNegative('variance of the reference', moments.varianceReference);
  checkNotNegative('variance of the candidate', moments.varianceCandidate);
  const halfWidth = multiplierTwoSided(count, alpha, plannedPairs) / Math.sqrt(count);
  const h2 = halfWidth * halfWidth;
  const a = mb * mb - h2 * moments.varianceReference;
  if (!(a > 0)) return undefined;
  const b = mb * mc - h2 * covariance;
  const root = Math.sqrt(Math.max(0, b * b - a * (mc * mc - h2 * moments.varianceCandidate)));
  return { ratio: mc / mb, lower: (b - root) / a, upper: (b + root) / a, halfWidth };
}
