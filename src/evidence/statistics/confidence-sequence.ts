/**
 * Confidence sequences by a normal mixture: intervals that hold at every look. S is a sum with mean 0 under the null and V its
 * variance so far (the "intrinsic time"). Source: Howard, Ramdas, McAuliffe, Sekhon, Ann. Stat. 49:1055, 2021. The count clock
 * (V estimated, time = observations): Waudby-Smith et al., Ann. Stat. 2024, arXiv 2103.06476, in the form GrowthBook ships.
 * Alpha is the error probability over all looks together. All functions throw RangeError outside their domain.
 */
import { bisect } from './bisect.ts';
import { checkFinite, checkNotNegative, checkOneSidedAlpha, checkPositive, checkShare } from './domain.ts';
import { lnNormalCdf } from './special.ts';

/** rho that makes the two-sided boundary narrowest near V = `plannedVariance`; in units of V. */
export function tuneTwoSided(plannedVariance: number, alpha: number): number {
  checkPositive('planned variance', plannedVariance);
  checkShare('alpha', alpha);
  const lnInverse = -2 * Math.log(alpha);
  return plannedVariance / (lnInverse + Math.log1p(lnInverse));
}

/** The same for one side: alpha counts twice. */
export function tuneOneSided(plannedVariance: number, alpha: number): number {
  checkOneSidedAlpha(alpha);
  return tuneTwoSided(plannedVariance, 2 * alpha);
}

/** u(V): |S| stays below it at all times with probability 1 - alpha. In units of S. */
export function boundaryTwoSided(variance: number, alpha: number, rho: number): number {
  checkVariance(variance, rho);
  checkShare('alpha', alpha);
  return Math.sqrt((variance + rho) * (Math.log((variance + rho) / rho) - 2 * Math.log(alpha)));
}

/** ln of the two-sided e-process; with S/V, 1/V per observation and rho = 1/tau^2 it is the mSPRT (Johari et al. 2022). */
export function lnEvidenceTwoSided(sum: number, variance: number, rho: number): number {
  checkVariance(variance, rho);
  checkFinite('sum', sum);
  return 0.5 * Math.log(rho / (variance + rho)) + (sum * sum) / (2 * (variance + rho));
}

/** ln of the one-sided e-process against "S has no positive drift". */
export function lnEvidenceOneSided(sum: number, variance: number, rho: number): number {
  checkVariance(variance, rho);
  checkFinite('sum', sum);
  const total = variance + rho;
  return 0.5 * Math.log((4 * rho) / total) + (sum * sum) / (2 * total) + lnNormalCdf(sum / Math.sqrt(total));
}

/** u(V): S stays below it at all times with probability 1 - alpha; where the one-sided e-process is 1/alpha. */
export function boundaryOneSided(variance: number, alpha: number, rho: number): number {
  const closed = boundaryOneSidedClosed(variance, alpha, rho);
  return bisect((sum) => lnEvidenceOneSided(sum, variance, rho) + Math.log(alpha), 0, closed);
}

/** A closed form above boundaryOneSided: by less than 0.3 % at alpha .01, about 1 % at .05. */
export function boundaryOneSidedClosed(variance: number, alpha: number, rho: number): number {
  checkVariance(variance, rho);
  checkOneSidedAlpha(alpha);
  return Math.sqrt(2 * (variance + rho) * Math.log1p(Math.sqrt((variance + rho) / rho) / (2 * alpha)));
}

/** Standard errors on either side of an estimate of `n` observations; narrowest near `plannedN`. Count clock. */
export function multiplierTwoSided(n: number, alpha: number, plannedN: number): number {
  checkPositive('n', n);
  return boundaryTwoSided(n, alpha, tuneTwoSided(plannedN, alpha)) / Math.sqrt(n);
}

/** The same for a bound on one side, closed form. It grows as alpha falls for alpha up to .05; above, not where n << plannedN. */
export function multiplierOneSided(n: number, alpha: number, plannedN: number): number {
  checkPositive('n', n);
  return boundaryOneSidedClosed(n, alpha, tuneOneSided(plannedN, alpha)) / Math.sqrt(n);
}

/** Always-valid p, two-sided, of an estimate `z` standard errors from the null. `alpha` only tunes rho. */
export function alwaysValidP(z: number, n: number, alpha: number, plannedN: number): number {
  checkPositive('n', n);
  return Math.min(1, Math.exp(-lnEvidenceTwoSided(z * Math.sqrt(n), n, tuneTwoSided(plannedN, alpha))));
}

/** Of the values of one arm. */
export interface Moments {
  readonly count: number;
  readonly mean: number;
  readonly variance: number;
}

export interface Sequence {
  readonly estimate: number;
  readonly standardError: number;
  readonly lower: number;
  readonly upper: number;
  /** estimate / standardError; 0 when the standard error is 0. */
  readonly z: number;
  /** Always-valid p against "the estimate is of 0". */
  readonly p: number;
  /** Observations that the clock counts. */
  readonly n: number;
}

/** Estimate with its two-sided interval that holds at all looks. Standard error 0: nothing is known of the spread, no interval. */
export function sequenceOf(
  estimate: number,
  standardError: number,
  n: number,
  alpha: number,
  plannedN: number,
): Sequence {
  checkFinite('estimate', estimate);
  checkNotNegative('standard error', standardError);
  const multiplier = multiplierTwoSided(n, alpha, plannedN);
  if (standardError === 0) {
    return { estimate, standardError, lower: -Infinity, upper: Infinity, z: 0, p: 1, n };
  }
  const [half, z] = [multiplier * standardError, estimate / standardError];
  const p = alwaysValidP(z, n, alpha, plannedN);
  return { estimate, standardError, lower: estimate - half, upper: estimate + half, z, p, n };
}

/**
 * Mean of the canary minus mean of stable, independent observations. `plannedN` counts both arms. Only while the
 * weight is constant: over changing weights and times of day use the block score, whose clock is the variance.
 */
export function meansDifference(canary: Moments, stable: Moments, alpha: number, plannedN: number): Sequence {
  for (const { count, variance } of [canary, stable]) {
    checkPositive('count', count);
    checkNotNegative('variance', variance);
  }
  const standardError = Math.sqrt(canary.variance / canary.count + stable.variance / stable.count);
  const n = canary.count + stable.count;
  return sequenceOf(canary.mean - stable.mean, standardError, n, alpha, plannedN);
}

function checkVariance(variance: number, rho: number): void {
  checkNotNegative('variance', variance);
  checkPositive('rho', rho);
}
