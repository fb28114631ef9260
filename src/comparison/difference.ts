import type { Unread } from './answer.ts';

/** Result of comparing the two answers of a pair. */
export interface Difference {
  /** HTTP and gRPC. */
  readonly sameStatus: boolean;
  /** `not-captured` and every other word beside the first two say why bodies were not compared. */
  readonly body: 'same' | 'different' | 'not-captured' | Unread;
  /** A side called itself JSON and was not: it was compared byte by byte. */
  readonly notJson: boolean;
  /** Open Inference answers: per named output of the reference, whether the candidate has the same `data`. */
  readonly outputs: Readonly<Record<string, boolean>>;
  /** Candidate minus reference; undefined when one side has no latency. */
  readonly latencyDifferenceMs: number | undefined;
}
