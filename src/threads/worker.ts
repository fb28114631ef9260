/** One worker thread as control sees it: started, given snapshots, started again when it dies. */
import { type MessagePort, type ResourceLimits, Worker } from 'node:worker_threads';
import type { ObserveSettings } from '../accesslog/observe-room.ts';
import type { ThreadState } from '../admin/observations.ts';
import type { Database } from '../geography/look-up.ts';
import type { RecordingSpec } from '../recording/spec.ts';
import type { Snapshot } from '../routing/snapshot.ts';
import type { FromThread, PortUse, ThreadStart, ToThread } from './messages.ts';

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5_000;
/** Beyond its grace, for the last report and the spans that are left. */
const FORCE_AFTER_MS = 1_000;

export interface RoomWorkerOptions<Report> {
  readonly name: string;
  /** Module the thread runs. */
  readonly entry: URL;
  /** Default: V8's own. */
  readonly resourceLimits?: ResourceLimits;
  /** With the newest snapshot; asked at every start. */
  readonly start: () => ThreadStart;
  readonly onReport: (report: Report) => void;
  /** Called when state or revision changed. */
  readonly onChange: () => void;
  /** Called at every start, when the thread serves. */
  readonly onServing?: () => void;
  readonly log: (line: string) => void;
}

export class RoomWorker<Report> {
  readonly #options: RoomWorkerOptions<Report>;
  #worker: Worker | undefined;
  #state: ThreadState['state'] = 'stopped';
  #revision = 0;
  #restarts = 0;
  #backoffMs = FIRST_BACKOFF_MS;
  #restartTimer: NodeJS.Timeout | undefined;
  #everServed = false;
  #stopping = false;

  constructor(options: RoomWorkerOptions<Report>) {
    this.#options = options;
  }

  get state(): ThreadState {
    return { name: this.#options.name, state: this.#state, revision: this.#revision, restarts: this.#restarts };
  }

  /** Resolves when the thread serves its socket; rejects with the reason when it cannot. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => this.#run(resolve, reject));
  }

  use(snapshot: Snapshot): void {
    this.#say({ type: 'snapshot', snapshot });
  }

  useDatabase(database: Database): void {
    this.#say({ type: 'database', database });
  }

  /** Hands the port over; to a thread that is not there it is closed. */
  usePort(port: MessagePort, use: PortUse = 'recording'): void {
    if (this.#worker === undefined) port.close();
    else this.#say({ type: 'port', port, use }, [port]);
  }

  useSettings(settings: ObserveSettings): void {
    this.#say({ type: 'settings', settings });
  }

  useRecording(spec: RecordingSpec): void {
    this.#say({ type: 'recording', spec });
  }

  /** Resolves when the thread has ended: by itself within `graceMs` and a little, else by force. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restartTimer);
    const worker = this.#worker;
    if (worker === undefined) return;
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    this.#say({ type: 'stop', graceMs });
    const force = setTimeout(() => worker.terminate(), graceMs + FORCE_AFTER_MS);
    await ended;
    clearTimeout(force);
  }

  #run(served: () => void, refused: (reason: Error) => void): void {
    const { name, entry, resourceLimits = {}, start, log } = this.#options;
    const worker = new Worker(entry, { name, workerData: start(), resourceLimits });
    let reason = 'it ended';
    this.#worker = worker;
    this.#revision = 0;
    this.#enter('starting');
    worker.on('message', (message: FromThread<Report>) => {
      if (message.type === 'report') this.#options.onReport(message.report);
      if (message.type === 'failed') reason = message.message;
      if (message.type === 'confirmed') {
        this.#revision = message.revision;
        this.#options.onChange();
      }
      if (message.type === 'serving') {
        this.#backoffMs = FIRST_BACKOFF_MS;
        this.#everServed = true;
        this.#enter('serving');
        this.#options.onServing?.();
        served();
      }
    });
    worker.on('error', (error) => {
      reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    });
    worker.once('exit', () => {
      this.#worker = undefined;
      this.#enter('stopped');
      // what cannot start at all is for the caller to deal with, not to be tried for ever
      if (!this.#everServed) refused(new Error(`${name}: ${reason}`));
      if (this.#stopping || !this.#everServed) return;
      log(`${name} stopped (${reason}); starting it again in ${this.#backoffMs} ms`);
      this.#restartTimer = setTimeout(() => {
        this.#restarts++;
        this.#run(ignore, ignore);
      }, this.#backoffMs);
      this.#backoffMs = Math.min(this.#backoffMs * 2, MAX_BACKOFF_MS);
    });
  }

  #enter(state: ThreadState['state']): void {
    this.#state = state;
    this.#options.onChange();
  }

  #say(message: ToThread, handedOver: readonly MessagePort[] = []): void {
    this.#worker?.postMessage(message, handedOver);
  }
}

function ignore(): void {}
