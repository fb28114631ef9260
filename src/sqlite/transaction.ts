import type { DatabaseSync } from 'node:sqlite';

/** All of `work`, or nothing of it. Throws what it throws, and when it cannot be stored. */
export function inTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // a full disk has already rolled it back
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}
