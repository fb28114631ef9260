/** Sockets: one process serves each, and of Unix sockets only whom the mode names may connect. */
import { chmodSync, linkSync, lstatSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { type SocketAddress, socketAddressOf } from './address.ts';

/** To connect. */
const PROBE_MS = 5_000;

type Bind = (address: SocketAddress) => Promise<void>;

/**
 * Has `bind` listen for `address` (a path, or `host:port`). A path gets `mode`, and what a dead process left there is
 * removed first. Throws when somebody serves there already, or when the path is no socket.
 */
export async function claimSocket(address: string, mode: number, bind: Bind): Promise<void> {
  const where = socketAddressOf(address);
  if ('path' in where) return claimPath(where.path, mode, bind);
  try {
    await bind(where);
  } catch (error) {
    const { message } = error as Error;
    // grpc-js tells the reason in its message only
    throw new Error(
      message.includes('EADDRINUSE') ? `${address} is in use` : `${address} cannot be served: ${message}`,
    );
  }
}

/** The path's file goes; whoever bound it knows another name, so it is ours to remove. A port goes with its server. */
export function releaseSocket(address: string): void {
  const where = socketAddressOf(address);
  if ('path' in where) rmSync(where.path, { force: true });
}

/**
 * Binds in a folder nobody else may enter, then moves the socket to `path`: it is never there with another mode, and
 * the umask of the whole process stays as it is.
 */
async function claimPath(path: string, mode: number, bind: Bind): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  await removeStale(path);
  // not `join`, which would take the dot away and with it the folder's place inside the socket's own
  const folder = mkdtempSync(`${dirname(path)}/.`);
  try {
    const hidden = join(folder, 's');
    await bind({ path: hidden });
    chmodSync(hidden, mode);
    linkSync(hidden, path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether a process accepts connections at `address` (a path, if it is text); the reason why not is in `refusal`. */
export function probeSocket(address: string | SocketAddress): Promise<{ readonly refusal: string | undefined }> {
  return new Promise((resolve) => {
    const socket = connect(typeof address === 'string' ? { path: address } : address);
    socket.setTimeout(PROBE_MS, () => socket.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })));
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
