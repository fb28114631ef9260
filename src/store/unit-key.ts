import { DatabaseSync } from 'node:sqlite';

/** The key of unit hashes in the store at `path`, which is only read: a sidecar may be using it. Throws when it cannot be. */
export function readUnitKey(path: string): string {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 1_000 });
  try {
    const key = database.prepare('SELECT unit_key FROM sidecar').get()?.unit_key;
    if (typeof key !== 'string') throw new Error('it has no key of units');
    return key;
  } finally {
    database.close();
  }
}
