/**
 * Has the law of the candidate's numbers another form than the reference's? PSI or KS (drift.ts) over a window. It describes and
 * warns: beyond the limit, and beyond what chance gives once in 1,000 windows; with evidence, KS by a share of alpha for each
 * window (alpha 6 / (pi^2 w^2) for the w-th, which sum to alpha).
 */
import { ks, psi } from '../../evidence/drift.ts';
import type { Finding, GuardMethod, LimitSample, LimitSums } from '../input.ts';
import type { GuardSpec } from '../spec.ts';
import { NOTHING, needsOf, type Pace, stepPace } from './finding.ts';
import { sketchOf } from './plain-sketch.ts';
import { isLookedAt } from './side.ts';
import { numberOf } from './threshold.ts';
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

/** Bins of 2 %: PSI has ten cells. */
const LIMIT_BINS = 8;
const BY_CHANCE = 0.001;

export interface DriftState {
  readonly window: ValueWindow;
  /** Of the last closed window with values enough. */
  readonly last: { readonly value: number; readonly n: number; readonly harm: boolean } | null;
  readonly windows: number;
  readonly ms: number;
  readonly pace: Pace;
}

export const pairDriftMethod: GuardMethod<DriftState> = {
  sums(spec, input): LimitSums | undefined {
    return sumsOfBins(valuesOf(spec, input), LIMIT_BINS);
  },

  read(spec, sums): LimitSample {
    const sides = sketchesOfBins(sums, LIMIT_BINS);
    const n = Math.min(sides.reference.count, sides.candidate.count);
    const measured = measure(spec, sides, BY_CHANCE);
    return { value: measured?.value, n, broken: measured?.harm === true };
  },

  start(): DriftState {
    return { window: newWindow(), last: null, windows: 0, ms: 0, pace: { perSecond: null } };
  },

  step(spec, state, input): DriftState {
    if (!isLookedAt(input)) return state;
    const values = valuesOf(spec, input);
    const window = growWindow(state.window, values, input.durationMs);
    const pace = stepPace(state.pace, values.candidate.count, input.durationMs);
    const next = { ...state, window, pace, ms: state.ms + input.durationMs };
    if (!isClosed(window, input.durationMs)) return next;
    return { ...next, window: newWindow(), ...closed(spec, state, window) };
  },

  find(spec, { window, last, ms, pace }): Finding {
    if (last === null) {
      const n = Math.min(window.reference?.count ?? 0, window.candidate?.count ?? 0);
      return { ...NOTHING, n, windowMs: ms, needs: needsOf(Math.max(LEAST_VALUES, n + 1), n, pace) };
    }
    const shown = last.harm ? 'harm' : last.value <= numberOf(spec.threshold) ? 'fine' : undefined;
    return { ...NOTHING, value: last.value, n: last.n, shown, windowMs: ms };
  },
};

function closed(spec: GuardSpec, { last, windows }: DriftState, { reference, candidate }: ValueWindow) {
  if (reference === null || candidate === null) return { last, windows };
  const n = Math.min(reference.count, candidate.count);
  if (n < LEAST_VALUES) return { last, windows };
  const share = (spec.alpha * 6) / (Math.PI * (windows + 1)) ** 2;
  const measured = measure(spec, { reference: sketchOf(reference), candidate: sketchOf(candidate) }, share);
  return measured === undefined ? { last, windows } : { last: { ...measured, n }, windows: windows + 1 };
}

function measure({ what, threshold }: GuardSpec, { reference, candidate }: BothSides, p: number) {
  const limit = numberOf(threshold);
  if (what.metric === 'pair.drift' && what.statistic === 'ks') {
    const distance = ks(reference, candidate);
    return distance && { value: distance.atLeast, harm: distance.atLeast > limit && distance.p < p };
  }
  const index = psi(reference, candidate);
  return index && { value: index.value, harm: index.value > limit && index.value > index.chance };
}
