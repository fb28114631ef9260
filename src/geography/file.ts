/** The file a geography database lies in. */
import { open, stat } from 'node:fs/promises';
import type { Database } from './look-up.ts';

/** Rejects when the file cannot be read, or changes its size meanwhile. */
export async function readDatabase(file: string): Promise<Database> {
  await using handle = await open(file);
  const { size } = await handle.stat();
  const database = new SharedArrayBuffer(size);
  const bytes = Buffer.from(database);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await handle.read(bytes, filled, size - filled, filled);
    if (bytesRead === 0) throw new Error('it became shorter while it was read');
    filled += bytesRead;
  }
  return database;
}

/** Another text when the file was replaced, overwritten or removed. */
export async function versionOf(file: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
}
