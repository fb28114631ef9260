/** How far judges are in the ripe outcomes, in the table of migration 3. Calls are part of the transaction that is open. */
import type { DatabaseSync } from 'node:sqlite';
import type { RipeMarks } from '../outcomes/ripe.ts';

export function createRipeMarks(database: DatabaseSync): RipeMarks {
  const get = database.prepare('SELECT source, sequence FROM ripe_marks WHERE rollout = ?');
  const put = database.prepare('INSERT OR REPLACE INTO ripe_marks (rollout, source, sequence) VALUES (?, ?, ?)');
  return {
    ripeMark(rollout) {
      const row = get.get(rollout);
      return row && { source: String(row.source), sequence: Number(row.sequence) };
    },
    setRipeMark(rollout, { source, sequence }) {
      put.run(rollout, source, sequence);
    },
  };
}
