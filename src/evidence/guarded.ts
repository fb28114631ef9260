/** What guards ask of the sums before they are summed; by rollout. */
import { emptyArm, emptyPair } from './merge.ts';
import { LATENCY_ALPHA, newSketch } from './sketch.ts';
import type { ArmSums, PairSums } from './sums.ts';

/** Limits of guards, ms: how many values are above each is counted exactly, beside the sketch; and whom they are about. */
export interface Thresholds {
  readonly latencyMs: readonly number[];
  readonly featureFetchMs: readonly number[];
  /** Segment name to the values that stages and guards name: each is told apart, however many others there are. */
  readonly named?: Readonly<Record<string, readonly string[]>>;
}

export interface Guarded extends Thresholds {
  /** Which units were seen is wanted, for the ratio of the arms. */
  readonly units: boolean;
}

export const NO_THRESHOLDS: Thresholds = { latencyMs: [], featureFetchMs: [] };
export const NOT_GUARDED: Guarded = { ...NO_THRESHOLDS, units: false };

/** Requests that one unit contributes to a block's sums of its arm, and as many pairs to those of each shadow. */
export const MAX_PER_UNIT = 20;

export function guardedArm({ latencyMs, featureFetchMs }: Thresholds): ArmSums {
  if (latencyMs.length === 0 && featureFetchMs.length === 0) return emptyArm();
  const latency = newSketch(LATENCY_ALPHA, latencyMs);
  return { ...emptyArm(), latency, featureFetch: newSketch(LATENCY_ALPHA, featureFetchMs) };
}

export function guardedPair({ latencyMs, featureFetchMs }: Thresholds): PairSums {
  if (latencyMs.length === 0 && featureFetchMs.length === 0) return emptyPair();
  const sums = emptyPair();
  const side = () => ({
    latency: newSketch(LATENCY_ALPHA, latencyMs),
    featureFetch: newSketch(LATENCY_ALPHA, featureFetchMs),
  });
  return { ...sums, reference: { ...sums.reference, ...side() }, candidate: { ...sums.candidate, ...side() } };
}
