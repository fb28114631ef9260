/** What is known of the rooms and shown to people: plain data. */
import type { Cell } from '../evidence/sums.ts';
import type { Pair } from '../pairing/pair.ts';
import type { KeptPair } from '../recording/kept-pair.ts';
import type { RecorderStatus } from '../recording/recorder.ts';
import type { DecisionCount } from '../routing/decide.ts';

export interface ThreadState {
  /** `decide-0`, `decide-1`, ..., `observe` */
  readonly name: string;
  readonly state: 'starting' | 'serving' | 'stopped';
  /** The newest snapshot it confirmed. */
  readonly revision: number;
  readonly restarts: number;
}

/** A closed set of counter names (ARCHITECTURE.md, "Counters") and their values since the process started. */
export type Counters = Readonly<Record<string, number>>;

export interface Observations {
  threads(): readonly ThreadState[];
  decisions(): readonly DecisionCount[];
  /** Of the present release of each rollout, over all weights (shown as 0), since the process started. */
  evidence(): readonly Cell[];
  counters(): Counters;
  /** Undefined: nothing is recorded. */
  recorder(): RecorderStatus | undefined;
  /** When this cluster was last seen to answer, as production or shadow, since the epoch; undefined: not since the start. */
  lastDeliveredMs(cluster: string): number | undefined;
  /** The newest pairs, oldest first; at most `limit` (bounded by what is kept: 1,000). */
  recentPairs(limit: number): readonly Pair[];
  /** Pairs kept for people, the newest first; bounded by their bytes. */
  kept(): readonly KeptPair[];
  /** Lets go of the pairs of these units (keyed hashes), recent and kept, and says how many there were. */
  forgetUnits(units: ReadonlySet<string>): number;
  /** Calls `listener` with each batch of new pairs until the returned function is called. */
  onPairs(listener: (pairs: readonly Pair[]) => void): () => void;
}
