import { constants, open } from 'node:fs/promises';
import { keysIn } from './sign.ts';
import type { SecretPlace } from './spec.ts';

const MAX_BYTES = 4_096;

/** The keys at a place, as it is now. Rejects with a sentence, which does not hold the secret. */
export async function readKeys(place: SecretPlace, env: NodeJS.ProcessEnv): Promise<Uint8Array[]> {
  const where = 'file' in place ? place.file : `$${place.env}`;
  try {
    return keysIn('file' in place ? await textOf(place.file) : (env[place.env] ?? ''));
  } catch (error) {
    throw new Error(`${where}: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`);
  }
}

async function textOf(path: string): Promise<string> {
  // O_NONBLOCK: a pipe that nobody writes to must not hold a thread
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new Error('expected a file, found something else');
    if (stats.size > MAX_BYTES) throw new Error(`expected at most ${MAX_BYTES} bytes, found ${stats.size}`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
