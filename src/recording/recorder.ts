/** Rows and blocks onto disk: in parts, tried again while the disk refuses. Nothing here throws at whoever gives them. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Block } from '../evidence/sums.ts';
import { BlockBuffer } from './block-buffer.ts';
import type { CellCodec } from './cell-codec.ts';
import { type WriteBytes, writeBytes } from './durable.ts';
import { type FolderCounter, type FolderState, RecordingFolder } from './folder.ts';
import { LINK_LIMITS } from './link.ts';
import { Busy } from './lock.ts';
import type { Kind } from './parquet.ts';
import { type Batch, RowBuffer } from './row-buffer.ts';
import type { RecordingSpec } from './spec.ts';

const ROWS_WAIT_MS = 30_000;
const TIDY_EVERY_MS = 15_000;
const SEGMENT_BYTES = 64 * 2 ** 20;
const FIRST_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 60_000;

export type RecordingCounter =
  | FolderCounter
  | 'recording.rows'
  | 'recording.blocks'
  | 'recording.bytes'
  | 'recording.dropped-budget'
  | 'recording.dropped-busy'
  | 'recording.dropped-failed'
  | 'recording.dropped-blocks'
  | 'recording.write-failed';

export interface RecorderPorts {
  readonly codec: CellCodec;
  readonly count: (name: RecordingCounter, by?: number) => void;
  /** Wall time. */
  readonly nowMs: () => number;
  readonly write?: WriteBytes;
  readonly segmentBytes?: number;
}

export interface RecorderStatus extends FolderState {
  /** Why the last try to write or tidy failed; undefined when the one after did not. */
  readonly lastError: string | undefined;
}

/** A file that is to be written, perhaps again. */
interface Pending {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly rows: number;
  readonly blocks: number;
  readonly written: () => void;
  readonly done: () => void;
}

/** One thing that is tried again, later and later, while it fails. */
interface Task {
  backoffMs: number;
  triedMs: number;
  error: string | undefined;
}

export class Recorder {
  readonly #ports: RecorderPorts;
  readonly #folder: RecordingFolder;
  readonly #rows: RowBuffer;
  readonly #blocks: BlockBuffer;
  readonly #writing: Task = { backoffMs: 0, triedMs: 0, error: undefined };
  readonly #tidying: Task = { backoffMs: 0, triedMs: 0, error: undefined };
  #pending: Pending | undefined;
  #opened = false;
  #tidiedMs = Number.NEGATIVE_INFINITY;
  #working: Promise<void> = Promise.resolve();
  #busy = false;
  #stopping = false;

  constructor(spec: RecordingSpec, ports: RecorderPorts) {
    const { count, codec } = ports;
    this.#ports = ports;
    this.#blocks = new BlockBuffer(codec);
    const maxCharacters = 2 * LINK_LIMITS.maxBytesInFlight;
    this.#rows = new RowBuffer({ maxBytesPerDay: spec.maxBytesPerDay, maxCharacters, count });
    this.#folder = new RecordingFolder(spec, ports.segmentBytes ?? SEGMENT_BYTES, {
      codec,
      count,
      write: ports.write ?? writeBytes,
      isStopping: () => this.#stopping,
    });
  }

  get status(): RecorderStatus {
    return { ...this.#folder.state, lastError: this.#writing.error ?? this.#tidying.error };
  }

  /** Bounds may change while it records; the folder may not. */
  useSpec(spec: RecordingSpec): void {
    this.#folder.useSpec(spec);
    this.#rows.maxBytesPerDay = spec.maxBytesPerDay;
  }

  take(batch: Batch): void {
    this.#rows.add(batch, this.#ports.nowMs());
  }

  takeBlock(block: Block, done: () => void): void {
    this.#blocks.add(block, done);
  }

  /** Writes what is due and tidies; to be called often. Never rejects; does nothing while an earlier call is at it. */
  work(): Promise<void> {
    if (this.#busy || this.#stopping) return this.#working;
    this.#busy = true;
    this.#working = this.#round().finally(() => {
      this.#busy = false;
    });
    return this.#working;
  }

  /** Writes what waits, at the latest in `graceMs`; what could not be written is counted. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    const flushed = this.#working.then(async () => {
      while (await this.#attempt(this.#writing, () => this.#writeNext(true), true)) {
        // until nothing waits, or one try fails
      }
    });
    const timer = new AbortController();
    await Promise.race([flushed, wait(graceMs, undefined, { signal: timer.signal }).catch(ignore)]);
    timer.abort();
    this.#dropRest();
    this.#folder.close();
  }

  async #round(): Promise<void> {
    while (await this.#attempt(this.#writing, () => this.#writeNext(false))) {
      // as long as something is due
    }
    if (!this.#opened || Math.abs(this.#ports.nowMs() - this.#tidiedMs) < TIDY_EVERY_MS) return;
    const made = await this.#attempt(this.#tidying, () => this.#folder.tidy(this.#ports.nowMs()));
    // a segment was made: there may be parts for another
    if (!made) this.#tidiedMs = this.#ports.nowMs();
  }

  /** False when it failed, or is not to be tried yet. */
  async #attempt(task: Task, work: () => Promise<boolean>, now = false): Promise<boolean> {
    const { nowMs, count } = this.#ports;
    if (!now && Math.abs(nowMs() - task.triedMs) < task.backoffMs) return false;
    try {
      const more = await work();
      task.backoffMs = 0;
      task.error = undefined;
      return more;
    } catch (error) {
      if (this.#stopping && task === this.#tidying) return false;
      task.triedMs = nowMs();
      task.error = error instanceof Error ? error.message : String(error);
      // somebody forgets a unit: that is no fault, and soon over
      if (error instanceof Busy) return false;
      task.backoffMs = Math.min(Math.max(2 * task.backoffMs, FIRST_BACKOFF_MS), MAX_BACKOFF_MS);
      this.#opened = false;
      count('recording.write-failed');
      return false;
    }
  }

  /** Whether there was something to write. */
  async #writeNext(all: boolean): Promise<boolean> {
    const { nowMs, count } = this.#ports;
    if (!this.#opened) {
      this.#rows.startDay(nowMs(), await this.#folder.open(nowMs()));
      this.#opened = true;
    }
    this.#pending ??= this.#takePart(all);
    const pending = this.#pending;
    if (pending === undefined) return false;
    await this.#folder.write(pending.path, pending.bytes, nowMs());
    this.#pending = undefined;
    pending.written();
    count('recording.rows', pending.rows);
    count('recording.blocks', pending.blocks);
    count('recording.bytes', pending.bytes.length);
    return true;
  }

  #takePart(all: boolean): Pending | undefined {
    const nowMs = this.#ports.nowMs();
    const path = (kind: Kind) => this.#folder.nextPath(kind, nowMs);
    const block = this.#blocks.takePart(nowMs, all);
    if (block !== undefined) return { ...block, path: path('blocks'), rows: 0, written: block.done };
    while (all ? this.#rows.rows > 0 : this.#rows.isDue(nowMs, ROWS_WAIT_MS)) {
      const part = this.#rows.takePart(nowMs);
      if (part !== undefined)
        return { ...part, path: path('rows'), blocks: 0, written: () => this.#rows.written(part) };
    }
    return undefined;
  }

  #dropRest(): void {
    const { count } = this.#ports;
    const rows = this.#rows.rows + (this.#pending?.rows ?? 0);
    const blocks = this.#blocks.blocks + (this.#pending?.blocks ?? 0);
    if (rows > 0) count('recording.dropped-failed', rows);
    if (blocks > 0) count('recording.dropped-blocks', blocks);
  }
}

function ignore(): void {}
