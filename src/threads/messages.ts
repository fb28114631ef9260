/** What control and the other threads say to each other; plain data. */
import type { Snapshot } from '../routing/snapshot.ts';

/** Given to a thread when it starts. */
export interface ThreadStart {
  readonly socketPath: string;
  readonly snapshot: Snapshot;
}

export type ToThread =
  | { readonly type: 'snapshot'; readonly snapshot: Snapshot }
  | { readonly type: 'stop'; readonly graceMs: number };

export type FromThread<Report> =
  | { readonly type: 'serving' }
  | { readonly type: 'confirmed'; readonly revision: number }
  | { readonly type: 'report'; readonly report: Report }
  | { readonly type: 'failed'; readonly message: string };
