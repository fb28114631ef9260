/** Unix sockets: one process serves a path, and only whom its mode names may connect. */
import { chmodSync, linkSync, lstatSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';

/**
 * Calls `bind` with a path in a folder nobody else may enter, then moves the socket to `path` with `mode`: it is never
 * there with another mode, and the umask of the whole process stays as it is. What a dead process left at `path` is
 * removed first. Throws when a live one serves there or when it is no socket.
 */
export async function claimSocket(path: string, mode: number, bind: (path: string) => Promise<void>): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  await removeStale(path);
  // not `join`, which would take the dot away and with it the folder's place inside the socket's own
  const folder = mkdtempSync(`${dirname(path)}/.`);
  try {
    const hidden = join(folder, 's');
    await bind(hidden);
    chmodSync(hidden, mode);
    linkSync(hidden, path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whoever bound it knows another name, so the path is ours to remove. */
export function releaseSocket(path: string): void {
  rmSync(path, { force: true });
}

/** Whether a process accepts connections at the Unix socket `path`; the reason why not is in `refusal`. */
export function probeSocket(path: string): Promise<{ readonly refusal: string | undefined }> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve({ refusal: undefined });
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve({ refusal: error.code ?? error.message }));
  });
}

async function removeStale(path: string): Promise<void> {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket()) throw new Error(`${path} exists and is not a socket`);
  const { refusal } = await probeSocket(path);
  if (refusal === undefined) throw new Error(`another process serves ${path}`);
  if (refusal !== 'ECONNREFUSED') throw new Error(`${path} cannot be probed: ${refusal}`);
  rmSync(path, { force: true });
}
