/**
 * Who may change a recording's folder. A lock is SQLite's on an empty database: the system lets go of it when its process
 * dies, however it dies, so none is ever left behind.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** `change`: held for each single change; `recorder`: for as long as somebody records here. */
export type LockName = 'change' | 'recorder';

const SQLITE_BUSY = 5;

/** Undefined when another holds it for longer than `timeoutMs` (this thread stands still so long). Throws when the folder cannot be written. */
export function lock(directory: string, name: LockName, timeoutMs: number): { release(): void } | undefined {
  const database = new DatabaseSync(join(directory, `.${name}.lock`), { timeout: timeoutMs });
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw error;
  }
  return { release: () => database.close() };
}

export class Busy extends Error {}

/** Rejects with Busy when another is changing the folder for longer than `timeoutMs`. */
export async function changing<Result>(
  directory: string,
  timeoutMs: number,
  change: () => Promise<Result>,
): Promise<Result> {
  const held = lock(directory, 'change', timeoutMs);
  if (held === undefined) throw new Busy(`${directory}: another process has been changing it for ${timeoutMs} ms`);
  try {
    return await change();
  } finally {
    held.release();
  }
}
