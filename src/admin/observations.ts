/** What is known of the rooms and shown to people: plain data. */
import type { Pair } from '../pairing/pair.ts';
import type { ShadowTally } from '../pairing/tally.ts';
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
  tallies(): readonly ShadowTally[];
  counters(): Counters;
  /** The newest pairs, oldest first; at most `limit` (bounded by what is kept: 1,000). */
  recentPairs(limit: number): readonly Pair[];
  /** Calls `listener` with each batch of new pairs until the returned function is called. */
  onPairs(listener: (pairs: readonly Pair[]) => void): () => void;
}
