/** What control and the other threads say to each other; plain data. */
import type { Database } from '../geography/look-up.ts';
import type { Snapshot } from '../routing/snapshot.ts';

/** Given to a thread when it starts. */
export interface ThreadStart {
  /** Absolute path, or `host:port`. */
  readonly address: string;
  readonly snapshot: Snapshot;
}

/** Given to a decide thread. */
export interface DecideStart extends ThreadStart {
  /** undefined = no geography. Shared, not copied. */
  readonly database: Database | undefined;
  readonly decideThreads: number;
}

export type ToThread =
  | { readonly type: 'snapshot'; readonly snapshot: Snapshot }
  | { readonly type: 'database'; readonly database: Database }
  | { readonly type: 'stop'; readonly graceMs: number };

export type FromThread<Report> =
  | { readonly type: 'serving' }
  | { readonly type: 'confirmed'; readonly revision: number }
  | { readonly type: 'report'; readonly report: Report }
  | { readonly type: 'failed'; readonly message: string };
