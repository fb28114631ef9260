/** Share of decisions that another cluster than the decided one delivered: a plain limit of a share. */
import { ABOVE_RATE } from '../../evidence/statistics/binomial.ts';
import type { Finding, GuardMethod, LimitSample, LimitSums } from '../input.ts';
import { readShare } from './rate-limit.ts';
import { findShareLimit, newShareLimit, type ShareLimit, stepShareLimit } from './share-limit.ts';
import { isLookedAt } from './side.ts';
import { numberOf } from './threshold.ts';

export const exposureMethod: GuardMethod<ShareLimit> = {
  sums(_spec, { delivered: { decisions, elsewhere } }): LimitSums | undefined {
    return decisions === 0 ? undefined : { n: decisions, events: Math.min(elsewhere, decisions) };
  },

  read({ threshold }, sums): LimitSample {
    return readShare(sums, numberOf(threshold));
  },

  start(): ShareLimit {
    return newShareLimit();
  },

  step({ threshold }, state, input): ShareLimit {
    if (!isLookedAt(input)) return state;
    const { decisions, elsewhere } = input.delivered;
    const trials = { n: decisions, events: Math.min(elsewhere, decisions) };
    return stepShareLimit(state, trials, input.durationMs, numberOf(threshold), ABOVE_RATE);
  },

  find(spec, state): Finding {
    return findShareLimit(state, spec, numberOf(spec.threshold), ABOVE_RATE);
  },
};
