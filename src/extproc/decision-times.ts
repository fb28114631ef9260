/** A histogram of how long decisions take; fixed buckets, so that counting allocates nothing. */

/** Upper bounds in seconds; one more bucket takes what is longer. */
export const DECISION_TIME_BOUNDS = [
  5e-6, 10e-6, 25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 25e-3, 50e-3,
] as const;

/** `counts` has one number a bucket (not cumulative) and one for what is longer than the last bound. */
export interface DecisionTimes {
  readonly counts: readonly number[];
  readonly sumSeconds: number;
}

export class DecisionTimer {
  readonly #bounds = Float64Array.from(DECISION_TIME_BOUNDS);
  readonly #counts = new Uint32Array(DECISION_TIME_BOUNDS.length + 1);
  #sumSeconds = 0;

  add(seconds: number): void {
    let bucket = 0;
    while (seconds > (this.#bounds[bucket] ?? Number.POSITIVE_INFINITY)) bucket++;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sumSeconds += seconds;
  }

  /** What was added since the last time. */
  take(): DecisionTimes {
    const taken = { counts: [...this.#counts], sumSeconds: this.#sumSeconds };
    this.#counts.fill(0);
    this.#sumSeconds = 0;
    return taken;
  }
}
