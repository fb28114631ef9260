/** The room that records: rows and blocks in from the observe room, Parquet files out. It never refuses to start. */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { Deltas } from '../telemetry/counters.ts';
import type { CellCodec } from './cell-codec.ts';
import type { Done, ToRecorder } from './link.ts';
import { Recorder, type RecorderStatus } from './recorder.ts';
import type { RecordingSpec } from './spec.ts';

const WORK_EVERY_MS = 250;

/** What happened since the last report, and how the folder is now. */
export interface RecordReport extends RecorderStatus {
  readonly counters: Readonly<Record<string, number>>;
}

export interface RecordRoom {
  use(): void;
  useRecording(spec: RecordingSpec): void;
  /** What comes over it is recorded; it is answered when it is on disk. */
  usePort(port: MessagePort): void;
  serve(): Promise<void>;
  report(): RecordReport;
  /** Writes what has come, within `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

export function createRecordRoom(spec: RecordingSpec, codec: CellCodec): RecordRoom {
  const counters = new Deltas();
  const recorder = new Recorder(spec, { codec, count: (name, by) => counters.add(name, by), nowMs: Date.now });
  const ports = new Set<MessagePort>();
  let timer: NodeJS.Timeout | undefined;

  function take(port: MessagePort, message: ToRecorder): void {
    const say = (done: Done) => port.postMessage(done);
    if (message.type === 'block') {
      recorder.takeBlock(message.block, () => say({ rows: 0, characters: 0, blocks: 1 }));
      return;
    }
    const { rows, characters } = message;
    recorder.take({ rows, characters, done: () => say({ rows: rows.length, characters, blocks: 0 }) });
  }

  return {
    use() {},
    useRecording: (next) => recorder.useSpec(next),
    usePort(port) {
      ports.add(port);
      port.on('message', (message: ToRecorder) => take(port, message));
      port.once('close', () => ports.delete(port));
    },
    async serve() {
      await recorder.work();
      timer = setInterval(() => void recorder.work(), WORK_EVERY_MS);
    },
    report: () => ({ counters: counters.take(), ...recorder.status }),
    async stop(graceMs) {
      clearInterval(timer);
      // what was sent before the stop, and is not heard yet
      for (const port of ports) {
        for (let heard = receiveMessageOnPort(port); heard; heard = receiveMessageOnPort(port))
          take(port, heard.message);
      }
      await recorder.stop(graceMs);
      for (const port of ports) port.close();
    },
  };
}
