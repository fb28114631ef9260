/** What a metrics source answers, against a threshold. There is no evidence in it: nobody knows what a sample rests on. */
import type { Finding, GuardMethod, LimitSample, LimitSums } from '../input.ts';
import { NOTHING } from './finding.ts';
import { numberOf } from './threshold.ts';

export interface PrometheusState {
  /** null: never. */
  readonly last: number | null;
  readonly answers: number;
  readonly ms: number;
}

export const prometheusMethod: GuardMethod<PrometheusState> = {
  sums(_spec, { sample }): LimitSums | undefined {
    return sample === undefined || !Number.isFinite(sample) ? undefined : { answers: 1, sum: sample };
  },

  /** The mean of the window's answers. */
  read({ threshold }, { answers = 0, sum = 0 }): LimitSample {
    if (answers === 0) return { value: undefined, n: 0, broken: false };
    const value = sum / answers;
    const limit = numberOf(threshold);
    return { value, n: answers, broken: threshold.kind === 'min' ? value < limit : value > limit };
  },

  start(): PrometheusState {
    return { last: null, answers: 0, ms: 0 };
  },

  step(_spec, state, { sample, durationMs }): PrometheusState {
    const ms = state.ms + durationMs;
    if (sample === undefined || !Number.isFinite(sample)) return { ...state, ms };
    return { last: sample, answers: state.answers + 1, ms };
  },

  find(_spec, { last, answers, ms }): Finding {
    return { ...NOTHING, value: last ?? undefined, n: answers, windowMs: ms };
  },
};
