import { randomBytes } from 'node:crypto';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import type { EvidenceStore } from '../judging/store.ts';
import type { RipeMarks } from '../outcomes/ripe.ts';
import type { RolloutEvent, RolloutState, Store } from '../rollout/store.ts';
import { makePrivateFile } from '../sqlite/private-file.ts';
import { inTransaction } from '../sqlite/transaction.ts';
import { createEvidenceStore } from './evidence.ts';
import { migrations } from './migrations.ts';
import { createRipeMarks } from './ripe-marks.ts';

const busyTimeoutMs = 1_000;

/**
 * Opens the store at `path` (`:memory:` for one that ends with the process), makes it and its folder when they are
 * missing, and brings an older one up to date. Throws when it cannot be opened or was written by a newer version.
 */
export function openStore(path: string): Store & EvidenceStore & RipeMarks {
  if (path !== ':memory:') makePrivateFile(path);
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs });
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    migrate(database, path);
    return { ...createStore(database), ...createEvidenceStore(database), ...createRipeMarks(database) };
  } catch (error) {
    database.close();
    throw error;
  }
}

function createStore(database: DatabaseSync): Store {
  const sidecar = database.prepare('SELECT revision, unit_key FROM sidecar');
  const raiseRevision = database.prepare('UPDATE sidecar SET revision = :revision WHERE revision < :revision');
  const states = database.prepare('SELECT * FROM rollouts ORDER BY rollout');
  const putState = database.prepare(`
    INSERT OR REPLACE INTO rollouts
      (rollout, release, phase, cause, weight_bp, revision, updated_at_ms, updated_by, spec_hash, active)
    VALUES (:rollout, :release, :phase, :cause, :weightBp, :revision, :updatedAtMs, :updatedBy, :specHash, :active)`);
  const addEvent = database.prepare(`
    INSERT INTO events (time_ms, rollout, release, kind, actor, reason, revision, detail)
    VALUES (:timeMs, :rollout, :release, :kind, :actor, :reason, :revision, :detail)`);
  const events = database.prepare(`
    SELECT * FROM events WHERE (:rollout IS NULL OR rollout = :rollout) AND (:before IS NULL OR number < :before)
    ORDER BY number DESC LIMIT :limit`);

  return {
    revision: () => Number(sidecar.get()?.revision),
    unitKey: () => String(sidecar.get()?.unit_key),
    states: () => states.all().map(toState),
    commit: (change) =>
      inTransaction(database, () => {
        const { changes } = raiseRevision.run({ revision: change.revision });
        if (changes === 0) throw new Error(`revision ${change.revision} or a newer one is already stored`);
        for (const state of change.states) putState.run({ ...state, active: state.active ? 1 : 0 });
        for (const event of change.events) addEvent.run({ ...event });
      }),
    events: ({ rollout, before, limit }) =>
      events.all({ rollout: rollout ?? null, before: before ?? null, limit }).map(toEvent),
    close: () => database.close(),
  };
}

function migrate(database: DatabaseSync, path: string): void {
  inTransaction(database, () => {
    const version = Number(database.prepare('PRAGMA user_version').get()?.user_version);
    if (version > migrations.length) {
      const known = `schema ${version}, this version knows up to ${migrations.length}`;
      throw new Error(`${path} was written by a newer version of Understudy (${known}); run that one`);
    }
    for (const statement of migrations.slice(version)) database.exec(statement);
    database.exec(`PRAGMA user_version = ${migrations.length}`);
    database
      .prepare('INSERT OR IGNORE INTO sidecar (only_row, revision, unit_key) VALUES (1, 0, ?)')
      .run(randomBytes(32).toString('hex'));
    database.prepare("UPDATE sidecar SET sidecar_id = ? WHERE sidecar_id = ''").run(randomBytes(16).toString('hex'));
  });
}

type Row = Record<string, SQLOutputValue>;

function toState(row: Row): RolloutState {
  return {
    rollout: String(row.rollout),
    release: String(row.release),
    phase: row.phase as RolloutState['phase'],
    cause: row.cause as RolloutState['cause'],
    weightBp: Number(row.weight_bp),
    revision: Number(row.revision),
    updatedAtMs: Number(row.updated_at_ms),
    updatedBy: String(row.updated_by),
    specHash: String(row.spec_hash),
    active: row.active === 1,
  };
}

function toEvent(row: Row): RolloutEvent {
  return {
    number: Number(row.number),
    timeMs: Number(row.time_ms),
    rollout: String(row.rollout),
    release: String(row.release),
    kind: row.kind as RolloutEvent['kind'],
    actor: String(row.actor),
    reason: String(row.reason),
    revision: Number(row.revision),
    detail: String(row.detail),
  };
}
