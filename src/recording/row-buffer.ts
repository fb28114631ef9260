/** Rows that are not on disk yet. Their number is bounded by the senders; bytes a day are bounded here. */
import { tableOf } from './columns.ts';
import { GROUP_ROWS, ParquetEncoder } from './parquet.ts';
import type { RecordedRow } from './row.ts';
import { ROW_COLUMNS } from './row-columns.ts';

export interface Batch {
  readonly rows: readonly string[];
  readonly characters: number;
  /** Called once: the rows are on disk, or dropped. */
  readonly done: () => void;
}

export interface RowPart {
  readonly bytes: Uint8Array;
  readonly rows: number;
  readonly characters: number;
  readonly done: () => void;
}

export type CountDropped = (
  name: 'recording.dropped-budget' | 'recording.dropped-busy' | 'recording.dropped-failed',
  by: number,
) => void;

export const PART_ROWS = 20_000;
const PART_CHARACTERS = 16 * 2 ** 20;
const DAY_MS = 86_400_000;
/** Bytes on disk by character of JSON, until parts have shown it: estimate.ts. */
const FIRST_RATIO = 0.1;

export class RowBuffer {
  maxBytesPerDay: number;
  readonly #maxCharacters: number;
  readonly #count: CountDropped;
  #batches: Batch[] = [];
  #rows = 0;
  #characters = 0;
  #openedMs = 0;
  #day = 0;
  #writtenBytes = 0;
  #ratio = FIRST_RATIO;

  constructor(options: {
    readonly maxBytesPerDay: number;
    /** Of everything that waits; senders keep below it, unless many come one after the other. */
    readonly maxCharacters: number;
    readonly count: CountDropped;
  }) {
    this.maxBytesPerDay = options.maxBytesPerDay;
    this.#maxCharacters = options.maxCharacters;
    this.#count = options.count;
  }

  get rows(): number {
    return this.#rows;
  }

  /** What is on disk of the day of `nowMs`, at the start. */
  startDay(nowMs: number, writtenBytes: number): void {
    this.#day = Math.floor(nowMs / DAY_MS);
    this.#writtenBytes = writtenBytes;
  }

  add(batch: Batch, nowMs: number): void {
    const day = Math.floor(nowMs / DAY_MS);
    if (day !== this.#day) this.startDay(nowMs, 0);
    const bytes = this.#writtenBytes + this.#ratio * (this.#characters + batch.characters);
    if (bytes > this.maxBytesPerDay || this.#characters > this.#maxCharacters) {
      this.#count(
        bytes > this.maxBytesPerDay ? 'recording.dropped-budget' : 'recording.dropped-busy',
        batch.rows.length,
      );
      batch.done();
      return;
    }
    if (this.#rows === 0) this.#openedMs = nowMs;
    this.#batches.push(batch);
    this.#rows += batch.rows.length;
    this.#characters += batch.characters;
  }

  /** Enough for a part, or for long enough: then so many rows as one part takes. */
  isDue(nowMs: number, maxWaitMs: number): boolean {
    const isFull = this.#rows >= PART_ROWS || this.#characters >= PART_CHARACTERS;
    return this.#rows > 0 && (isFull || Math.abs(nowMs - this.#openedMs) >= maxWaitMs);
  }

  /** The oldest rows as a file; they are then the caller's. Undefined: none, or none that can be written. */
  takePart(nowMs: number): RowPart | undefined {
    const batches: Batch[] = [];
    let [rows, characters] = [0, 0];
    for (const batch of this.#batches) {
      if (rows > 0 && (rows + batch.rows.length > PART_ROWS || characters + batch.characters > PART_CHARACTERS)) break;
      batches.push(batch);
      rows += batch.rows.length;
      characters += batch.characters;
    }
    this.#batches.splice(0, batches.length);
    this.#rows -= rows;
    this.#characters -= characters;
    this.#openedMs = nowMs;
    if (rows === 0) return undefined;
    const done = () => {
      for (const batch of batches) batch.done();
    };
    try {
      return { bytes: encode(batches), rows, characters, done };
    } catch {
      // a row that is none: its part must not be tried for ever
      this.#count('recording.dropped-failed', rows);
      done();
      return undefined;
    }
  }

  written(part: RowPart): void {
    this.#writtenBytes += part.bytes.length;
    this.#ratio = part.bytes.length / Math.max(part.characters, 1);
    part.done();
  }
}

function encode(batches: readonly Batch[]): Uint8Array {
  const texts = batches.flatMap((batch) => batch.rows);
  const encoder = new ParquetEncoder('rows', ROW_COLUMNS);
  const bytes: Uint8Array[] = [];
  let [fromMs, untilMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let from = 0; from < texts.length; from += GROUP_ROWS) {
    const rows = texts.slice(from, from + GROUP_ROWS).map((text): RecordedRow => JSON.parse(text));
    for (const { timeMs } of rows) {
      fromMs = Math.min(fromMs, timeMs);
      untilMs = Math.max(untilMs, timeMs);
    }
    bytes.push(encoder.group(tableOf(ROW_COLUMNS, rows)));
  }
  return Buffer.concat([...bytes, encoder.end({ fromMs, untilMs })]);
}
