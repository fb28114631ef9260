/** Many small parts become one segment. */
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Cell } from '../evidence/sums.ts';
import { BLOCK_COLUMNS, type BlockRow, storedCellAt } from './block-columns.ts';
import type { CellCodec } from './cell-codec.ts';
import { type Column, concatTables, type Table, tableOf } from './columns.ts';
import { syncFolder, type WriteBytes, writeDurably } from './durable.ts';
import { type DataFile, SET_ASIDE, segmentName } from './files.ts';
import { GROUP_ROWS, type Kind, ParquetEncoder, ParquetFile } from './parquet.ts';
import { ROW_COLUMNS } from './row-columns.ts';

const HOUR_MS = 3_600_000;
/** Blocks of so long become one. */
const BLOCKS_MS = 600_000;
/** Characters of a group of a segment. */
const GROUP_TEXT = 32 * 2 ** 20;

export interface Sized extends DataFile {
  readonly bytes: number;
}

/**
 * Parts that should become one segment now, oldest first: those of one hour that is over, or `maxBytes` of them. Undefined:
 * none. `files` in the order they were written.
 */
export function partsToCompact(files: readonly Sized[], nowMs: number, maxBytes: number): readonly Sized[] | undefined {
  const hourOf = (ms: number) => Math.floor(ms / HOUR_MS);
  const run: Sized[] = [];
  let bytes = 0;
  for (const file of files) {
    const [begun] = run;
    if (begun !== undefined && (!file.isPart || hourOf(file.writtenMs) !== hourOf(begun.writtenMs))) return run;
    if (!file.isPart) continue;
    run.push(file);
    bytes += file.bytes;
    if (bytes >= maxBytes) return run;
  }
  const [begun] = run;
  return begun !== undefined && hourOf(begun.writtenMs) !== hourOf(nowMs) ? run : undefined;
}

/**
 * Writes the segment, then removes its parts; whoever holds the `change` lock may do it. A part that cannot be read is set
 * aside. Rejects with the reason; the parts are then as they were.
 */
export async function compact(
  kind: Kind,
  parts: readonly DataFile[],
  ports: {
    readonly codec: CellCodec;
    readonly write: WriteBytes;
    readonly onUnreadable: (part: DataFile, reason: string) => void;
    /** Asked between groups: true = give up, another time will do. */
    readonly isStopping: () => boolean;
  },
): Promise<void> {
  const [first, last] = [parts[0], parts.at(-1)];
  if (first === undefined || last === undefined) return;
  const folder = dirname(first.path);
  const path = join(folder, segmentName(first.writtenMs, first.first, last.last));
  const unreadable = new Set<DataFile>();
  const times = new Times();
  await writeDurably(
    path,
    async (write) => {
      const columns: readonly Column<never>[] = kind === 'rows' ? ROW_COLUMNS : BLOCK_COLUMNS;
      const encoder = new ParquetEncoder(kind, columns);
      const tables = tablesOf(parts, times, (part, error) => {
        unreadable.add(part);
        ports.onUnreadable(part, error instanceof Error ? error.message : String(error));
      });
      const merged = kind === 'rows' ? tables : mergeBlocks(tables, ports.codec);
      for await (const table of regroup(columns, merged)) {
        if (ports.isStopping()) throw new Error('stopping');
        await write(encoder.group(table));
      }
      await write(encoder.end(times));
    },
    { write: ports.write },
  );
  for (const part of parts) {
    if (unreadable.has(part)) await rename(part.path, `${part.path}${SET_ASIDE}`);
    else await rm(part.path, { force: true });
  }
  await syncFolder(folder);
}

/** The stretch that several files' times span. */
class Times {
  fromMs = 0;
  untilMs = 0;
  #any = false;

  add({ fromMs, untilMs }: { fromMs: number; untilMs: number }): void {
    this.fromMs = this.#any ? Math.min(this.fromMs, fromMs) : fromMs;
    this.untilMs = this.#any ? Math.max(this.untilMs, untilMs) : untilMs;
    this.#any = true;
  }
}

/** A part is taken whole or, when it cannot be read, not at all. */
async function* tablesOf(
  parts: readonly DataFile[],
  times: Times,
  onUnreadable: (part: DataFile, error: unknown) => void,
): AsyncGenerator<Table> {
  for (const part of parts) {
    const tables: Table[] = [];
    const handle = await open(part.path, 'r');
    try {
      const file = await ParquetFile.read(handle);
      for (let group = 0; group < file.groups; group++) tables.push(await file.group(group));
      if (tables.length > 0) times.add(file.facts);
    } catch (error) {
      if (isOfTheDisk(error)) throw error;
      onUnreadable(part, error);
      continue;
    } finally {
      await handle.close();
    }
    yield* tables;
  }
}

/** The file may be well: another try may read it. */
function isOfTheDisk(error: unknown): boolean {
  return typeof (error as { errno?: unknown }).errno === 'number';
}

async function* regroup(columns: readonly Column<never>[], tables: AsyncIterable<Table>): AsyncGenerator<Table> {
  const names = columns.map(({ name }) => name);
  let waiting: Table[] = [];
  let [rows, text] = [0, 0];
  for await (const table of tables) {
    waiting.push(table);
    rows += table.length;
    text += textOf(table);
    if (rows < GROUP_ROWS && text < GROUP_TEXT) continue;
    yield concatTables(names, waiting);
    waiting = [];
    [rows, text] = [0, 0];
  }
  if (rows > 0) yield concatTables(names, waiting);
}

function textOf({ columns }: Table): number {
  let sum = 0;
  for (const values of columns.values()) for (const value of values) if (typeof value === 'string') sum += value.length;
  return sum;
}

/** Cells of ten minutes (by the wall clock) are added up, each to one row. */
async function* mergeBlocks(tables: AsyncIterable<Table>, codec: CellCodec): AsyncGenerator<Table> {
  let open: { window: number; startMs: number; durations: Map<number, number>; cells: Map<string, Cell> } | undefined;
  for await (const table of tables) {
    for (let index = 0; index < table.length; index++) {
      const { startMs, durationMs, cell } = storedCellAt(table, index);
      const window = Math.floor(startMs / BLOCKS_MS);
      if (open?.window !== window) {
        if (open !== undefined) yield blockTable(open, codec);
        open = { window, startMs, durations: new Map(), cells: new Map() };
      }
      open.durations.set(startMs, durationMs);
      codec.mergeCells(open.cells, [codec.cellFromJson(cell)]);
    }
  }
  if (open !== undefined) yield blockTable(open, codec);
}

function blockTable(
  { startMs, durations, cells }: { startMs: number; durations: Map<number, number>; cells: Map<string, Cell> },
  codec: CellCodec,
): Table {
  const durationMs = [...durations.values()].reduce((sum, ms) => sum + ms, 0);
  return tableOf(BLOCK_COLUMNS, blockRows(startMs, durationMs, cells.values(), codec));
}

export function blockRows(startMs: number, durationMs: number, cells: Iterable<Cell>, codec: CellCodec): BlockRow[] {
  return Array.from(cells, (cell) => ({ startMs, durationMs, key: cell.key, cell: codec.cellToJson(cell) }));
}
