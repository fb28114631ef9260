/** What control knows of the other threads: plain data that the admin service shows. */
import type { Pair } from '../pairing/pair.ts';
import type { Arm } from '../routing/snapshot.ts';

export interface ThreadState {
  /** `decide-0`, `decide-1`, ..., `observe` */
  readonly name: string;
  readonly state: 'starting' | 'serving' | 'stopped';
  /** The newest snapshot it confirmed. */
  readonly revision: number;
  readonly restarts: number;
}

export interface DecisionCount {
  readonly rollout: string;
  readonly arm: Arm;
  readonly reason: string;
  readonly count: number;
}

export interface LatencyQuantiles {
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/** What pairs with one shadow of one rollout showed since the process started. */
export interface ShadowTally {
  readonly rollout: string;
  readonly shadow: string;
  readonly pairs: number;
  readonly unreferenced: number;
  readonly sameStatus: number;
  readonly sameBody: number;
  readonly bodiesCompared: number;
  readonly outputs: readonly { readonly name: string; readonly same: number; readonly compared: number }[];
  readonly referenceLatency: LatencyQuantiles;
  readonly candidateLatency: LatencyQuantiles;
}

/** A closed set of counter names (ARCHITECTURE.md, "Counters") and their values since the process started. */
export type Counters = Readonly<Record<string, number>>;

export interface Observations {
  threads(): readonly ThreadState[];
  decisions(): readonly DecisionCount[];
  tallies(): readonly ShadowTally[];
  counters(): Counters;
  /** The newest pairs, oldest first; at most `limit` (bounded by what is kept: 1,000). */
  recentPairs(limit: number): readonly Pair[];
  /** Calls `listener` with each batch of new pairs until the returned function is called. */
  onPairs(listener: (pairs: readonly Pair[]) => void): () => void;
}
