/**
 * One-sample binomial e-process: is a share above its limit p0? Against p_j > p0, with k of n:
 *
 *     ln L_j = k ln(p_j / p0) + (n - k) ln((1 - p_j) / (1 - p0)),   then start-mixture.ts
 *
 * "p95 below 50 ms" is "at most 0.05 are above 50 ms", which exact counters above 50 ms answer. Requests are taken as
 * independent: it is for absolute limits, where a burst above the limit is a breach too.
 */
import { checkBetween, checkNotNegative, checkShare } from './domain.ts';
import { newStartMixture, type StartMixture, stepMixture } from './start-mixture.ts';

/** p_j / p0 for a quantile (p0 = 1 - quantile), and for a rate of rare events. */
export const BEYOND_QUANTILE = [1.2, 1.5, 2, 3, 5, 10];
export const ABOVE_RATE = [1.5, 2, 3, 5, 10, 50];

/** Plain data, exact through JSON. */
export interface Binomial {
  /** p0. */
  readonly limit: number;
  /** p_j. */
  readonly alternatives: readonly number[];
  readonly mixture: StartMixture;
}

/**
 * Alternatives are `limit` times each of `ratios`, where that is below 1. Throws RangeError when the limit is not between 0
 * and 1, a ratio is not above 1, or no alternative is left.
 */
export function newBinomial(plannedBlocks: number, limit: number, ratios: readonly number[]): Binomial {
  checkShare('limit', limit);
  for (const ratio of ratios) if (!(ratio > 1)) throw new RangeError(`ratios: expected all above 1, found ${ratio}`);
  const alternatives = ratios.map((ratio) => limit * ratio).filter((alternative) => alternative < 1);
  if (alternatives.length === 0)
    throw new RangeError(`ratios: expected one of them times ${limit} below 1, found none`);
  return { limit, alternatives, mixture: newStartMixture(alternatives.length, plannedBlocks) };
}

/** The state after `events` of `exposures`; the same without exposures. Throws RangeError unless 0 <= events <= exposures. */
export function stepBinomial(binomial: Binomial, exposures: number, events: number): Binomial {
  checkNotNegative('exposures', exposures);
  checkBetween('events', events, 0, exposures);
  if (exposures === 0) return binomial;
  const { limit } = binomial;
  const lnFactors = binomial.alternatives.map(
    (p) => events * Math.log(p / limit) + (exposures - events) * (Math.log1p(-p) - Math.log1p(-limit)),
  );
  return { ...binomial, mixture: stepMixture(binomial.mixture, lnFactors) };
}
