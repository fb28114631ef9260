/** Takes every row of one unit out of a recording, while that may go on. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { filterTable } from './columns.ts';
import { writeDurably } from './durable.ts';
import { type DataFile, list } from './files.ts';
import { cleanUp } from './folder.ts';
import { changing, lock } from './lock.ts';
import { ParquetEncoder, ParquetFile } from './parquet.ts';
import { ROW_COLUMNS } from './row-columns.ts';

/** For a compaction that is under way. */
const LOCK_MS = 60_000;
/** After a file that was changed: for the recorder to get at its folder, which it asks for every 250 ms. */
const LEAVE_MS = 400;

export interface Forgotten {
  readonly rows: number;
  /** Files that were written anew, and files looked at. */
  readonly changedFiles: number;
  readonly files: number;
  /** Paths of files that cannot be read: whether the unit is in there is not known. */
  readonly unreadable: readonly string[];
  /** Somebody records here now: rows of the last half minute may still come. Forget again after it. */
  readonly isRecording: boolean;
}

/** `unitHash`: as rows hold it. Rejects when the folder cannot be read or written; what was done so far stays done. */
export async function forgetUnit(directory: string, unitHash: string): Promise<Forgotten> {
  const folder = join(directory, 'rows');
  const seen = new Map<number, number>();
  const unreadable: string[] = [];
  let [rows, changedFiles, files] = [0, 0, 0];
  if ((await list(folder)).files.length > 0) await changing(directory, LOCK_MS, () => cleanUp(directory));
  for (;;) {
    // numbers, not names: parts we have seen may meanwhile be a segment, which then holds none of the unit's rows
    const isSeen = ({ first, last }: DataFile) => {
      for (let number = first; number <= last; number++) if (!seen.has(number)) return false;
      return true;
    };
    const next = (await list(folder)).files.find((file) => !isSeen(file));
    if (next === undefined) break;
    const removed = await changing(directory, LOCK_MS, () => rewrite(next, unitHash));
    if (removed === 'gone') continue;
    for (let number = next.first; number <= next.last; number++) seen.set(number, number);
    files++;
    if (removed === 'unreadable') unreadable.push(next.path);
    else if (removed > 0) {
      rows += removed;
      changedFiles++;
      await wait(LEAVE_MS);
    }
  }
  unreadable.push(...(await list(folder)).setAside.map(({ path }) => path));
  return { rows, changedFiles, files, unreadable, isRecording: files > 0 && isRecording(directory) };
}

function isRecording(directory: string): boolean {
  const held = lock(directory, 'recorder', 0);
  held?.release();
  return held === undefined;
}

/** How many rows were removed. */
async function rewrite(file: DataFile, unitHash: string): Promise<number | 'gone' | 'unreadable'> {
  const handle = await open(file.path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (handle === undefined) return 'gone';
  try {
    const read = await reading(() => ParquetFile.read(handle));
    if (read === undefined) return 'unreadable';
    const keeps: boolean[][] = [];
    for (let group = 0; group < read.groups; group++) {
      const table = await reading(() => read.group(group, ['unit']));
      if (table === undefined) return 'unreadable';
      keeps.push((table.columns.get('unit') ?? []).map((unit) => unit !== unitHash));
    }
    const removed = keeps.flat().filter((keep) => !keep).length;
    if (removed === 0) return 0;
    await writeDurably(
      file.path,
      async (write) => {
        const encoder = new ParquetEncoder('rows', ROW_COLUMNS);
        for (const [group, keep] of keeps.entries()) {
          if (keep.includes(true)) await write(encoder.group(filterTable(await read.group(group), keep)));
        }
        await write(encoder.end(read.facts));
      },
      { like: await handle.stat() },
    );
    return removed;
  } finally {
    await handle.close();
  }
}

async function reading<Result>(read: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await read();
  } catch {
    return undefined;
  }
}
