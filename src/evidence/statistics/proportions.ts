/**
 * Shares and their differences at one fixed look: for reports, never as a trigger that is evaluated again and again (39 % false
 * alarms a day at alpha .05). k events of n trials; intervals are two-sided at `confidence` unless said. RangeError outside.
 */
import { checkEvents, checkPositive, checkShare } from './domain.ts';
import { betaQuantile, normalCdf, normalQuantile } from './special.ts';

/** k of n. */
export interface Share {
  readonly events: number;
  readonly trials: number;
}

export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

function checkedShare(name: string, { events, trials }: Share): number {
  checkEvents(name, events, trials);
  return events / trials;
}

/** z of a two-sided interval. */
export function zOf(confidence: number): number {
  checkShare('confidence', confidence);
  return -normalQuantile((1 - confidence) / 2);
}

/** Wilson 1927: centre (p + z^2/2n)/(1 + z^2/n), half z/(1 + z^2/n) sqrt(p(1-p)/n + z^2/4n^2). */
export function wilson(share: Share, confidence = 0.95): Interval {
  const [p, n, z] = [checkedShare('share', share), share.trials, zOf(confidence)];
  const scale = 1 + (z * z) / n;
  const centre = (p + (z * z) / (2 * n)) / scale;
  const half = (z / scale) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  // Exactly 0 and 1 where rounding would leave a trace.
  const lower = share.events === 0 ? 0 : centre - half;
  return { lower, upper: share.events === n ? 1 : centre + half };
}

export interface PooledZ {
  readonly z: number;
  /** Of "the canary's share is larger". */
  readonly pOneSided: number;
  readonly pTwoSided: number;
}

/** z = (p1 - p2) / sqrt(p (1 - p) (1/n1 + 1/n2)); undefined when no trial, or every one, had an event. */
export function pooledZ(canary: Share, stable: Share): PooledZ | undefined {
  const difference = checkedShare('canary', canary) - checkedShare('stable', stable);
  const p = (canary.events + stable.events) / (canary.trials + stable.trials);
  if (p === 0 || p === 1) return undefined;
  const z = difference / Math.sqrt(p * (1 - p) * (1 / canary.trials + 1 / stable.trials));
  return { z, pOneSided: normalCdf(-z), pTwoSided: 2 * normalCdf(-Math.abs(z)) };
}

/** Difference p1 - p2; Newcombe, Stat. Med. 17:873, 1998, method 10 (from two Wilson intervals). Finite also at 0 events. */
export function newcombe(canary: Share, stable: Share, confidence = 0.95): Interval & { readonly difference: number } {
  const [p1, p2] = [checkedShare('canary', canary), checkedShare('stable', stable)];
  const [one, two] = [wilson(canary, confidence), wilson(stable, confidence)];
  const difference = p1 - p2;
  const lower = difference - Math.hypot(p1 - one.lower, two.upper - p2);
  return { difference, lower, upper: difference + Math.hypot(one.upper - p1, p2 - two.lower) };
}

/** Katz: exp(ln RR +- z sqrt(1/k1 - 1/n1 + 1/k2 - 1/n2)); undefined below 5 events in an arm. */
export function katz(
  canary: Share,
  stable: Share,
  confidence = 0.95,
): (Interval & { readonly ratio: number }) | undefined {
  const [p1, p2] = [checkedShare('canary', canary), checkedShare('stable', stable)];
  if (canary.events < 5 || stable.events < 5) return undefined;
  const error = Math.sqrt(lnShareVariance(canary) + lnShareVariance(stable));
  const [ln, half] = [Math.log(p1 / p2), zOf(confidence) * error];
  return { ratio: p1 / p2, lower: Math.exp(ln - half), upper: Math.exp(ln + half) };
}

/** Variance of ln p: 1/k - 1/n. */
export function lnShareVariance({ events, trials }: Share): number {
  return 1 / events - 1 / trials;
}

/** Exact (Clopper-Pearson): beta quantiles. */
export function clopperPearson(share: Share, confidence = 0.95): Interval {
  const tail = (1 - confidence) / 2;
  checkShare('confidence', confidence);
  return { lower: exactLower(share, 1 - tail), upper: exactUpper(share, 1 - tail) };
}

/** Exact upper bound on one side; with 0 events 1 - (1 - confidence)^(1/n), about 3/n at 95 %. */
export function exactUpper(share: Share, confidence = 0.95): number {
  checkedShare('share', share);
  checkShare('confidence', confidence);
  const { events, trials } = share;
  if (events === 0) return -Math.expm1(Math.log1p(-confidence) / trials);
  return events === trials ? 1 : betaQuantile(confidence, events + 1, trials - events);
}

/** Exact lower bound on one side. */
export function exactLower(share: Share, confidence = 0.95): number {
  checkedShare('share', share);
  checkShare('confidence', confidence);
  const { events, trials } = share;
  if (events === trials) return Math.exp(Math.log1p(-confidence) / trials);
  return events === 0 ? 0 : betaQuantile(1 - confidence, events, trials - events + 1);
}

/** Upper quantile of the Jeffreys posterior Beta(k + 1/2, n - k + 1/2). */
export function jeffreysUpper(share: Share, quantile = 0.975): number {
  checkedShare('share', share);
  checkShare('quantile', quantile);
  return betaQuantile(quantile, share.events + 0.5, share.trials - share.events + 0.5);
}

/** Trials without an event needed to say that the share is below `bound`: 2,995 for 0.1 % at 95 %, 4,603 at 99 %. */
export function cleanTrials(bound: number, confidence = 0.95): number {
  checkShare('bound', bound);
  checkShare('confidence', confidence);
  return Math.ceil(Math.log1p(-confidence) / Math.log1p(-bound));
}

/** The rule of three: upper 95 % bound of a share without events, 3/n (Hanley, Lippman-Hand 1983). */
export function ruleOfThree(trials: number): number {
  checkPositive('trials', trials);
  return 3 / trials;
}
