/** What is said of outcomes between the threads; plain data. Times are milliseconds since the epoch. */
import type { RipeUnits } from '../guards/input.ts';
import type { Arm } from '../routing/snapshot.ts';

/** An answer that a user got. */
export interface Exposure {
  /** 32 hex digits, `x-understudy-id`. */
  readonly id: string;
  readonly timeMs: number;
  readonly rollout: string;
  readonly release: string;
  /** Effective weight of the decision, basis points. */
  readonly weightBp: number;
  readonly arm: Arm;
  /** Keyed hash, 16 hex digits; `` = none. */
  readonly unit: string;
  /** A rule chose the arm: it is no random sample, and arms are not compared by it. */
  readonly forced: boolean;
}

/** Number and class fields of answers with one element, by field; of a class with a threshold its score. */
export type Values = Readonly<Record<string, number | string>>;

/** What both models said to the same request. */
export interface PairValues {
  readonly id: string;
  readonly unit: string;
  /** Version of the model that was compared with stable. */
  readonly candidate: string;
  readonly values: { readonly reference: Values; readonly candidate: Values };
}

/** An outcome as somebody says it; nothing of it is checked yet. */
export interface SaidOutcome {
  /** Needed with `unit`. */
  readonly rollout: string;
  /** Of the exposure; `` = by unit. */
  readonly id: string;
  /** As the request had it, not hashed. */
  readonly unit: string;
  /** `header:x-user-id`, `cookie:sid`, `client:address`; `` = each of the rollout's, in its order. */
  readonly unitSource: string;
  /** `click`, `revenue`, ...; `` with `field`. */
  readonly name: string;
  /** The field this is the truth of; `` = it is no truth. */
  readonly field: string;
  /** Undefined: 1. A text only of a truth. */
  readonly value: number | string | undefined;
  /** When it happened; undefined: now. */
  readonly timeMs: number | undefined;
  /** The same key is the same outcome; ``: made of whom, name and time. */
  readonly key: string;
}

/** What became of each outcome that was said; a sum over all. */
export interface Recorded {
  /** Joined to an exposure. */
  readonly accepted: number;
  /** Stored: what it belongs to is not known yet, or it is not yet certain that nothing newer is. */
  readonly waiting: number;
  readonly duplicate: number;
  /** Of units that are not in the sample. */
  readonly unsampled: number;
  /** The exposure has been judged without it. */
  readonly tooLate: number;
  readonly refused: readonly Refusal[];
  /** Refused ones, also those beyond the first 20 in `refused`. */
  readonly refusals: number;
}

export interface Refusal {
  /** Place among those that were said, from 0. */
  readonly index: number;
  readonly reason: string;
}

export const NOTHING_RECORDED: Recorded = {
  ...{ accepted: 0, waiting: 0, duplicate: 0, unsampled: 0, tooLate: 0 },
  ...{ refused: [], refusals: 0 },
};

/** What guards want summed: one for each outcome, way to sum and attribution window. */
export interface Cohort {
  readonly rollout: string;
  readonly release: string;
  /** What it is known by among those of its release; see guards/ripe-key.ts. */
  readonly key: string;
  readonly outcome: string;
  /** `mean`: only exposures that have the outcome count. */
  readonly of: 'sum' | 'mean';
  readonly attributionMs: number;
}

/** Newly ripe sums of one cohort. Sequences rise over all cohorts of a database, and never come again. */
export interface RipeBatch {
  /** Of the database: 16 hex digits. */
  readonly source: string;
  readonly sequence: number;
  readonly rollout: string;
  readonly release: string;
  readonly key: string;
  readonly units: readonly RipeUnits[];
}

export interface OutcomeStatus {
  readonly exposures: number;
  readonly outcomes: number;
  /** Outcomes whose exposure is not known yet. */
  readonly waiting: number;
  /** When the oldest exposure was; undefined: there is none. */
  readonly oldestMs: number | undefined;
}
