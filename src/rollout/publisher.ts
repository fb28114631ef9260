import type { Snapshot } from '../routing/snapshot.ts';

/** Hands a snapshot to every decide and observe thread. */
export interface Publisher {
  /**
   * Resolves when every live decide thread has confirmed `snapshot`, or after `timeoutMs`, with the names of the
   * threads that still have to (empty = all confirmed).
   */
  publish(snapshot: Snapshot, timeoutMs: number): Promise<readonly string[]>;
  /** Live decide threads that have not confirmed `revision`. */
  unconfirmed(revision: number): readonly string[];
}
