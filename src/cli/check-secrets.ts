/** Secrets of webhooks that are not there: no mistake, as they are read for each message, but most likely not meant. */
import { readFileSync, statSync } from 'node:fs';
import type { Config } from '../config/parse.ts';
import type { Problem } from '../config/problem.ts';
import { readSource } from '../config/source.ts';

/** Where `file`, which `config` was read from, names a secret file that does not exist. */
export function missingSecrets(file: string, { notifications }: Pick<Config, 'notifications'>): readonly Problem[] {
  const missing = notifications.flatMap(({ secret }, i) =>
    secret !== undefined && 'file' in secret && !exists(secret.file) ? [i] : [],
  );
  if (missing.length === 0) return [];
  const source = readSource(readFileSync(file, 'utf8'), file);
  const message = 'there is no such file here: messages wait until there is one';
  return missing.map((i) => source.problem(['notifications', i, 'secretFile'], 'a file', { message }));
}

function exists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // it may be there for the user that Understudy runs as
    return true;
  }
}
