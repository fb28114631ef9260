/** What judging stores, in the tables of migration 2. */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { isBelow, LEVELS } from '../evidence/seen.ts';
import type { BlockId, SeenUnit } from '../evidence/sums.ts';
import type { EvidenceStore, JudgeRow, StepWrites, StoredStep, TakenBlock } from '../judging/store.ts';
import { inTransaction } from '../sqlite/transaction.ts';

/** A day of blocks of 10 s, of each rollout. */
const MAX_STEPS = 8_640;
/** Of all rollouts. */
const MAX_STEP_BYTES = 64 * 2 ** 20;
/** Of each release. */
const MAX_UNITS = 100_000;
/** Starts of threads whose blocks are known. */
const MAX_SOURCES = 256;
/** Blocks of one of them that came not yet though later ones did; an older one is refused if it comes at last. */
const MAX_MISSING = 64;

export interface EvidenceLimits {
  readonly maxSteps?: number;
  readonly maxStepBytes?: number;
  readonly maxUnits?: number;
}

export function createEvidenceStore(
  database: DatabaseSync,
  { maxSteps = MAX_STEPS, maxStepBytes = MAX_STEP_BYTES, maxUnits = MAX_UNITS }: EvidenceLimits = {},
): EvidenceStore {
  const sidecarId = database.prepare('SELECT sidecar_id FROM sidecar');
  const judges = database.prepare('SELECT * FROM judges ORDER BY rollout');
  const putJudge = database.prepare(`
    INSERT OR REPLACE INTO judges
      (rollout, release, format, state, judged, weight_bp, weight_age_ms, until_ms, gaps, gaps_ms, unit_level)
    VALUES (:rollout, :release, :format, :state, :judged, :weightBp, :weightAgeMs, :untilMs, :gaps, :gapsMs, :unitLevel)`);
  const steps = database.prepare('SELECT * FROM judge_steps WHERE rollout = ? ORDER BY number');
  const addStep = database.prepare(`
    INSERT INTO judge_steps (rollout, release, revision, blocks, seen, bytes)
    VALUES (:rollout, :release, :revision, :blocks, :seen, :length)`);
  const dropSteps = database.prepare(`
    DELETE FROM judge_steps WHERE rollout = :rollout AND number <=
      (SELECT number FROM judge_steps WHERE rollout = :rollout ORDER BY number DESC LIMIT 1 OFFSET :keep)
    RETURNING bytes`);
  const dropOldest = database.prepare(`
    DELETE FROM judge_steps WHERE number = (SELECT MIN(number) FROM judge_steps) RETURNING bytes`);
  const stepBytes = database.prepare('SELECT COALESCE(SUM(bytes), 0) AS bytes FROM judge_steps');
  const source = database.prepare('SELECT highest, missing FROM merged_blocks WHERE sidecar = ? AND thread = ?');
  const putSource = database.prepare(`
    INSERT OR REPLACE INTO merged_blocks (sidecar, thread, highest, missing, taken)
    VALUES (:sidecar, :thread, :highest, :missing, (SELECT COALESCE(MAX(taken), 0) + 1 FROM merged_blocks))`);
  const dropSources = database.prepare(`
    DELETE FROM merged_blocks WHERE taken <=
      (SELECT taken FROM merged_blocks ORDER BY taken DESC LIMIT 1 OFFSET ${MAX_SOURCES})`);
  const addUnit = database.prepare('INSERT OR IGNORE INTO judged_units (rollout, release, unit) VALUES (?, ?, ?)');
  const countUnits = database.prepare('SELECT COUNT(*) AS units FROM judged_units WHERE rollout = ? AND release = ?');
  const listUnits = database.prepare('SELECT unit FROM judged_units WHERE rollout = ? AND release = ?');
  const dropUnit = database.prepare('DELETE FROM judged_units WHERE rollout = ? AND release = ? AND unit = ?');
  const dropOtherUnits = database.prepare('DELETE FROM judged_units WHERE rollout = ? AND release <> ?');
  const dropStepsOfOther = database.prepare('DELETE FROM judge_steps WHERE rollout = ? AND release <> ?');
  const dropJudge = database.prepare('DELETE FROM judges WHERE rollout = ?');
  const dropUnits = database.prepare('DELETE FROM judged_units WHERE rollout = ?');
  const rolloutsJudged = database.prepare('SELECT rollout, release FROM judges');
  /** Of the steps that are stored, and units of each release; undefined, or without the release: to be counted again. */
  let bytes: number | undefined;
  const units = new Map<string, number>();

  const writes: StepWrites = {
    takeBlock,
    newUnits,
    putJudge(row) {
      const { rollout, release, gaps, weightAgeMs, ...rest } = row;
      const before = rolloutsJudged.all().find((judged) => judged.rollout === rollout);
      if (before !== undefined && before.release !== release) {
        dropOtherUnits.run(rollout, release);
        dropStepsOfOther.run(rollout, release);
        forgetCounts();
      }
      putJudge.run({ rollout, release, ...rest, weightAgeMs: weightAgeMs ?? null, gaps: gaps.count, gapsMs: gaps.ms });
    },
    addStep({ rollout, release, revision, blocks, seen }) {
      const length = Buffer.byteLength(seen);
      addStep.run({ rollout, release, revision, blocks: JSON.stringify(blocks), seen, length });
      bytes = bytes === undefined ? Number(stepBytes.get()?.bytes) : bytes + length;
      bytes -= sumOf(dropSteps.all({ rollout, keep: maxSteps }));
      while (bytes > maxStepBytes) bytes -= sumOf(dropOldest.all());
    },
    keepOnly(rollouts) {
      for (const { rollout } of rolloutsJudged.all()) {
        if (rollouts.includes(String(rollout))) continue;
        dropJudge.run(String(rollout));
        dropUnits.run(String(rollout));
        dropSteps.all({ rollout: String(rollout), keep: 0 });
        forgetCounts();
      }
    },
  };

  return {
    sidecarId: () => String(sidecarId.get()?.sidecar_id),
    judges: () => judges.all().map(toJudge),
    steps: (rollout) => steps.all(rollout).map(toStep),
    inStep(work) {
      try {
        return inTransaction(database, () => work(writes));
      } catch (error) {
        forgetCounts();
        throw error;
      }
    },
  };

  function forgetCounts(): void {
    bytes = undefined;
    units.clear();
  }

  function takeBlock({ sidecar, thread, sequence }: BlockId): TakenBlock {
    const known = source.get(sidecar, thread);
    const highest = known === undefined ? -1 : Number(known.highest);
    const missing: number[] = known === undefined ? [] : JSON.parse(String(known.missing));
    const put = (next: number, left: readonly number[]) =>
      putSource.run({ sidecar, thread, highest: next, missing: JSON.stringify(left.slice(-MAX_MISSING)) });
    if (sequence <= highest) {
      if (!missing.includes(sequence)) return 'known';
      put(
        highest,
        missing.filter((one) => one !== sequence),
      );
      return 'new';
    }
    const first = Math.max(highest + 1, sequence - MAX_MISSING);
    const skipped = Array.from({ length: sequence - first }, (_, index) => first + index);
    put(sequence, [...missing, ...skipped]);
    dropSources.run();
    return skipped.length > 0 ? 'hole' : 'new';
  }

  function newUnits(rollout: string, release: string, seen: readonly SeenUnit[], before: number) {
    const key = `${rollout}\0${release}`;
    let level = before;
    let held = units.get(key) ?? Number(countUnits.get(rollout, release)?.units);
    const fresh: SeenUnit[] = [];
    for (const one of seen) {
      if (!isBelow(one.unit, level)) continue;
      if (addUnit.run(rollout, release, one.unit).changes === 0) continue;
      fresh.push(one);
      held++;
      while (held > maxUnits && level < LEVELS) held -= dropAbove(rollout, release, ++level);
    }
    units.set(key, held);
    return { units: fresh, level };
  }

  /** Those that are no longer in the sample: they were counted, and are never asked for again. */
  function dropAbove(rollout: string, release: string, level: number): number {
    const gone = listUnits.all(rollout, release).filter(({ unit }) => !isBelow(String(unit), level));
    for (const { unit } of gone) dropUnit.run(rollout, release, String(unit));
    return gone.length;
  }
}

type Row = Record<string, SQLOutputValue>;

function sumOf(rows: readonly Row[]): number {
  return rows.reduce((sum, { bytes }) => sum + Number(bytes), 0);
}

function toJudge(row: Row): JudgeRow {
  return {
    rollout: String(row.rollout),
    release: String(row.release),
    format: Number(row.format),
    state: String(row.state),
    judged: String(row.judged),
    weightBp: Number(row.weight_bp),
    weightAgeMs: row.weight_age_ms === null ? undefined : Number(row.weight_age_ms),
    untilMs: Number(row.until_ms),
    gaps: { count: Number(row.gaps), ms: Number(row.gaps_ms) },
    unitLevel: Number(row.unit_level),
  };
}

function toStep(row: Row): StoredStep {
  return {
    rollout: String(row.rollout),
    release: String(row.release),
    revision: Number(row.revision),
    blocks: JSON.parse(String(row.blocks)),
    seen: String(row.seen),
  };
}
