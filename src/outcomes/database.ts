/** The file of exposures and outcomes. Losing the last second of it at a power cut is no harm: it is a sample. */
import { randomBytes } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { makePrivateFile } from '../sqlite/private-file.ts';
import { inTransaction } from '../sqlite/transaction.ts';

/** Statement n brings a file from `user_version` n to n + 1. A released one is never edited: add the next. */
const MIGRATIONS = [
  `
  CREATE TABLE self (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), source TEXT NOT NULL) STRICT;

  CREATE TABLE releases (
    number INTEGER PRIMARY KEY, rollout TEXT NOT NULL, release TEXT NOT NULL, UNIQUE (rollout, release)
  ) STRICT;

  -- in the order of arrival, which is that of time but for a minute
  CREATE TABLE exposures (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    time_ms INTEGER NOT NULL,
    release INTEGER NOT NULL,
    weight_bp INTEGER NOT NULL,
    canary INTEGER NOT NULL,
    unit BLOB,
    forced INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX exposures_by_time ON exposures (release, time_ms);
  CREATE INDEX exposures_by_unit ON exposures (unit, time_ms) WHERE unit IS NOT NULL;

  CREATE TABLE predictions (
    exposure INTEGER NOT NULL, candidate TEXT NOT NULL, said TEXT NOT NULL, PRIMARY KEY (exposure, candidate)
  ) STRICT, WITHOUT ROWID;

  -- settled = 0: its exposure is not known yet; due_ms: when that is given up, or when the newest of a unit is certain
  CREATE TABLE outcomes (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    key BLOB NOT NULL UNIQUE,
    rollout TEXT NOT NULL,
    id BLOB,
    units TEXT,
    name TEXT NOT NULL,
    field TEXT NOT NULL,
    value REAL,
    class TEXT,
    time_ms INTEGER NOT NULL,
    received_ms INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    settled INTEGER NOT NULL,
    exposure INTEGER
  ) STRICT;
  CREATE INDEX outcomes_by_id ON outcomes (id) WHERE settled = 0;
  CREATE INDEX outcomes_due ON outcomes (due_ms) WHERE settled = 0;
  CREATE INDEX outcomes_by_exposure ON outcomes (exposure, name) WHERE exposure IS NOT NULL;
  CREATE INDEX truths ON outcomes (number) WHERE field <> '' AND exposure IS NOT NULL;

  -- exposures up to until_ms have been summed
  CREATE TABLE cohorts (
    release INTEGER NOT NULL, key TEXT NOT NULL, outcome TEXT NOT NULL, attribution_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL, PRIMARY KEY (release, key)
  ) STRICT, WITHOUT ROWID;

  -- summed, and not yet known to have been judged
  CREATE TABLE ripe (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT, release INTEGER NOT NULL, key TEXT NOT NULL, units TEXT NOT NULL
  ) STRICT;
  `,
];

/** For another process that has it open, such as a backup. */
const BUSY_MS = 1_000;

/** `:memory:` for one that ends with the process. Throws when it cannot be opened, or a newer version wrote it. */
export function openOutcomes(path: string): DatabaseSync {
  if (path !== ':memory:') makePrivateFile(path);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: BUSY_MS });
    prepare(database, path);
    return database;
  } catch (error) {
    database?.close();
    throw named(path, error);
  }
}

function prepare(database: DatabaseSync, path: string): void {
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
  const version = Number(database.prepare('PRAGMA user_version').get()?.user_version);
  if (version > MIGRATIONS.length)
    throw new Error(`${path} was written by a newer version of Understudy; run that one`);
  inTransaction(database, () => {
    for (const statement of MIGRATIONS.slice(version)) database.exec(statement);
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
    const source = randomBytes(8).toString('hex');
    database.prepare('INSERT OR IGNORE INTO self (only_row, source) VALUES (1, ?)').run(source);
  });
}

/** What SQLite says does not name the file. */
function named(path: string, error: unknown): unknown {
  return error instanceof Error && 'errcode' in error ? new Error(`${path} cannot be opened: ${error.message}`) : error;
}
