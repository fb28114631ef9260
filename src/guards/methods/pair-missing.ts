/** Share of elements for which the candidate has no prediction (a pair without an answer is one): a limit of a share. */
import { ABOVE_RATE } from '../../evidence/statistics/binomial.ts';
import type { Counts, FieldSums } from '../../evidence/sums.ts';
import type { Finding, GuardInput, GuardMethod, LimitSample, LimitSums } from '../input.ts';
import type { GuardSpec } from '../spec.ts';
import { fieldsOf, sumOf } from './field.ts';
import { readShare } from './rate-limit.ts';
import { findShareLimit, newShareLimit, type ShareLimit, stepShareLimit, type Trials } from './share-limit.ts';
import { isLookedAt } from './side.ts';
import { numberOf } from './threshold.ts';

export const pairMissingMethod: GuardMethod<ShareLimit> = {
  sums(spec, input): LimitSums | undefined {
    const { n, events } = trialsOf(spec, input);
    return n === 0 ? undefined : { n, events };
  },

  read({ threshold }, sums): LimitSample {
    return readShare(sums, numberOf(threshold));
  },

  start(): ShareLimit {
    return newShareLimit();
  },

  step(spec, state, input): ShareLimit {
    if (!isLookedAt(input)) return state;
    return stepShareLimit(state, trialsOf(spec, input), input.durationMs, numberOf(spec.threshold), ABOVE_RATE);
  },

  find(spec, state): Finding {
    return findShareLimit(state, spec, numberOf(spec.threshold), ABOVE_RATE);
  },
};

function trialsOf(spec: GuardSpec, input: GuardInput): Trials {
  const fields = fieldsOf(spec, input);
  const events = sumOf(fields, ({ missingCandidate }) => total(missingCandidate));
  return { n: Math.max(events, sumOf(fields, elementsOf)), events };
}

/** Where production is no model only the candidate's elements are counted. */
function elementsOf({ elements, candidate, missingCandidate }: FieldSums): number {
  return elements > 0 ? elements : candidate.count + total(missingCandidate);
}

function total(counts: Counts<string>): number {
  return Object.values(counts).reduce<number>((sum, count) => sum + (count ?? 0), 0);
}
