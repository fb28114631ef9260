/**
 * Ratio of two rates from sums of independent events, by inverting the normal mixture boundary with the binomial variance: all r
 * with |S(r)| <= u(V(r)), S(r) = sum k_c - theta_r K, V(r) = sum theta_r (1 - theta_r) K, theta_r = n_c r / (n_c r + n_s).
 * Only where events are independent (pairs, reports); over blocks of requests use score-interval.ts.
 */
import { bisect } from './bisect.ts';
import { boundaryTwoSided, tuneTwoSided } from './confidence-sequence.ts';
import { checkEvents } from './domain.ts';
import type { RatioInterval } from './score-interval.ts';
import type { TwoArms } from './two-arms.ts';

const WIDEST = 20;

/**
 * A cell is a stretch with a constant split: a weight, a stratum. `plannedVariance`: narrowest there, in events; by default at
 * the variance found. Throws RangeError.
 */
export function rateRatioSequence(cells: readonly TwoArms[], alpha: number, plannedVariance?: number): RatioInterval {
  const at = (lnRatio: number) => {
    let [sum, variance] = [0, 0];
    for (const { canary, stable, canaryEvents, stableEvents } of cells) {
      const [share, events] = [1 / (1 + (stable / canary) * Math.exp(-lnRatio)), canaryEvents + stableEvents];
      sum += canaryEvents - share * events;
      variance += share * (1 - share) * events;
    }
    return { sum, variance };
  };
  for (const cell of cells) {
    checkEvents('canary', cell.canaryEvents, cell.canary);
    checkEvents('stable', cell.stableEvents, cell.stable);
  }
  const canary = cells.reduce((sum, cell) => sum + cell.canaryEvents, 0);
  const stable = cells.reduce((sum, cell) => sum + cell.stableEvents, 0);
  if (canary + stable === 0) return { ratio: undefined, lower: 0, upper: Infinity };
  const rho = tuneTwoSided(plannedVariance ?? at(0).variance, alpha);
  const outside = (lnRatio: number) => {
    const { sum, variance } = at(lnRatio);
    return Math.abs(sum) - boundaryTwoSided(variance, alpha, rho);
  };
  const isInside = canary > 0 && stable > 0;
  const middle = isInside ? bisect((lnRatio) => at(lnRatio).sum, -WIDEST, WIDEST) : canary > 0 ? WIDEST : -WIDEST;
  const lower = outside(-WIDEST) > 0 ? Math.exp(bisect(outside, -WIDEST, middle)) : 0;
  const upper = outside(WIDEST) > 0 ? Math.exp(bisect(outside, middle, WIDEST)) : Infinity;
  return { ratio: isInside ? Math.exp(middle) : undefined, lower, upper };
}
