/** Exposures and outcomes, joined. Every call is one transaction and throws when it cannot be stored; time is passed in. */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { inTransaction } from '../sqlite/transaction.ts';
import type { CheckedOutcome } from './check-outcome.ts';
import type { Exposure, OutcomeStatus, PairValues, Recorded } from './outcome.ts';
import { isUnitSampled } from './sample.ts';
import type { OutcomesSpec } from './spec.ts';

/**
 * `exposures`, `joined`: stored, joined. `unmatched`: outcomes whose exposure never came. `too-late`: their exposure had been
 * judged without them. `exposures-late`: exposures that came after those of their time were summed. `evicted`: exposures and
 * outcomes that went before their time, as there were too many. `expired`: that went at their time.
 */
export type StoreCounter =
  | 'outcomes.exposures'
  | 'outcomes.joined'
  | 'outcomes.unmatched'
  | 'outcomes.too-late'
  | 'outcomes.exposures-late'
  | 'outcomes.evicted'
  | 'outcomes.expired';

/** An exposure is logged at its end: longer than any waits for its log entry. */
export const SETTLE_MS = 70_000;
/** For the exposure of an outcome that came before it. */
export const WAIT_MS = 10 * 60_000;
/** Of one call: the thread has other things to do. */
const MAX_AT_ONCE = 5_000;

export interface OutcomeStore {
  /** Those of units that are not in the sample are passed over. */
  addExposures(exposures: readonly Exposure[], pairs: readonly PairValues[]): void;
  record(
    outcomes: readonly CheckedOutcome[],
    nowMs: number,
  ): Pick<Recorded, 'accepted' | 'waiting' | 'duplicate' | 'tooLate'>;
  /** Joins what is due, gives up what waited too long. */
  settle(nowMs: number): void;
  /** Deletes what is old, or too much. */
  expire(nowMs: number): void;
  status(): OutcomeStatus;
}

type Spec = Omit<OutcomesSpec, 'database'>;

export function createOutcomeStore(
  database: DatabaseSync,
  { spec, count }: { readonly spec: () => Spec; readonly count: (name: StoreCounter, by?: number) => void },
): OutcomeStore {
  const addRelease = database.prepare('INSERT OR IGNORE INTO releases (rollout, release) VALUES (?, ?)');
  const releaseOf = database.prepare('SELECT number FROM releases WHERE rollout = ? AND release = ?');
  const summedUntil = database.prepare('SELECT MAX(until_ms) AS until FROM cohorts WHERE release = ?');
  const addExposure = database.prepare(`
    INSERT OR IGNORE INTO exposures (id, time_ms, release, weight_bp, canary, unit, forced) VALUES (?, ?, ?, ?, ?, ?, ?)`);
  const byId = database.prepare('SELECT number, time_ms, release FROM exposures WHERE id = ?');
  const byUnit = database.prepare(`
    SELECT exposures.number, time_ms, exposures.release FROM exposures JOIN releases ON releases.number = exposures.release
    WHERE unit = ? AND time_ms <= ? AND rollout = ? ORDER BY time_ms DESC, exposures.number DESC LIMIT 1`);
  const addPair = database.prepare('INSERT OR IGNORE INTO predictions (exposure, candidate, said) VALUES (?, ?, ?)');
  const addOutcome = database.prepare(`
    INSERT OR IGNORE INTO outcomes (key, rollout, id, units, name, field, value, class, time_ms, received_ms, due_ms, settled)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)`);
  const waitingFor = database.prepare('SELECT number, name, field, time_ms FROM outcomes WHERE settled = 0 AND id = ?');
  const due = database.prepare(`
    SELECT number, rollout, id, units, name, field, time_ms FROM outcomes WHERE settled = 0 AND due_ms <= ?
    ORDER BY due_ms LIMIT ${MAX_AT_ONCE}`);
  const settleOne = database.prepare('UPDATE outcomes SET settled = 1, exposure = ? WHERE number = ?');
  const missedBy = database.prepare(`
    SELECT 1 FROM cohorts WHERE release = ? AND outcome = ? AND until_ms >= ? AND attribution_ms >= ? LIMIT 1`);
  const oldExposures = database.prepare(`SELECT number, time_ms FROM exposures ORDER BY number LIMIT ${MAX_AT_ONCE}`);
  const oldestExposure = database.prepare('SELECT time_ms FROM exposures ORDER BY number LIMIT 1');
  const dropExposures = database.prepare('DELETE FROM exposures WHERE number <= ?');
  const dropPairs = database.prepare('DELETE FROM predictions WHERE exposure <= ?');
  const oldOutcomes = database.prepare(
    `SELECT number, received_ms AS time_ms, settled FROM outcomes ORDER BY number LIMIT ${MAX_AT_ONCE}`,
  );
  const dropOutcomes = database.prepare('DELETE FROM outcomes WHERE number <= ?');
  const held = countHeld();

  return {
    addExposures(exposures, pairs) {
      const { sampleBp } = spec();
      const sampled = exposures.filter(({ unit, id }) => isUnitSampled(unit || id, sampleBp));
      inOne((tally) => {
        for (const exposure of sampled) store(exposure, tally);
        for (const { id, candidate, values } of pairs) {
          const exposure = byId.get(bytes(id));
          if (exposure !== undefined) addPair.run(Number(exposure.number), candidate, JSON.stringify(values));
        }
      });
    },
    record: (outcomes, nowMs) =>
      inOne((tally) => {
        const recorded = { accepted: 0, waiting: 0, duplicate: 0, tooLate: 0 };
        for (const outcome of outcomes) recorded[recordOne(outcome, nowMs, tally)]++;
        return recorded;
      }),
    settle(nowMs) {
      inOne((tally) => {
        for (const row of due.all(nowMs)) {
          const found = row.id === null ? newestOf(JSON.parse(String(row.units)), row) : undefined;
          settleRow(row, found, tally);
          if (found === undefined) tally['outcomes.unmatched']++;
        }
      });
    },
    expire(nowMs) {
      const { keepMs, maxExposures } = spec();
      inOne((tally) => {
        const old = oldestOf(
          oldExposures.iterate(),
          nowMs - keepMs,
          held.exposures + tally.exposures - maxExposures,
          tally,
        );
        if (old !== undefined) {
          tally.exposures -= Number(dropExposures.run(old.number).changes);
          dropPairs.run(old.number);
        }
        const past = oldestOf(
          oldOutcomes.iterate(),
          nowMs - keepMs,
          held.outcomes + tally.outcomes - maxExposures,
          tally,
        );
        if (past === undefined) return;
        tally.waiting -= past.unsettled;
        tally['outcomes.unmatched'] += past.unsettled;
        tally.outcomes -= Number(dropOutcomes.run(past.number).changes);
      });
    },
    status: () => {
      const oldest = oldestExposure.get();
      return { ...held, oldestMs: oldest && Number(oldest.time_ms) };
    },
  };

  /** What is counted is counted when it is stored, and not before. */
  function inOne<Result>(work: (tally: Tally) => Result): Result {
    const tally = newTally();
    const result = inTransaction(database, () => work(tally));
    const { exposures, outcomes, waiting, ...counted } = tally;
    held.exposures += exposures;
    held.outcomes += outcomes;
    held.waiting += waiting;
    for (const [name, by] of Object.entries(counted)) if (by > 0) count(name as StoreCounter, by);
    return result;
  }

  function store({ id, timeMs, rollout, release, weightBp, arm, unit, forced }: Exposure, tally: Tally): void {
    const number = numberOf(rollout, release);
    const hash = unit === '' ? null : bytes(unit);
    const key = bytes(id);
    const added = addExposure.run(key, timeMs, number, weightBp, arm === 'canary' ? 1 : 0, hash, forced ? 1 : 0);
    if (added.changes === 0) return;
    tally.exposures++;
    tally['outcomes.exposures']++;
    const until = summedUntil.get(number)?.until;
    if (until !== null && until !== undefined && timeMs <= Number(until)) tally['outcomes.exposures-late']++;
    if (held.waiting + tally.waiting === 0) return;
    const found = { number: Number(added.lastInsertRowid), time_ms: timeMs, release: number };
    for (const row of waitingFor.all(key)) settleRow(row, found, tally);
  }

  function numberOf(rollout: string, release: string): number {
    const known = releaseOf.get(rollout, release);
    return Number(known === undefined ? addRelease.run(rollout, release).lastInsertRowid : known.number);
  }

  function recordOne(outcome: CheckedOutcome, nowMs: number, tally: Tally) {
    const { key, rollout, id, units, name, field, value, timeMs } = outcome;
    const dueMs = id === undefined ? timeMs + SETTLE_MS : nowMs + WAIT_MS;
    const [number, text] = typeof value === 'number' ? [value, null] : [null, value];
    const who = id === undefined ? [null, JSON.stringify(units)] : [bytes(id), null];
    const [idBytes = null, unitsText = null] = who;
    const added = addOutcome.run(
      ...[bytes(key), rollout, idBytes, unitsText, name, field, number, text, timeMs, nowMs, dueMs],
    );
    if (added.changes === 0) return 'duplicate';
    tally.outcomes++;
    tally.waiting++;
    const row = { number: Number(added.lastInsertRowid), rollout, name, field, time_ms: timeMs };
    const found = id === undefined ? (dueMs <= nowMs ? newestOf(units, row) : undefined) : byId.get(bytes(id));
    return found === undefined ? 'waiting' : settleRow(row, found, tally);
  }

  /** Of a unit, the last exposure before the outcome. */
  function newestOf(units: readonly string[], { rollout, time_ms }: Row): Row | undefined {
    const found = units.map((unit) => byUnit.get(bytes(unit), Number(time_ms), String(rollout)));
    const known = found.filter((row) => row !== undefined);
    return known.sort((one, other) => Number(other.time_ms) - Number(one.time_ms))[0];
  }

  function settleRow(outcome: Row, exposure: Row | undefined, tally: Tally): 'accepted' | 'tooLate' {
    settleOne.run(exposure === undefined ? null : Number(exposure.number), Number(outcome.number));
    tally.waiting--;
    if (exposure === undefined) return 'accepted';
    tally['outcomes.joined']++;
    if (outcome.field !== '') return 'accepted';
    const afterMs = Number(outcome.time_ms) - Number(exposure.time_ms);
    const missed = missedBy.get(Number(exposure.release), String(outcome.name), Number(exposure.time_ms), afterMs);
    if (missed === undefined) return 'accepted';
    tally['outcomes.too-late']++;
    return 'tooLate';
  }

  function countHeld() {
    const counted = (sql: string) => Number(database.prepare(`SELECT COUNT(*) AS n FROM ${sql}`).get()?.n);
    const waiting = counted('outcomes WHERE settled = 0');
    return { exposures: counted('exposures'), outcomes: counted('outcomes'), waiting };
  }
}

type Row = Record<string, SQLOutputValue>;

interface Tally extends Record<StoreCounter, number> {
  exposures: number;
  outcomes: number;
  waiting: number;
}

function newTally(): Tally {
  return {
    ...{ exposures: 0, outcomes: 0, waiting: 0 },
    'outcomes.exposures': 0,
    'outcomes.joined': 0,
    'outcomes.unmatched': 0,
    'outcomes.too-late': 0,
    'outcomes.exposures-late': 0,
    'outcomes.evicted': 0,
    'outcomes.expired': 0,
  };
}

/** Of rows in their order, the last that has to go: it is older than `beforeMs`, or one of `tooMany`. */
function oldestOf(rows: Iterable<Row>, beforeMs: number, tooMany: number, tally: Tally) {
  let last: { number: number; unsettled: number } | undefined;
  let index = 0;
  for (const { number, time_ms, settled } of rows) {
    const isOld = Number(time_ms) < beforeMs;
    if (!isOld && index >= tooMany) break;
    tally[isOld ? 'outcomes.expired' : 'outcomes.evicted']++;
    index++;
    last = { number: Number(number), unsettled: (last?.unsettled ?? 0) + (settled === 0 ? 1 : 0) };
  }
  return last;
}

function bytes(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}
