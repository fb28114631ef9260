/**
 * How much traffic a question needs, and what can be found with what there is. Sizes are of the canary and not
 * rounded; kappa = n_stable / n_canary = (1 - weight) / weight; power = 1 - beta. Shares in 0..1. RangeError outside.
 */
import { multiplierOneSided, multiplierTwoSided } from './confidence-sequence.ts';
import { checkNotNegative, checkPositive, checkShare } from './domain.ts';
import { normalQuantile } from './special.ts';

/** With fewer expected events the normal law misleads (at 5.6 a test of nominal .01 has .017). */
const LEAST_EXPECTED = 20;

export interface Ask {
  readonly alpha: number;
  readonly sides: 1 | 2;
  readonly power: number;
  readonly kappa: number;
}

export interface SampleSize {
  readonly canaryN: number;
  readonly stableN: number;
  /** Events of the canary at stable's share; undefined for means. */
  readonly expectedEvents: number | undefined;
  readonly warning: string | undefined;
}

function zs({ alpha, sides, power, kappa }: Ask): { readonly a: number; readonly b: number } {
  checkShare('alpha', alpha);
  checkShare('power', power);
  checkPositive('kappa', kappa);
  return { a: -normalQuantile(alpha / sides), b: normalQuantile(power) };
}

function sizeOf(canaryN: number, kappa: number, stableShare?: number): SampleSize {
  const expectedEvents = stableShare === undefined ? undefined : canaryN * stableShare;
  const isFew = expectedEvents !== undefined && expectedEvents < LEAST_EXPECTED;
  const warning = isFew
    ? `only ${expectedEvents.toFixed(1)} expected events in the canary, ${LEAST_EXPECTED} are needed to rely on this size`
    : undefined;
  return { canaryN, stableN: kappa * canaryN, expectedEvents, warning };
}

/** kappa of a weight (share of the canary, 0..1). */
export function kappaOf(weight: number): number {
  checkShare('weight', weight);
  return (1 - weight) / weight;
}

/** To tell share p1 (canary) from p2 (stable), variance pooled under the null (as most calculators). */
export function sizeForShares(p1: number, p2: number, ask: Ask): SampleSize {
  const { a, b } = zs(ask);
  const k = ask.kappa;
  checkDistinct(p1, p2);
  const pooled = (p1 + k * p2) / (1 + k);
  const under = a * Math.sqrt((1 + 1 / k) * pooled * (1 - pooled));
  const n = (under + b * Math.sqrt(shareVariance(p1, p2, k))) ** 2 / (p1 - p2) ** 2;
  return sizeOf(n, k, p2);
}

/** The same with the variance of the alternative throughout. */
export function sizeForSharesUnpooled(p1: number, p2: number, ask: Ask): SampleSize {
  const { a, b } = zs(ask);
  checkDistinct(p1, p2);
  return sizeOf(((a + b) ** 2 * shareVariance(p1, p2, ask.kappa)) / (p1 - p2) ** 2, ask.kappa, p2);
}

/** To find a difference of means `delta`, standard deviation `sd` in both arms, same unit. */
export function sizeForMeans(sd: number, delta: number, ask: Ask): SampleSize {
  const { a, b } = zs(ask);
  checkPositive('standard deviation', sd);
  checkPositive('difference', Math.abs(delta));
  return sizeOf((((a + b) * sd) / delta) ** 2 * (1 + 1 / ask.kappa), ask.kappa);
}

/** To show that a share `p` is not worse by `margin` (absolute) when it is the same. One-sided alpha: sides 1. */
export function sizeForNonInferiority(p: number, margin: number, ask: Ask): SampleSize {
  const { a, b } = zs(ask);
  checkShare('share', p);
  checkPositive('margin', margin);
  return sizeOf(((a + b) ** 2 * p * (1 - p) * (1 + 1 / ask.kappa)) / (margin * margin), ask.kappa, p);
}

/** Smallest difference of a share `p` (absolute) that `canaryN` requests find with the power asked. */
export function detectableShare(p: number, canaryN: number, ask: Ask): number {
  checkShare('share', p);
  return detectableMean(Math.sqrt(p * (1 - p)), canaryN, ask);
}

/** The same of a mean, in the unit of `sd`. */
export function detectableMean(sd: number, canaryN: number, ask: Ask): number {
  const { a, b } = zs(ask);
  checkPositive('standard deviation', sd);
  checkPositive('canary n', canaryN);
  return (a + b) * sd * Math.sqrt((1 + 1 / ask.kappa) / canaryN);
}

/** How long `canaryN` requests take at `requestsPerSecond` in all, `weight` (0..1) of them to the canary. ms. */
export function durationMs(canaryN: number, requestsPerSecond: number, weight: number): number {
  checkNotNegative('canary n', canaryN);
  checkPositive('requests per second', requestsPerSecond);
  checkShare('weight', weight);
  return (canaryN / (requestsPerSecond * weight)) * 1000;
}

/** By how much more a one-sided sequence needs at most, tuned to its size: ((c1 + z_b) / (z_a + z_b))^2. A planning ceiling. */
export function sequentialInflation(alpha: number, power: number): number {
  const { a, b } = zs({ alpha, sides: 1, power, kappa: 1 });
  return ((multiplierOneSided(1, alpha, 1) + b) / (a + b)) ** 2;
}

/** Observations until the two-sided sequence is at most `halfWidth` wide on each side; `sd` of one observation, same unit. */
export function sizeForHalfWidth(halfWidth: number, sd: number, alpha: number, plannedN: number): number {
  checkPositive('half-width', halfWidth);
  checkPositive('standard deviation', sd);
  const isEnough = (n: number) => (multiplierTwoSided(n, alpha, plannedN) * sd) / Math.sqrt(n) <= halfWidth;
  let high = 1;
  while (!isEnough(high)) high *= 2;
  let low = high / 2;
  while (high - low > 0.5) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (isEnough(middle)) high = middle;
    else low = middle;
  }
  return Math.ceil(high);
}

export interface Needs {
  /** Whole observations still to come; 0 = enough. */
  readonly more: number;
  /** At the present rate; undefined while there is none. */
  readonly ms: number | undefined;
}

/** "needs 3,100 more pairs, about 14 min at this rate", as data. */
export function needsMore(needed: number, have: number, perSecond: number): Needs {
  checkNotNegative('needed', needed);
  checkNotNegative('have', have);
  checkNotNegative('rate per second', perSecond);
  const more = Math.max(0, Math.ceil(needed - have));
  if (more === 0) return { more, ms: 0 };
  return { more, ms: perSecond > 0 ? (more / perSecond) * 1000 : undefined };
}

function shareVariance(p1: number, p2: number, kappa: number): number {
  return p1 * (1 - p1) + (p2 * (1 - p2)) / kappa;
}

function checkDistinct(p1: number, p2: number): void {
  checkShare('share of the canary', p1);
  checkShare('share of stable', p2);
  if (p1 === p2) throw new RangeError(`expected two different shares, found ${p1} twice: no size tells them apart`);
}
