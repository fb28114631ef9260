/** Takes what is kept of a unit out of the file of exposures and outcomes; a sidecar may be using it. */
import { existsSync } from 'node:fs';
import { inTransaction } from '../sqlite/transaction.ts';
import { openOutcomes } from './database.ts';

/** How many exposures and outcomes went. Sums that were judged stay: they name nobody else. Throws when it cannot be done. */
export function forgetOutcomes(path: string, units: readonly string[]): number {
  if (!existsSync(path)) return 0;
  const database = openOutcomes(path);
  try {
    const dropPairs = database.prepare(
      'DELETE FROM predictions WHERE exposure IN (SELECT number FROM exposures WHERE unit = ?)',
    );
    const dropJoined = database.prepare(
      'DELETE FROM outcomes WHERE exposure IN (SELECT number FROM exposures WHERE unit = ?)',
    );
    const dropSaid = database.prepare(
      'DELETE FROM outcomes WHERE units IS NOT NULL AND EXISTS (SELECT 1 FROM json_each(units) WHERE value = ?)',
    );
    const dropExposures = database.prepare('DELETE FROM exposures WHERE unit = ?');
    return inTransaction(database, () =>
      units.reduce((gone, unit) => {
        const hash = Buffer.from(unit, 'hex');
        dropPairs.run(hash);
        const outcomes = Number(dropJoined.run(hash).changes) + Number(dropSaid.run(unit).changes);
        return gone + outcomes + Number(dropExposures.run(hash).changes);
      }, 0),
    );
  } finally {
    database.close();
  }
}
