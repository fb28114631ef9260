/**
 * How far a quantile of the candidate's numbers is from the reference's, |candidate / reference - 1|. Harm: more than allowed
 * in three windows of 10 min in a row, of 1,000 values each; or the intervals of both quantiles since the start, which hold at
 * every look, leave no other way. All is well when they leave no shift beyond the limit.
 */

import { valueAtRank } from '../../evidence/sketch.ts';
import type { Sketch } from '../../evidence/sums.ts';
import type { Finding, GuardMethod, LimitSample, LimitSums } from '../input.ts';
import type { GuardSpec } from '../spec.ts';
import { NOTHING, needsOf, type Pace, sizeAt, stepPace } from './finding.ts';
import { boundsOf, sketchOf } from './plain-sketch.ts';
import { rankOf } from './quantile-of.ts';
import { isLookedAt } from './side.ts';
import { numberOf } from './threshold.ts';
import { quantileOf } from './times.ts';
import {
  type BothSides,
  growWindow,
  isClosed,
  LEAST_VALUES,
  newWindow,
  sketchesOfBins,
  sumsOfBins,
  type ValueWindow,
  valuesOf,
} from './value-window.ts';

const WINDOWS_IN_A_ROW = 3;
/** Bins of 0.5 %, and a limit without evidence. */
const LIMIT_BINS = 2;

export interface ShiftState {
  readonly window: ValueWindow;
  readonly all: ValueWindow;
  /** Closed windows in a row beyond the limit. */
  readonly beyond: number;
  readonly pace: Pace;
}

export const pairShiftMethod: GuardMethod<ShiftState> = {
  /** Only where there is nothing but a limit: the windows below are the rule otherwise. */
  sums(spec, input): LimitSums | undefined {
    return spec.evidence === 'none' ? sumsOfBins(valuesOf(spec, input), LIMIT_BINS) : undefined;
  },

  read(spec, sums): LimitSample {
    const sides = sketchesOfBins(sums, LIMIT_BINS);
    const value = shiftOf(sides, quantileOf(spec));
    const n = Math.min(sides.reference.count, sides.candidate.count);
    return { value, n, broken: value !== undefined && value > numberOf(spec.threshold) };
  },

  start(): ShiftState {
    return { window: newWindow(), all: newWindow(), beyond: 0, pace: { perSecond: null } };
  },

  step(spec, state, input): ShiftState {
    if (!isLookedAt(input)) return state;
    const values = valuesOf(spec, input);
    const window = growWindow(state.window, values, input.durationMs);
    const next = {
      ...state,
      window,
      all: growWindow(state.all, values, input.durationMs),
      pace: stepPace(state.pace, values.candidate.count, input.durationMs),
    };
    if (!isClosed(window, input.durationMs)) return next;
    return { ...next, window: newWindow(), beyond: beyondAfter(spec, state.beyond, window) };
  },

  find(spec, { all, beyond, pace }): Finding {
    if (all.reference === null || all.candidate === null) return { ...NOTHING, windowMs: all.ms };
    const sides = { reference: sketchOf(all.reference), candidate: sketchOf(all.candidate) };
    const n = Math.min(sides.reference.count, sides.candidate.count);
    const [q, limit] = [quantileOf(spec), numberOf(spec.threshold)];
    const value = n === 0 ? undefined : shiftOf(sides, q);
    const around = n < LEAST_VALUES ? undefined : intervalOf(sides, q, spec.alpha);
    const { lower, upper } = around ?? { lower: undefined, upper: undefined };
    const isHarm = beyond >= WINDOWS_IN_A_ROW || (lower !== undefined && lower > limit);
    const shown = isHarm ? 'harm' : upper !== undefined && upper <= limit ? 'fine' : undefined;
    const half = around === undefined ? Infinity : (around.upper - around.lower) / 2;
    const needed = around === undefined ? LEAST_VALUES : sizeAt(n, half, Math.abs((value ?? 0) - limit));
    const needs = shown === undefined ? needsOf(Math.max(needed, n + 1), n, pace) : undefined;
    return { value, lower, upper, n, eValue: undefined, shown, windowMs: all.ms, needs };
  },
};

/** A window with too few values says nothing: neither does it end a row. */
function beyondAfter(spec: GuardSpec, beyond: number, { reference, candidate }: ValueWindow): number {
  if (reference === null || candidate === null) return beyond;
  if (Math.min(reference.count, candidate.count) < LEAST_VALUES) return beyond;
  const shift = shiftOf({ reference: sketchOf(reference), candidate: sketchOf(candidate) }, quantileOf(spec));
  if (shift === undefined) return beyond;
  return shift > numberOf(spec.threshold) ? beyond + 1 : 0;
}

/** Undefined while the reference's quantile is 0. */
function shiftOf({ reference, candidate }: BothSides, q: number): number | undefined {
  const [from, to] = [at(reference, q), at(candidate, q)];
  return from === undefined || to === undefined || from === 0 ? undefined : Math.abs(to - from) / Math.abs(from);
}

function at(sketch: Sketch, q: number): number | undefined {
  return valueAtRank(sketch, q * (sketch.count - 1));
}

/** Half of alpha for each quantile. Undefined where the reference's may be 0. */
function intervalOf({ reference, candidate }: BothSides, q: number, alpha: number) {
  const [from, to] = [reference, candidate].map((sketch) => {
    const { lower, upper } = rankOf(q, sketch.count, alpha / 2);
    return boundsOf(sketch, lower, upper);
  });
  if (from === undefined || to === undefined || !(from.lower > 0 || from.upper < 0)) return undefined;
  const ratios = [to.lower / from.lower, to.lower / from.upper, to.upper / from.lower, to.upper / from.upper];
  const [low, high] = [Math.min(...ratios) - 1, Math.max(...ratios) - 1];
  if (!Number.isFinite(low) || !Number.isFinite(high)) return undefined;
  const least = low <= 0 && high >= 0 ? 0 : Math.min(Math.abs(low), Math.abs(high));
  return { lower: least, upper: Math.max(Math.abs(low), Math.abs(high)) };
}
