/** The inside of a worker thread: serves one room, confirms snapshots, reports at intervals. */
import { setTimeout as wait } from 'node:timers/promises';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { ObserveSettings } from '../accesslog/observe-room.ts';
import type { Database } from '../geography/look-up.ts';
import type { RecordingSpec } from '../recording/spec.ts';
import type { Snapshot } from '../routing/snapshot.ts';
import { type LoopDelay, watchLoopDelay } from '../telemetry/loop-delay.ts';
import type { FromThread, PortUse, ThreadStart, ToThread } from './messages.ts';

const REPORT_EVERY_MS = 200;
/** For a thread that crashed to cut its connections. */
const CUT_WITHIN_MS = 1_000;

export interface Room<Report> {
  use(snapshot: Snapshot): void;
  /** Only of rooms that look addresses up. */
  useDatabase?(database: Database): void;
  /** Only of rooms that talk to another room: the newest port to it. */
  usePort?(port: MessagePort, use: PortUse): void;
  /** Only of the room that observes. */
  useSettings?(settings: ObserveSettings): void;
  /** Only of the room that records. */
  useRecording?(spec: RecordingSpec): void;
  serve(address: string): Promise<void>;
  report(): Report;
  stop(graceMs: number): Promise<void>;
}

/** A room's report as control gets it, with how the thread around the room does. */
export type Reported<Report> = Report & { readonly loopDelay: LoopDelay };

/** Runs until control says stop. `flush` is awaited last. */
export async function runRoom<Report, Start extends ThreadStart = ThreadStart>(
  create: (start: Start) => Room<Report>,
  flush: () => Promise<void> = async () => {},
): Promise<void> {
  if (parentPort === null) throw new Error('a room runs in a worker thread');
  const control = parentPort;
  const say = (message: FromThread<Reported<Report>>) => control.postMessage(message);
  const start: Start = workerData;

  const room = create(start);
  say({ type: 'confirmed', revision: start.snapshot.revision });
  const loopDelay = watchLoopDelay();
  const report = () => say({ type: 'report', report: { ...room.report(), loopDelay: loopDelay() } });
  const timer = setInterval(report, REPORT_EVERY_MS);

  control.on('message', async (message: ToThread) => {
    if (message.type === 'snapshot') {
      room.use(message.snapshot);
      say({ type: 'confirmed', revision: message.snapshot.revision });
      return;
    }
    if (message.type === 'database') {
      room.useDatabase?.(message.database);
      return;
    }
    if (message.type === 'port') {
      room.usePort?.(message.port, message.use);
      return;
    }
    if (message.type === 'settings') {
      room.useSettings?.(message.settings);
      return;
    }
    if (message.type === 'recording') {
      room.useRecording?.(message.spec);
      return;
    }
    await room.stop(message.graceMs);
    clearInterval(timer);
    report();
    await flush();
    control.close();
  });

  // Node aborts the whole process when a thread ends while data still comes in on its HTTP/2 connections: these first
  process.once('uncaughtException', async (error) => {
    say({ type: 'failed', message: error.stack ?? String(error) });
    await Promise.race([room.stop(0), wait(CUT_WITHIN_MS)]).catch(ignore);
    process.exit(1);
  });

  try {
    await room.serve(start.address);
    say({ type: 'serving' });
  } catch (error) {
    say({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
    clearInterval(timer);
    control.close();
  }
}

function ignore(): void {}
