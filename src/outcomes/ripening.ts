/**
 * When exposures are old enough to be judged. In order of their time, both arms together: what is older than the attribution
 * window is summed by unit, with the outcomes that are known by then; what comes later is looked at in neither arm, so a label
 * that is late never looks like a drop. The sums, and how far they go, are one transaction: nothing is summed twice.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { RipeUnits } from '../guards/input.ts';
import { inTransaction } from '../sqlite/transaction.ts';
import type { Cohort, RipeBatch } from './outcome.ts';
import { SETTLE_MS } from './outcome-store.ts';

export interface Ripening {
  /** What is asked for from now on; sums of others are let go. */
  useCohorts(cohorts: readonly Cohort[]): void;
  /** Sums what is ripe and returns it. */
  ripen(nowMs: number): RipeBatch[];
  /** Sums that are not known to have been judged. */
  untaken(): RipeBatch[];
  /** These were judged. */
  taken(sequences: readonly number[]): void;
}

/** Of one cohort and call: as many every ten seconds are 2,000 a second. */
const MAX_EXPOSURES = 20_000;
/** Of one cohort; then it waits for the judge. */
const MAX_UNTAKEN = 6;

export function createRipening(database: DatabaseSync, maxExposures: number = MAX_EXPOSURES): Ripening {
  const source = String(database.prepare('SELECT source FROM self').get()?.source);
  const releaseOf = database.prepare('SELECT number FROM releases WHERE rollout = ? AND release = ?');
  const untilOf = database.prepare('SELECT until_ms FROM cohorts WHERE release = ? AND key = ?');
  const putUntil = database.prepare(`
    INSERT OR REPLACE INTO cohorts (release, key, outcome, attribution_ms, until_ms) VALUES (?, ?, ?, ?, ?)`);
  const nth = database.prepare(`
    SELECT time_ms FROM exposures WHERE release = ? AND time_ms > ? AND time_ms <= ? ORDER BY time_ms LIMIT 1 OFFSET ?`);
  const newest = database.prepare(`
    SELECT MAX(time_ms) AS time_ms FROM exposures WHERE release = ? AND time_ms > ? AND time_ms <= ?`);
  // an outcome that a clock puts before its exposure belongs to it all the same: somebody said the id
  const sums = database.prepare(`
    SELECT weight_bp, canary, lower(hex(unit)) AS unit, COUNT(*) AS exposures, COUNT(value) AS valued, TOTAL(value) AS value
    FROM (
      SELECT weight_bp, canary, unit, (
        SELECT SUM(value) FROM outcomes
        WHERE exposure = exposures.number AND name = :outcome AND field = ''
          AND outcomes.time_ms <= exposures.time_ms + :attributionMs
      ) AS value
      FROM exposures WHERE release = :release AND time_ms > :fromMs AND time_ms <= :toMs AND forced = 0
    )
    GROUP BY weight_bp, canary, unit ORDER BY weight_bp, canary`);
  const addRipe = database.prepare('INSERT INTO ripe (release, key, units) VALUES (?, ?, ?)');
  const countRipe = database.prepare('SELECT COUNT(*) AS n FROM ripe WHERE release = ? AND key = ?');
  const allRipe = database.prepare(`
    SELECT sequence, rollout, releases.release, key, units FROM ripe JOIN releases ON releases.number = ripe.release
    ORDER BY sequence`);
  const drop = database.prepare('DELETE FROM ripe WHERE sequence = ?');
  let cohorts: readonly Cohort[] = [];

  return {
    useCohorts(next) {
      cohorts = next;
      const isAsked = (one: Omit<RipeBatch, 'source' | 'units'>) =>
        next.some(({ rollout, release, key }) => rollout === one.rollout && release === one.release && key === one.key);
      const left = untaken().filter((batch) => !isAsked(batch));
      inTransaction(database, () => {
        for (const { sequence } of left) drop.run(sequence);
      });
    },
    ripen: (nowMs) => inTransaction(database, () => cohorts.flatMap((cohort) => ripenOne(cohort, nowMs) ?? [])),
    untaken,
    taken(sequences) {
      inTransaction(database, () => {
        for (const sequence of sequences) drop.run(sequence);
      });
    },
  };

  function untaken(): RipeBatch[] {
    return allRipe.all().map(({ sequence, rollout, release, key, units }) => ({
      source,
      sequence: Number(sequence),
      rollout: String(rollout),
      release: String(release),
      key: String(key),
      units: JSON.parse(String(units)),
    }));
  }

  function ripenOne(
    { rollout, release, key, outcome, of, attributionMs }: Cohort,
    nowMs: number,
  ): RipeBatch | undefined {
    const known = releaseOf.get(rollout, release);
    if (known === undefined) return undefined;
    const number = Number(known.number);
    if (Number(countRipe.get(number, key)?.n) >= MAX_UNTAKEN) return undefined;
    const fromMs = Number(untilOf.get(number, key)?.until_ms ?? -1);
    const ripeMs = nowMs - attributionMs - SETTLE_MS;
    // all of one time go together, else a cursor that is a time would pass some of them by
    const last = nth.get(number, fromMs, ripeMs, maxExposures - 1) ?? newest.get(number, fromMs, ripeMs);
    if (last === undefined || last.time_ms === null) return undefined;
    const toMs = Number(last.time_ms);
    const units = sumsOf({ release: number, fromMs, toMs, outcome, attributionMs }, of);
    putUntil.run(number, key, outcome, attributionMs, toMs);
    if (units.length === 0) return undefined;
    const sequence = Number(addRipe.run(number, key, JSON.stringify(units)).lastInsertRowid);
    return { source, sequence, rollout, release, key, units };
  }

  function sumsOf(range: Record<string, number | string>, of: Cohort['of']): RipeUnits[] {
    const groups = new Map<
      string,
      { weightBp: number; arm: 'stable' | 'canary'; units: RipeUnits['units'][number][] }
    >();
    for (const { weight_bp, canary, unit, exposures, valued, value } of sums.iterate(range)) {
      const counted = Number(of === 'mean' ? valued : exposures);
      if (counted === 0) continue;
      const arm = canary === 1 ? 'canary' : 'stable';
      const key = `${weight_bp}|${arm}`;
      const group = groups.get(key) ?? { weightBp: Number(weight_bp), arm, units: [] };
      groups.set(key, group);
      // a NULL unit is the empty text: those without one are one sum
      group.units.push({ unit: String(unit ?? ''), exposures: counted, value: Number(value) });
    }
    return [...groups.values()];
  }
}
