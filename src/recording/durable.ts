/** Files that are there whole or not at all, whenever the power goes. */
import type { Stats } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UNFINISHED } from './files.ts';

/** How bytes reach an open file; tests put a full disk here. */
export type WriteBytes = (handle: FileHandle, bytes: Uint8Array) => Promise<void>;

export const writeBytes: WriteBytes = async (handle, bytes) => handle.writeFile(bytes);

/**
 * Makes `path` of what `make` writes: under another name, synced, then renamed over what was there. Rejects with the reason;
 * what was there is then as it was. `like`: whose file it becomes, and who may read it. Returns bytes.
 */
export async function writeDurably(
  path: string,
  make: (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
  { write = writeBytes, like }: { readonly write?: WriteBytes; readonly like?: Stats } = {},
): Promise<number> {
  const unfinished = `${path}${UNFINISHED}`;
  let size = 0;
  const handle = await open(unfinished, 'w', 0o640);
  try {
    await make(async (bytes) => {
      await write(handle, bytes);
      size += bytes.length;
    });
    if (like !== undefined) {
      await handle.chmod(like.mode & 0o777);
      const { uid, gid } = await handle.stat();
      // root forgets, and another records
      if (uid !== like.uid || gid !== like.gid) await handle.chown(like.uid, like.gid);
    }
    await handle.sync();
    await handle.close();
    await rename(unfinished, path);
  } catch (error) {
    await handle.close().catch(ignore);
    await rm(unfinished, { force: true }).catch(ignore);
    throw error;
  }
  await syncFolder(dirname(path));
  return size;
}

/** Renames and removals in it are on disk. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function ignore(): void {}
