/**
 * Mean of a measure over pairs, with an interval that holds at every look (paired.ts, from sums instead of pairs). Values of
 * one pair may be alike, so the clock and the error count pairs. Plain data.
 */
import { lnEvidenceOneSided, sequenceOf, tuneOneSided } from '../../evidence/statistics/confidence-sequence.ts';
import { BURN_IN_PAIRS, PLANNED_PAIRS } from '../../evidence/statistics/paired.ts';
import { sizeForHalfWidth } from '../../evidence/statistics/sample-size.ts';
import type { Finding } from '../input.ts';
import { NOTHING, needsOf, type Pace, stepPace } from './finding.ts';

export interface MeanSums {
  readonly pairs: number;
  readonly count: number;
  readonly sum: number;
  readonly squares: number;
  readonly ms: number;
  readonly pace: Pace;
}

export function newMeanSums(): MeanSums {
  return { pairs: 0, count: 0, sum: 0, squares: 0, ms: 0, pace: { perSecond: null } };
}

export function stepMean(
  state: MeanSums,
  block: { readonly pairs: number; readonly count: number; readonly sum: number; readonly squares: number },
  durationMs: number,
): MeanSums {
  return {
    pairs: state.pairs + Math.min(block.pairs, block.count),
    count: state.count + block.count,
    sum: state.sum + block.sum,
    squares: state.squares + block.squares,
    ms: state.ms + durationMs,
    pace: stepPace(state.pace, Math.min(block.pairs, block.count), durationMs),
  };
}

/** What the mean may be: up to and with both. */
export interface Allowed {
  readonly least: number;
  readonly most: number;
}

/** Finding on the mean itself. Harm by the one-sided e-process at the side of `allowed` the mean is beyond. */
export function findMean(state: MeanSums, { least, most }: Allowed, alpha: number): Finding {
  const { pairs, count, sum, squares, ms, pace } = state;
  if (count === 0) return { ...NOTHING, windowMs: ms };
  const value = sum / count;
  const none = { ...NOTHING, value, n: pairs, windowMs: ms };
  if (pairs < BURN_IN_PAIRS) return { ...none, needs: needsOf(BURN_IN_PAIRS, pairs, pace) };
  const variance = count > 1 ? (squares - sum * value) / (count - 1) : 0;
  // All the same number: what is left is rounding.
  if (!(variance > 1e-13 * (squares / count))) {
    const isFine = value >= least && value <= most;
    return { ...none, lower: value, upper: value, shown: isFine ? 'fine' : 'harm' };
  }
  const error = Math.sqrt(variance / pairs);
  const { lower, upper } = sequenceOf(value, error, pairs, alpha, PLANNED_PAIRS);
  const beyond = Math.max(least - value, value - most) / error;
  const isBothSided = Number.isFinite(least) && Number.isFinite(most);
  const ln =
    lnEvidenceOneSided(beyond * Math.sqrt(pairs), pairs, tuneOneSided(PLANNED_PAIRS, alpha)) -
    (isBothSided ? Math.LN2 : 0);
  const isHarm = ln >= -Math.log(alpha) || lower > most || upper < least;
  const shown = isHarm ? 'harm' : lower >= least && upper <= most ? 'fine' : undefined;
  const distance = Math.min(Math.abs(value - least), Math.abs(most - value));
  const needed = distance > 0 ? sizeForHalfWidth(distance, Math.sqrt(variance), alpha, PLANNED_PAIRS) : Infinity;
  const needs = shown === undefined ? needsOf(Math.max(needed, pairs + 1), pairs, pace) : undefined;
  return { ...none, lower, upper, eValue: Math.exp(ln), shown, needs };
}
