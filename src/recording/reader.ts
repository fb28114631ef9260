/**
 * Reads a recording, also while it is being recorded: every row that was on disk when reading began, once. Parts are opened
 * at once, because they may become a segment at any time; a segment only goes when it is too old.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cell } from '../evidence/sums.ts';
import { storedCellAt } from './block-columns.ts';
import type { CellCodec } from './cell-codec.ts';
import type { Table } from './columns.ts';
import { type DataFile, list } from './files.ts';
import { type Kind, ParquetFile } from './parquet.ts';
import type { RecordedRow } from './row.ts';
import { rowAt, toRow } from './row-columns.ts';

export interface ReadRange {
  /** Inclusive; by the row's own time. */
  readonly sinceMs: number;
  /** Exclusive. */
  readonly untilMs: number;
  /** A file that cannot be read is left out and named here, with the reason. */
  readonly onUnreadable?: (path: string, reason: string) => void;
}

export interface RowQuery extends ReadRange {
  readonly rollout?: string | undefined;
  readonly shadow?: string | undefined;
}

export interface ReadBlock {
  readonly startMs: number;
  readonly durationMs: number;
  readonly cell: Cell;
}

const TRIES = 20;
/** `findRow` looks into so many files. */
const FILES_SEARCHED = 1_000;

/** In the order they were written, which is that of their times but for a minute or so. */
export async function* readRows(directory: string, query: RowQuery): AsyncGenerator<RecordedRow> {
  const { sinceMs, untilMs, rollout, shadow } = query;
  for await (const table of tables(directory, 'rows', query)) {
    const [times, rollouts, shadows] = ['time', 'rollout', 'shadow'].map((name) => table.columns.get(name));
    for (let index = 0; index < table.length; index++) {
      const timeMs = Number(times?.[index]);
      if (timeMs < sinceMs || timeMs >= untilMs) continue;
      if (rollout !== undefined && rollouts?.[index] !== rollout) continue;
      if (shadow !== undefined && shadows?.[index] !== shadow) continue;
      yield rowAt(table, index);
    }
  }
}

/** Cells of blocks that began in the range; of a minute each, or of ten where parts have become segments. */
export async function* readBlocks(
  directory: string,
  range: ReadRange,
  { cellFromJson }: Pick<CellCodec, 'cellFromJson'>,
): AsyncGenerator<ReadBlock> {
  for await (const table of tables(directory, 'blocks', range)) {
    for (let index = 0; index < table.length; index++) {
      const { startMs, durationMs, cell } = storedCellAt(table, index);
      if (startMs < range.sinceMs || startMs >= range.untilMs) continue;
      yield { startMs, durationMs, cell: cellFromJson(cell) };
    }
  }
}

/** The newest row of this id and, when given, shadow. Undefined: not in the newest 1,000 files. */
export async function findRow(
  directory: string,
  id: string,
  { shadow, onUnreadable }: { readonly shadow?: string; readonly onUnreadable?: ReadRange['onUnreadable'] } = {},
): Promise<RecordedRow | undefined> {
  const files = await openFiles(join(directory, 'rows'));
  try {
    for (const { path, handle } of files.reverse().slice(0, FILES_SEARCHED)) {
      const found = await reading(path, handle, onUnreadable, async (file) => {
        const rows = (await file.where('id', id)).map((row) => toRow((name) => row[name]));
        return rows.reverse().find((row) => shadow === undefined || row.shadow === shadow);
      });
      if (found !== undefined) return found;
    }
    return undefined;
  } finally {
    await closeAll(files);
  }
}

async function* tables(directory: string, kind: Kind, range: ReadRange): AsyncGenerator<Table> {
  const { sinceMs, untilMs, onUnreadable } = range;
  const files = await openFiles(join(directory, kind));
  try {
    for (const { path, handle } of files) {
      const opened = handle ?? (await open(path, 'r').catch(ignore));
      // a segment that has gone meanwhile was too old
      if (opened === undefined) continue;
      try {
        const file = await ParquetFile.read(opened);
        if (file.facts.untilMs < sinceMs || file.facts.fromMs >= untilMs) continue;
        for (let group = 0; group < file.groups; group++) yield await file.group(group);
      } catch (error) {
        onUnreadable?.(path, error instanceof Error ? error.message : String(error));
      } finally {
        await opened.close();
      }
    }
  } finally {
    await closeAll(files);
  }
}

async function reading<Result>(
  path: string,
  handle: FileHandle | undefined,
  onUnreadable: ReadRange['onUnreadable'],
  read: (file: ParquetFile) => Promise<Result>,
): Promise<Result | undefined> {
  const opened = handle ?? (await open(path, 'r').catch(ignore));
  if (opened === undefined) return undefined;
  try {
    return await read(await ParquetFile.read(opened));
  } catch (error) {
    onUnreadable?.(path, error instanceof Error ? error.message : String(error));
    return undefined;
  } finally {
    await opened.close();
  }
}

interface OpenFile extends DataFile {
  /** Of a part. */
  readonly handle: FileHandle | undefined;
}

async function openFiles(folder: string): Promise<OpenFile[]> {
  for (let tries = 1; ; tries++) {
    const { files } = await list(folder);
    const opened: OpenFile[] = [];
    try {
      for (const file of files) opened.push({ ...file, handle: file.isPart ? await open(file.path, 'r') : undefined });
      return opened;
    } catch (error) {
      await closeAll(opened);
      // it has just become a segment: look again
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || tries === TRIES) throw error;
    }
  }
}

async function closeAll(files: readonly OpenFile[]): Promise<void> {
  for (const { handle } of files) await handle?.close();
}

function ignore(): undefined {}
