/** The record thread, and its line to the observe thread. */
import type { RecordReport } from '../recording/record-room.ts';
import type { RecordingSpec } from '../recording/spec.ts';
import type { Snapshot } from '../routing/snapshot.ts';
import { type Connectable, connect } from './connect.ts';
import type { RecordStart } from './messages.ts';
import type { Reported } from './run-room.ts';
import { RoomWorker } from './worker.ts';

export interface Recorder {
  readonly worker: RoomWorker<Reported<RecordReport>>;
  /** Each time the observe thread serves. */
  connect(): void;
  /** How it records from now on; where stays as it was at the start. */
  use(spec: RecordingSpec): void;
}

/** A compaction goes part by part; what lives is small, and what is thrown away should go early. */
const LIMITS = { maxOldGenerationSizeMb: 384, maxYoungGenerationSizeMb: 16 };

export function createRecorder(
  first: RecordingSpec,
  parts: {
    readonly observe: Connectable;
    readonly snapshot: () => Snapshot;
    readonly onReport: (report: Reported<RecordReport>) => void;
    readonly onChange: () => void;
    readonly log: (line: string) => void;
  },
): Recorder {
  const { observe, snapshot, ...common } = parts;
  const { directory } = first;
  let recording = first;
  const worker: RoomWorker<Reported<RecordReport>> = new RoomWorker({
    ...common,
    name: 'record',
    entry: new URL('./record-thread.ts', import.meta.url),
    resourceLimits: LIMITS,
    start: (): RecordStart => ({ address: '', snapshot: snapshot(), recording }),
    onServing: () => connect(observe, worker),
  });
  return {
    worker,
    connect: () => connect(observe, worker),
    use(spec) {
      recording = { ...spec, directory };
      worker.useRecording(recording);
    },
  };
}
