import { randomBytes } from 'node:crypto';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import type { TokenStore } from '../access/token-desk.ts';
import type { EvidenceStore } from '../judging/store.ts';
import type { Deliveries } from '../notifications/deliveries.ts';
import type { RipeMarks } from '../outcomes/ripe.ts';
import { FRESH_HOLD } from '../rollout/hold.ts';
import { weightOf } from '../rollout/stages.ts';
import type { RolloutEvent, RolloutState, Store } from '../rollout/store.ts';
import { makePrivateFile } from '../sqlite/private-file.ts';
import { inTransaction } from '../sqlite/transaction.ts';
import { createDeliveries } from './deliveries.ts';
import { createEvidenceStore } from './evidence.ts';
import { migrations } from './migrations.ts';
import { createRipeMarks } from './ripe-marks.ts';
import { createTokenStore } from './tokens.ts';

const busyTimeoutMs = 1_000;

/**
 * Opens the store at `path` (`:memory:` for one that ends with the process), makes it and its folder when they are
 * missing, and brings an older one up to date. Throws when it cannot be opened or was written by a newer version.
 */
export function openStore(path: string): Store & EvidenceStore & RipeMarks & TokenStore & Deliveries {
  if (path !== ':memory:') makePrivateFile(path);
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs });
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    migrate(database, path);
    return {
      ...createStore(database),
      ...createEvidenceStore(database),
      ...createRipeMarks(database),
      ...createDeliveries(database),
      ...createTokenStore(database),
    };
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
      (rollout, release, phase, cause, by_hand, weight_bp, stage, reached, hold,
       revision, updated_at_ms, updated_by, spec_hash, spec_revision, active)
    VALUES (:rollout, :release, :phase, :cause, :byHand, :weightBp, :stage, :reached, :hold,
       :revision, :updatedAtMs, :updatedBy, :specHash, :specRevision, :active)`);
  const putHold = database.prepare('UPDATE rollouts SET hold = :hold WHERE rollout = :rollout AND release = :release');
  const specs = database.prepare('SELECT rollout, text FROM specs ORDER BY rollout');
  const putSpec = database.prepare('INSERT OR REPLACE INTO specs (rollout, text) VALUES (:rollout, :text)');
  const dropSpec = database.prepare('DELETE FROM specs WHERE rollout = :rollout');
  const addEvent = database.prepare(`
    INSERT INTO events (time_ms, rollout, release, kind, actor, reason, revision, spec_revision, detail, guards)
    VALUES (:timeMs, :rollout, :release, :kind, :actor, :reason, :revision, :specRevision, :detail, :guards)`);
  const asked = `
    SELECT * FROM events WHERE (:rollout IS NULL OR rollout = :rollout) AND number < :before AND number > :after
      AND (:kinds IS NULL OR kind IN (SELECT value FROM json_each(:kinds)))`;
  const newest = database.prepare(`${asked} ORDER BY number DESC LIMIT :limit`);
  const oldest = database.prepare(`${asked} ORDER BY number LIMIT :limit`);

  return {
    revision: () => Number(sidecar.get()?.revision),
    unitKey: () => String(sidecar.get()?.unit_key),
    states: () => states.all().map(toState),
    commit: (change) =>
      inTransaction(database, () => {
        const { changes } = raiseRevision.run({ revision: change.revision });
        if (changes === 0) throw new Error(`revision ${change.revision} or a newer one is already stored`);
        for (const state of change.states) putState.run(fromState(state));
        for (const event of change.events) addEvent.run({ ...event });
        for (const { rollout, text } of change.specs ?? []) {
          if (text === undefined) dropSpec.run({ rollout });
          else putSpec.run({ rollout, text });
        }
      }),
    specs: () => specs.all().map(({ rollout, text }) => ({ rollout: String(rollout), text: String(text) })),
    note: ({ holds, events }) =>
      inTransaction(database, () => {
        for (const { rollout, release, hold } of holds) putHold.run({ rollout, release, hold: JSON.stringify(hold) });
        for (const event of events) addEvent.run({ ...event });
      }),
    events: ({ rollout, before, after, kinds, limit }) =>
      (after === undefined ? newest : oldest)
        .all({
          rollout: rollout ?? null,
          before: before ?? Number.MAX_SAFE_INTEGER,
          after: after ?? 0,
          kinds: kinds === undefined ? null : JSON.stringify(kinds),
          limit,
        })
        .map(toEvent),
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

function fromState({ weightBp, stage, reached, hold, active, ...state }: RolloutState) {
  return {
    ...state,
    byHand: weightBp === undefined ? 0 : 1,
    weightBp: weightOf({ weightBp, reached }),
    stage: stage ?? null,
    reached: JSON.stringify(reached),
    hold: JSON.stringify(hold),
    active: active ? 1 : 0,
  };
}

function toState(row: Row): RolloutState {
  return {
    rollout: String(row.rollout),
    release: String(row.release),
    phase: row.phase as RolloutState['phase'],
    cause: row.cause as RolloutState['cause'],
    weightBp: row.by_hand === 0 ? undefined : Number(row.weight_bp),
    stage: row.stage === null ? undefined : String(row.stage),
    reached: JSON.parse(String(row.reached)),
    // of an earlier version there is none, or not all of it
    hold: { ...FRESH_HOLD, ...JSON.parse(String(row.hold)) },
    revision: Number(row.revision),
    updatedAtMs: Number(row.updated_at_ms),
    updatedBy: String(row.updated_by),
    specHash: String(row.spec_hash),
    specRevision: Number(row.spec_revision),
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
    specRevision: Number(row.spec_revision),
    detail: String(row.detail),
    guards: String(row.guards),
  };
}
