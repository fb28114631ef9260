/** Blocks that are not on disk yet, added up by the minute. */
import type { Block, Cell } from '../evidence/sums.ts';
import { BLOCK_COLUMNS } from './block-columns.ts';
import type { CellCodec } from './cell-codec.ts';
import { tableOf } from './columns.ts';
import { blockRows } from './compact.ts';
import { ParquetEncoder } from './parquet.ts';

const MINUTE_MS = 60_000;
/** A block says when it began: the last one of a minute comes up to a block's length after it, and a little. */
const LATE_MS = 15_000;

export interface BlockPart {
  readonly bytes: Uint8Array;
  readonly blocks: number;
  /** Called once: they are on disk, or dropped. */
  readonly done: () => void;
}

interface Minute {
  readonly minute: number;
  readonly startMs: number;
  durationMs: number;
  readonly cells: Map<string, Cell>;
  readonly done: (() => void)[];
}

export class BlockBuffer {
  readonly #codec: CellCodec;
  #minutes: Minute[] = [];

  constructor(codec: CellCodec) {
    this.#codec = codec;
  }

  get blocks(): number {
    return this.#minutes.reduce((sum, { done }) => sum + done.length, 0);
  }

  add({ startMs, durationMs, cells }: Block, done: () => void): void {
    const minute = Math.floor(startMs / MINUTE_MS);
    let open = this.#minutes.at(-1);
    if (open?.minute !== minute) {
      open = { minute, startMs, durationMs: 0, cells: new Map(), done: [] };
      this.#minutes.push(open);
    }
    open.durationMs += durationMs;
    this.#codec.mergeCells(open.cells, cells);
    open.done.push(done);
  }

  /** Of the oldest minute, when that is over (`all`: even when not); undefined: none. It is then the caller's. */
  takePart(nowMs: number, all: boolean): BlockPart | undefined {
    const [oldest, next] = this.#minutes;
    const isOver = next !== undefined || (oldest && nowMs > (oldest.minute + 1) * MINUTE_MS + LATE_MS);
    if (oldest === undefined || !(isOver || all)) return undefined;
    this.#minutes.shift();
    const { startMs, durationMs, cells } = oldest;
    if (cells.size === 0) {
      for (const done of oldest.done) done();
      return this.takePart(nowMs, all);
    }
    const encoder = new ParquetEncoder('blocks', BLOCK_COLUMNS);
    const table = tableOf(BLOCK_COLUMNS, blockRows(startMs, durationMs, cells.values(), this.#codec));
    const group = encoder.group(table);
    const bytes = Buffer.concat([group, encoder.end({ fromMs: startMs, untilMs: startMs + durationMs })]);
    const done = () => {
      for (const each of oldest.done) each();
    };
    return { bytes, blocks: oldest.done.length, done };
  }
}
