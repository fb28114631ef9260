/** What control and the other threads say to each other; plain data. */
import type { MessagePort } from 'node:worker_threads';
import type { ObserveSettings } from '../accesslog/observe-room.ts';
import type { BlockId } from '../evidence/sums.ts';
import type { Database } from '../geography/look-up.ts';
import type { OutcomesSpec } from '../outcomes/spec.ts';
import type { RecordingSpec } from '../recording/spec.ts';
import type { Snapshot } from '../routing/snapshot.ts';
import type { TlsFiles } from '../sockets/tls.ts';

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

/** Given to the observe thread. */
export interface ObserveStart extends ThreadStart {
  readonly settings: ObserveSettings;
  /** Of its address; undefined = in the clear. */
  readonly tls: TlsFiles | undefined;
  /** Of its blocks: another one for each start. */
  readonly origin: Omit<BlockId, 'sequence'>;
}

/** Given to the thread of a baseline. */
export interface BaselineStart extends ThreadStart {
  readonly rollout: string;
}

/** Given to the record thread. It listens nowhere: its address is ``. */
export interface RecordStart extends ThreadStart {
  readonly recording: RecordingSpec;
}

/** Given to the outcome thread. It listens nowhere: its address is ``. */
export interface OutcomeStart extends ThreadStart {
  readonly outcomes: OutcomesSpec;
}

/** What goes over a port between threads. */
export type PortUse = 'recording' | 'outcomes';

export type ToThread =
  | { readonly type: 'snapshot'; readonly snapshot: Snapshot }
  | { readonly type: 'database'; readonly database: Database }
  /** To another thread; handed over, not shared. */
  | { readonly type: 'port'; readonly port: MessagePort; readonly use: PortUse }
  | { readonly type: 'settings'; readonly settings: ObserveSettings }
  | { readonly type: 'recording'; readonly spec: RecordingSpec }
  | { readonly type: 'stop'; readonly graceMs: number };

export type FromThread<Report> =
  | { readonly type: 'serving' }
  | { readonly type: 'confirmed'; readonly revision: number }
  | { readonly type: 'report'; readonly report: Report }
  | { readonly type: 'failed'; readonly message: string };
