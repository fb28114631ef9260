/** The inside of a worker thread: serves one room, confirms snapshots, reports at intervals. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Snapshot } from '../routing/snapshot.ts';
import type { FromThread, ThreadStart, ToThread } from './messages.ts';

const REPORT_EVERY_MS = 200;

export interface Room<Report> {
  use(snapshot: Snapshot): void;
  serve(socketPath: string): Promise<void>;
  report(): Report;
  stop(graceMs: number): Promise<void>;
}

/** Runs until control says stop. `flush` is awaited last. */
export async function runRoom<Report>(
  create: (first: Snapshot) => Room<Report>,
  flush: () => Promise<void> = async () => {},
): Promise<void> {
  if (parentPort === null) throw new Error('a room runs in a worker thread');
  const control = parentPort;
  const say = (message: FromThread<Report>) => control.postMessage(message);
  const { socketPath, snapshot }: ThreadStart = workerData;

  const room = create(snapshot);
  say({ type: 'confirmed', revision: snapshot.revision });
  const report = () => say({ type: 'report', report: room.report() });
  const timer = setInterval(report, REPORT_EVERY_MS);

  control.on('message', async (message: ToThread) => {
    if (message.type === 'snapshot') {
      room.use(message.snapshot);
      say({ type: 'confirmed', revision: message.snapshot.revision });
      return;
    }
    clearInterval(timer);
    await room.stop(message.graceMs);
    report();
    await flush();
    control.close();
  });

  try {
    await room.serve(socketPath);
    say({ type: 'serving' });
  } catch (error) {
    say({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
    clearInterval(timer);
    control.close();
  }
}
