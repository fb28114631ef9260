import type { Unread } from '../prediction/answer.ts';
import type { Missing, Value } from '../prediction/prediction.ts';
import type { Comparator } from '../prediction/spec.ts';

/** Result of comparing the two answers of a pair. */
export interface Difference {
  /** HTTP and gRPC. */
  readonly sameStatus: boolean;
  /** `not-captured` and every other word beside the first two say why bodies were not compared. */
  readonly body: 'same' | 'different' | 'not-captured' | Unread;
  /** A side called itself JSON and was not: it was compared byte by byte. */
  readonly notJson: boolean;
  /** Open Inference answers of a rollout without `prediction:`: per named output of the reference, whether the candidate has the same `data`. */
  readonly outputs: Readonly<Record<string, boolean>>;
  /** Candidate minus reference; undefined when one side has no latency. */
  readonly latencyDifferenceMs: number | undefined;
  /** By field of `prediction:`, in its order; empty without one, or when both sides refused the request alike. */
  readonly fields: readonly FieldDifference[];
  /** With `prediction:`: both refused the request with the same status. There is nothing to predict; no field is compared. */
  readonly refusedAlike: boolean;
}

/** How one field differs, over all elements of the pair. */
export interface FieldDifference {
  readonly name: string;
  readonly kind: Comparator['kind'];
  /** False: production is no model (`baseline: { outcome }`): the candidate's values are kept, and count for no agreement. */
  readonly compared: boolean;
  /** Every element agrees, there is one, and neither side has more of them than the other. */
  readonly agree: boolean;
  /** Elements of either side. A side without an answer counts as one element. */
  readonly elements: readonly ElementDifference[];
  /** Elements beyond those listed here (1,000 a side), of the side that has more of them. */
  readonly cut: number;
}

export interface ElementDifference {
  readonly key: string | undefined;
  readonly agree: boolean;
  /** Why a side has no value; undefined when it has. */
  readonly missing: { readonly reference: Missing | undefined; readonly candidate: Missing | undefined };
  readonly reference: Value;
  readonly candidate: Value;
  /** Empty when a side is missing. */
  readonly measures: Readonly<Partial<Record<Measure, number>>>;
  /** What the decision is worth, as the reference says it; undefined without `amount`. */
  readonly amount: number | undefined;
}

/**
 * What is measured of two values, by kind. number: `difference` = candidate - reference, `ratio` = candidate / reference
 * (not for a reference of 0). vector: `divergence` (Jensen-Shannon, bits), `overlap` of the k largest. ranking: `overlap`@k,
 * `tau` (Kendall tau-b over common items; not when fewer than 2), `novelty` (share of the candidate's top k that the
 * reference's top k lacks), `reference-diversity`, `candidate-diversity` (mean pairwise 1 - Jaccard of categories in the top
 * k). set: `jaccard`. text: `similarity`. json: `paths` = number of paths that differ. class, with a threshold only: `flip` =
 * +1 when the candidate's score reaches it and the reference's does not, -1 the other way, 0 else. All are finite.
 */
export type Measure =
  | 'difference'
  | 'ratio'
  | 'divergence'
  | 'overlap'
  | 'tau'
  | 'novelty'
  | 'reference-diversity'
  | 'candidate-diversity'
  | 'jaccard'
  | 'similarity'
  | 'paths'
  | 'flip';
