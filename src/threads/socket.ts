/** Unix sockets: one process serves a path, and only whom its mode names may connect. */
import { chmod, mkdir, unlink } from 'node:fs/promises';
import net from 'node:net';
import { dirname } from 'node:path';

/**
 * Listens at `path` with `mode`: removes a socket nobody serves any more, refuses one that somebody does.
 * `listen` starts the server and resolves when it listens.
 */
export async function claimSocket(path: string, mode: number, listen: () => Promise<void>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  if (await answers(path)) throw new Error(`${path}: another process serves this socket`);
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await listen();
  await chmod(path, mode);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}
