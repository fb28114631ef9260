/** What strata-bet.ts knows now, in the words of a Finding: ratios and differences of the canary's and stable's rates. */
import { freedomOf, MIN_FREEDOM, studentOf } from '../../evidence/statistics/block-score.ts';
import {
  boundaryTwoSided,
  lnEvidenceOneSided,
  tuneOneSided,
  tuneTwoSided,
} from '../../evidence/statistics/confidence-sequence.ts';
import { testRestarted } from '../../evidence/statistics/restarted-score.ts';
import { ratioInterval } from '../../evidence/statistics/score-interval.ts';
import { normalQuantile, studentTCdf } from '../../evidence/statistics/special.ts';
import type { Finding, GuardInput } from '../input.ts';
import type { GuardSpec } from '../spec.ts';
import { NOTHING, needsOf, sizeAt } from './finding.ts';
import { isCompared } from './side.ts';
import { type Cell, evidenceOf, interrupted, type Margin, type StrataBet, stepStrataBet } from './strata-bet.ts';
import { numberOf } from './threshold.ts';

/** Fewer events expected of the canary do not show that all is well. */
const LEAST_EVENTS = 20;

/** Where intervals are narrowest, in events of the canary. */
const PLANNED_EVENTS = 1_000;

export interface RateInterval {
  readonly value: number | undefined;
  readonly lower: number | undefined;
  readonly upper: number | undefined;
  /** The canary's exposures that it takes to tell `value` from `limit`. */
  readonly needed: number;
}

const UNKNOWN: RateInterval = { value: undefined, lower: undefined, upper: undefined, needed: Infinity };

/** Rate of the canary over stable's, less 1; it holds at every look. No events are no ratio. */
export function ratioOf({ score, sums }: StrataBet, alpha: number, limit: number): RateInterval {
  const { whole, ratio } = score;
  const needed = neededForEvents(sums[0], whole.expected);
  if (!(whole.expected > 0)) return UNKNOWN;
  const value = whole.found / whole.expected > 0 ? ratioInterval(ratio, alpha, PLANNED_EVENTS).ratio : 0;
  if (!isTellable(whole)) return { ...UNKNOWN, value: value === undefined ? undefined : value - 1, needed };
  const { lower, upper } = ratioInterval(ratio, alpha, PLANNED_EVENTS);
  const middle = (value ?? 0) - 1;
  const wide = upper === Infinity ? Infinity : sizeAt(sums[0], (upper - lower) / 2, middle - limit);
  return {
    value: middle,
    lower: lower - 1,
    upper: upper === Infinity ? undefined : upper - 1,
    needed: Math.max(needed, wide),
  };
}

/** Rate of the canary minus stable's, from differences inside each weight; it holds at every look. */
export function differenceOf({ score, sums, information }: StrataBet, alpha: number, limit: number): RateInterval {
  const { whole } = score;
  if (!(information > 0)) return UNKNOWN;
  const value = whole.sum / information;
  const needed = neededForEvents(sums[0], whole.expected);
  if (!isTellable(whole)) return { ...UNKNOWN, value, needed };
  const freedom = freedomOf(whole);
  // Where the canary has hardly any events, blocks vary less than its events would.
  const variance = (Math.max(whole.variance, whole.weight) * (freedom + 1)) / freedom;
  const boundary = boundaryTwoSided(variance, alpha, tuneTwoSided(PLANNED_EVENTS, alpha));
  const half = (studentOf(boundary / Math.sqrt(variance), freedom) * Math.sqrt(variance)) / information;
  const size = Math.max(needed, sizeAt(sums[0], half, value - limit));
  return { value, lower: value - half, upper: value + half, needed: size };
}

function isTellable(whole: StrataBet['score']['whole']): boolean {
  return whole.expected >= LEAST_EVENTS && whole.weight > 0 && freedomOf(whole) >= MIN_FREEDOM;
}

function neededForEvents(n: number, expected: number): number {
  return expected > 0 ? (n * LEAST_EVENTS) / expected : Infinity;
}

/** Block score for events that are not rare: e-value of harm, and whether it is shown. */
export function scoreHarm({ score }: StrataBet, alpha: number): { readonly eValue: number; readonly fired: boolean } {
  const { whole } = score;
  const { firedBy, whole: test } = testRestarted(score, 'increase', alpha, PLANNED_EVENTS);
  if (test.threshold === Infinity || test.freedom < MIN_FREEDOM) return { eValue: 1, fired: false };
  const variance = (whole.variance * (test.freedom + 1)) / test.freedom;
  const z = normalOf(test.z, test.freedom);
  const ln = lnEvidenceOneSided(z * Math.sqrt(variance), variance, tuneOneSided(PLANNED_EVENTS, alpha));
  return { eValue: Math.exp(ln), fired: firedBy !== undefined };
}

/** The normal quantile of the same tail as Student's t. */
function normalOf(t: number, freedom: number): number {
  const tail = studentTCdf(-Math.abs(t), freedom);
  return tail < 1e-300 ? t : -Math.sign(t) * normalQuantile(Math.min(0.5, tail));
}

/** One block more of a comparison with stable; after one that may not be looked at, what is open is given up. */
export function compare(
  margin: Margin,
  bet: StrataBet,
  input: GuardInput,
  cells: Iterable<readonly [string, Cell]>,
): StrataBet {
  return isCompared(input) ? stepStrataBet(bet, cells, input.durationMs, margin) : interrupted(bet);
}

/** Rates of two arms: harm by the bets, all well by the interval. */
export function findRates({ threshold, alpha }: GuardSpec, bet: StrataBet): Finding {
  const [n, eValue, limit] = [bet.sums[0], evidenceOf(bet), numberOf(threshold)];
  if (n === 0) return { ...NOTHING, windowMs: bet.ms };
  const { value, lower, upper, needed } = ('points' in threshold ? differenceOf : ratioOf)(bet, alpha, limit);
  const isFine = upper !== undefined && upper <= limit;
  const shown = eValue >= 1 / alpha ? 'harm' : isFine ? 'fine' : undefined;
  const needs = shown === undefined ? needsOf(Math.max(needed, n + 1), n, bet.pace) : undefined;
  return { value, lower, upper, n, eValue, shown, windowMs: bet.ms, needs };
}
