/** Result of comparing the two answers of a pair. */
export interface Difference {
  readonly sameStatus: boolean;
  /** `not-captured`, `truncated` and `encoded` say why bodies were not compared. */
  readonly body: 'same' | 'different' | 'not-captured' | 'truncated' | 'encoded';
  /** Open Inference answers: per named output of the reference, whether the candidate has the same `data`. */
  readonly outputs: Readonly<Record<string, boolean>>;
  /** Candidate minus reference; undefined when one side has no latency. */
  readonly latencyDifferenceMs: number | undefined;
}
