/** Statement n brings a store from `user_version` n to n + 1. A released one is never edited: add the next. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE sidecar (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    revision INTEGER NOT NULL,
    unit_key TEXT NOT NULL
  ) STRICT;

  CREATE TABLE rollouts (
    rollout TEXT PRIMARY KEY,
    release TEXT NOT NULL,
    phase TEXT NOT NULL,
    cause TEXT NOT NULL,
    weight_bp INTEGER NOT NULL CHECK (weight_bp BETWEEN 0 AND 10000),
    revision INTEGER NOT NULL,
    updated_at_ms INTEGER NOT NULL,
    updated_by TEXT NOT NULL,
    spec_hash TEXT NOT NULL,
    active INTEGER NOT NULL CHECK (active IN (0, 1))
  ) STRICT;

  CREATE TABLE events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    time_ms INTEGER NOT NULL,
    rollout TEXT NOT NULL,
    release TEXT NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    revision INTEGER NOT NULL,
    detail TEXT NOT NULL
  ) STRICT;
  CREATE INDEX events_by_rollout ON events (rollout, number);

  CREATE TRIGGER events_are_not_edited BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
  CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
  -- INSERT OR REPLACE deletes without asking the trigger above
  CREATE TRIGGER events_are_not_replaced BEFORE INSERT ON events
    WHEN EXISTS (SELECT 1 FROM events WHERE number = NEW.number)
    BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
  `,
  `
  -- tells its blocks from those of other sidecars; filled in when the store is opened
  ALTER TABLE sidecar ADD COLUMN sidecar_id TEXT NOT NULL DEFAULT '';

  CREATE TABLE judges (
    rollout TEXT PRIMARY KEY,
    release TEXT NOT NULL,
    format INTEGER NOT NULL,
    state TEXT NOT NULL,
    judged TEXT NOT NULL,
    weight_bp INTEGER NOT NULL,
    weight_age_ms REAL,
    until_ms REAL NOT NULL,
    gaps INTEGER NOT NULL,
    gaps_ms REAL NOT NULL,
    unit_level INTEGER NOT NULL
  ) STRICT;

  -- which blocks were merged: all of a thread up to highest but the missing ones (JSON, ascending)
  CREATE TABLE merged_blocks (
    sidecar TEXT NOT NULL,
    thread TEXT NOT NULL,
    highest INTEGER NOT NULL,
    missing TEXT NOT NULL,
    taken INTEGER NOT NULL,
    PRIMARY KEY (sidecar, thread)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE judge_steps (
    number INTEGER PRIMARY KEY,
    rollout TEXT NOT NULL,
    release TEXT NOT NULL,
    revision INTEGER NOT NULL,
    blocks TEXT NOT NULL,
    seen TEXT NOT NULL,
    bytes INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX judge_steps_by_rollout ON judge_steps (rollout, number);

  CREATE TABLE judged_units (
    rollout TEXT NOT NULL,
    release TEXT NOT NULL,
    unit TEXT NOT NULL,
    PRIMARY KEY (rollout, release, unit)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- the last ripe outcomes that each judge was shown; source: the database of outcomes they are of
  CREATE TABLE ripe_marks (
    rollout TEXT PRIMARY KEY, source TEXT NOT NULL, sequence INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- by_hand 0: weight_bp is only what is shown, stages decide
  ALTER TABLE rollouts ADD COLUMN by_hand INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE rollouts ADD COLUMN stage TEXT;
  ALTER TABLE rollouts ADD COLUMN reached TEXT NOT NULL DEFAULT '[]';
  ALTER TABLE rollouts ADD COLUMN hold TEXT NOT NULL DEFAULT '{}';
  ALTER TABLE rollouts ADD COLUMN spec_revision INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE events ADD COLUMN spec_revision INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE events ADD COLUMN guards TEXT NOT NULL DEFAULT '[]';

  -- one entry of rollouts: each, made by ApplyRollout
  CREATE TABLE specs (rollout TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;

  -- hash: SHA-256 of the secret, which is stored nowhere
  CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    hash TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    expires_ms INTEGER NOT NULL,
    revoked_ms INTEGER,
    revoked_by TEXT
  ) STRICT, WITHOUT ROWID;

  -- the last event that each webhook was told, or was not told any more
  CREATE TABLE deliveries (webhook TEXT PRIMARY KEY, event INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  `,
];
