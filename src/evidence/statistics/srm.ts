/**
 * Sample ratio mismatch: do units arrive in the planned shares? Counts x with planned shares p, against shares drawn from
 * Dirichlet(C p), may be looked at any time:
 *
 *     ln e = ln G(C) - sum ln G(C p_i) + sum ln G(C p_i + x_i) - ln G(C + n) - sum x_i ln p_i
 *
 * When the shares change, the factor of the old ones is frozen and multiplied by the one that starts. Source: Lindon, Malek,
 * NeurIPS 2022, arXiv 2011.03567; C = 10,000 as in GrowthBook. Count units, not requests, where assignment is by unit.
 */
import { checkPositive } from './domain.ts';
import { chiSquareTail, stirlingCorrection } from './special.ts';

/** Shares of the alternative are within some 1/sqrt(C) of the planned ones. */
export const CONCENTRATION = 10_000;

/** Plain data, exact through JSON. */
export interface Srm {
  readonly concentration: number;
  /** Planned now; each above 0, their sum 1. */
  readonly shares: readonly number[];
  /** Since these shares are planned. */
  readonly counts: readonly number[];
  /** ln of the factors of earlier shares. */
  readonly frozenLn: number;
  /** ln of the largest e so far; 0 at the start. */
  readonly highestLn: number;
}

/** Throws RangeError unless there are at least 2 shares above 0 that sum to 1, and the concentration is above 0. */
export function newSrm(shares: readonly number[], concentration: number = CONCENTRATION): Srm {
  checkShares(shares);
  checkPositive('concentration', concentration);
  return { concentration, shares, counts: shares.map(() => 0), frozenLn: 0, highestLn: 0 };
}

function checkShares(shares: readonly number[]): void {
  const sum = shares.reduce((total, share) => total + share, 0);
  if (shares.length >= 2 && shares.every((share) => share > 0) && Math.abs(sum - 1) <= 1e-9) return;
  throw new RangeError(`shares: expected 2 or more above 0 that sum to 1, found ${shares.join(', ')}`);
}

function checkCounts(counts: readonly number[], shares: readonly number[]): void {
  if (counts.length === shares.length && counts.every((count) => count >= 0 && count < Infinity)) return;
  throw new RangeError(`counts: expected ${shares.length} of 0 or more, found ${counts.join(', ')}`);
}

/** The state after `counts` more units of each share. */
export function stepSrm(srm: Srm, counts: readonly number[]): Srm {
  checkCounts(counts, srm.shares);
  const next = { ...srm, counts: srm.counts.map((count, at) => count + (counts[at] ?? 0)) };
  return { ...next, highestLn: Math.max(srm.highestLn, lnSrmEvidence(next)) };
}

/** The state from when other shares are planned. Throws RangeError as newSrm, or when there are not as many as before. */
export function planShares(srm: Srm, shares: readonly number[]): Srm {
  checkShares(shares);
  if (shares.length !== srm.shares.length) {
    throw new RangeError(`shares: expected ${srm.shares.length} as before, found ${shares.length}`);
  }
  if (shares.every((share, at) => share === srm.shares[at])) return srm;
  return { ...srm, shares, counts: shares.map(() => 0), frozenLn: lnSrmEvidence(srm) };
}

/** ln e over all shares there were. */
export function lnSrmEvidence({ concentration, shares, counts, frozenLn }: Srm): number {
  return frozenLn + lnDirichletFactor(counts, shares, concentration);
}

/** Always-valid p. */
export function srmP({ highestLn }: Srm): number {
  return Math.exp(-highestLn);
}

/** The formula above with Stirling's series put in: what is large in it cancels on paper, not in rounding. */
function lnDirichletFactor(counts: readonly number[], shares: readonly number[], concentration: number): number {
  const n = counts.reduce((sum, count) => sum + count, 0);
  if (n === 0) return 0;
  const all = concentration + n;
  let ln = -((shares.length - 1) / 2) * Math.log1p(n / concentration);
  ln += stirlingCorrection(concentration) - stirlingCorrection(all);
  for (const [at, share] of shares.entries()) {
    const prior = concentration * share;
    const count = counts[at] ?? 0;
    ln += (prior + count - 0.5) * Math.log1p((count - n * share) / (all * share));
    ln += stirlingCorrection(prior + count) - stirlingCorrection(prior);
  }
  return ln;
}

/** Chi-square of counts against planned shares, for a report that is read once (act at p < .001). */
export function goodnessOfFit(counts: readonly number[], shares: readonly number[]): { chiSquare: number; p: number } {
  checkShares(shares);
  checkCounts(counts, shares);
  const n = counts.reduce((sum, count) => sum + count, 0);
  if (n === 0) return { chiSquare: 0, p: 1 };
  const chiSquare = shares.reduce((sum, share, at) => sum + ((counts[at] ?? 0) - n * share) ** 2 / (n * share), 0);
  return { chiSquare, p: chiSquareTail(chiSquare, shares.length - 1) };
}
