/** Exposures and outcomes in memory, with the clock in the test's hand. */
import { type CheckedOutcome, checkOutcome } from '../../../src/outcomes/check-outcome.ts';
import { openOutcomes } from '../../../src/outcomes/database.ts';
import type { Cohort, Exposure, RipeBatch, SaidOutcome } from '../../../src/outcomes/outcome.ts';
import { createOutcomeStore } from '../../../src/outcomes/outcome-store.ts';
import { createRipening } from '../../../src/outcomes/ripening.ts';
import type { OutcomesSpec } from '../../../src/outcomes/spec.ts';
import type { Snapshot } from '../../../src/routing/snapshot.ts';
import { rollout } from '../routing/rollout.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const T0 = 1_700_000_000_000;
export const RELEASE = '2.0.0-0a0b0c0d';

export const snapshot: Snapshot = {
  revision: 1,
  unitKey: '5'.repeat(64),
  rollouts: [{ ...rollout(), name: 'ranker', release: RELEASE, unit: [{ header: 'x-user-id' }, { cookie: 'sid' }] }],
};

export const limits = { nowMs: T0, keepMs: 30 * DAY, sampleBp: 10_000 };

export function saidOf(changes: Partial<SaidOutcome>): SaidOutcome {
  return {
    ...{ rollout: '', id: '', unit: '', unitSource: '', name: 'click', field: '' },
    ...{ value: undefined, timeMs: undefined, key: '' },
    ...changes,
  };
}

export function checkedOf(changes: Partial<SaidOutcome>, nowMs = T0): CheckedOutcome {
  const checked = checkOutcome(saidOf(changes), snapshot, { ...limits, nowMs });
  if (typeof checked === 'string' || 'refused' in checked) throw new Error(JSON.stringify(checked));
  return checked;
}

export function idOf(number: number): string {
  return number.toString(16).padStart(32, '0');
}

export function exposureOf(number: number, changes: Partial<Exposure> = {}): Exposure {
  return {
    ...{ id: idOf(number), timeMs: T0, rollout: 'ranker', release: RELEASE, weightBp: 500 },
    ...{ arm: 'stable', unit: number.toString(16).padStart(16, '0'), forced: false },
    ...changes,
  };
}

export const clicks: Cohort = {
  ...{ rollout: 'ranker', release: RELEASE, key: 'click sum', outcome: 'click' },
  ...{ of: 'sum', attributionMs: 2 * DAY },
};

export function startOutcomes(changes: Partial<OutcomesSpec> & { maxAtOnce?: number } = {}) {
  const { database: path = ':memory:', maxAtOnce, ...rest } = changes;
  const spec = { sampleBp: 10_000, keepMs: 30 * DAY, maxExposures: 1_000_000, ...rest };
  const counts: Record<string, number> = {};
  const count = (name: string, by = 1) => {
    counts[name] = (counts[name] ?? 0) + by;
  };
  const database = openOutcomes(path);
  const store = createOutcomeStore(database, { spec: () => spec, count });
  const ripening = createRipening(database, maxAtOnce);
  return { database, store, ripening, counts };
}

/** What a cohort's batches come to, by arm. */
export function sumsOf(batches: readonly RipeBatch[]) {
  const sums = { stable: { exposures: 0, value: 0 }, canary: { exposures: 0, value: 0 } };
  for (const { arm, units } of batches.flatMap((batch) => batch.units)) {
    for (const { exposures, value } of units) {
      sums[arm].exposures += exposures;
      sums[arm].value += value;
    }
  }
  return sums;
}
