import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SETTLE_MS, WAIT_MS } from '../../../src/outcomes/outcome-store.ts';
import { hashUnit } from '../../../src/routing/unit-hash.ts';
import { checkedOf, clicks, DAY, exposureOf, HOUR, idOf, snapshot, startOutcomes, sumsOf, T0 } from './stage.ts';

const ana = hashUnit(snapshot.unitKey, { source: 'header x-user-id', value: 'ana' });

/** Long enough after `T0` for everything of it to be ripe. */
const RIPE = T0 + 2 * DAY + SETTLE_MS;

test('an outcome by id is joined to its exposure, days later, and counts in its arm', () => {
  const { store, ripening } = startOutcomes();
  ripening.useCohorts([clicks]);
  store.addExposures([exposureOf(1, { arm: 'canary' }), exposureOf(2)], []);
  expect(store.record([checkedOf({ id: idOf(1) })], T0 + DAY)).toMatchObject({ accepted: 1, waiting: 0 });
  expect(ripening.ripen(RIPE - 1)).toEqual([]);
  const [batch] = ripening.ripen(RIPE);
  expect(batch).toMatchObject({ rollout: 'ranker', key: 'click sum' });
  expect(batch?.units).toEqual([
    { weightBp: 500, arm: 'stable', units: [{ unit: '0000000000000002', exposures: 1, value: 0 }] },
    { weightBp: 500, arm: 'canary', units: [{ unit: '0000000000000001', exposures: 1, value: 1 }] },
  ]);
});

test('the same outcome said again counts once, whether its key was given or made', () => {
  const { store, ripening, counts } = startOutcomes();
  ripening.useCohorts([clicks]);
  store.addExposures([exposureOf(1)], []);
  const made = checkedOf({ id: idOf(1), timeMs: T0 + 1 });
  const given = checkedOf({ id: idOf(1), key: 'order-7', value: 3, timeMs: T0 + 2 });
  const again = checkedOf({ id: idOf(1), key: 'order-7', value: 3, timeMs: T0 + 9 });
  expect(store.record([made, given, made], T0)).toMatchObject({ accepted: 2, duplicate: 1 });
  expect(store.record([again], T0)).toMatchObject({ accepted: 0, duplicate: 1 });
  expect(sumsOf(ripening.ripen(RIPE)).stable).toEqual({ exposures: 1, value: 4 });
  expect(counts['outcomes.joined']).toBe(2);
});

test('an outcome that comes before its exposure waits for it', () => {
  const { store, ripening } = startOutcomes();
  ripening.useCohorts([clicks]);
  expect(store.record([checkedOf({ id: idOf(1) })], T0)).toMatchObject({ accepted: 0, waiting: 1 });
  expect(store.status().waiting).toBe(1);
  store.addExposures([exposureOf(1)], []);
  expect(store.status()).toMatchObject({ waiting: 0, exposures: 1, outcomes: 1, oldestMs: T0 });
  expect(sumsOf(ripening.ripen(RIPE)).stable).toEqual({ exposures: 1, value: 1 });
});

test('an outcome whose exposure never comes is given up, and counted', () => {
  const { store, counts } = startOutcomes();
  store.record([checkedOf({ id: idOf(1) })], T0);
  store.settle(T0 + WAIT_MS - 1);
  expect(counts['outcomes.unmatched']).toBeUndefined();
  store.settle(T0 + WAIT_MS);
  expect(counts['outcomes.unmatched']).toBe(1);
  expect(store.status().waiting).toBe(0);
});

test('an outcome by unit belongs to the last exposure before it, also one that is logged after it', () => {
  const { store, ripening } = startOutcomes();
  ripening.useCohorts([clicks]);
  const at = (minutes: number) => ({ timeMs: T0 + minutes * 60_000, unit: ana });
  store.addExposures([exposureOf(1, at(0))], []);
  const click = checkedOf({ rollout: 'ranker', unit: 'ana', timeMs: T0 + 600_000 }, T0 + 600_000);
  expect(store.record([click], T0 + 600_000)).toMatchObject({ waiting: 1 });
  store.addExposures([exposureOf(2, { ...at(9), arm: 'canary' }), exposureOf(3, at(11))], []);
  store.settle(T0 + 600_000 + SETTLE_MS);
  expect(sumsOf(ripening.ripen(RIPE + HOUR))).toEqual({
    stable: { exposures: 2, value: 0 },
    canary: { exposures: 1, value: 1 },
  });
});

test('an outcome by unit that is days old is joined at once', () => {
  const { store } = startOutcomes();
  store.addExposures([exposureOf(1, { unit: ana })], []);
  const click = checkedOf({ rollout: 'ranker', unit: 'ana', timeMs: T0 + HOUR }, T0 + DAY);
  expect(store.record([click], T0 + DAY)).toMatchObject({ accepted: 1 });
});

test('an outcome by unit belongs to no exposure of another rollout, and to none after it', () => {
  const { store, counts } = startOutcomes();
  store.addExposures(
    [exposureOf(1, { unit: ana, rollout: 'search' }), exposureOf(2, { unit: ana, timeMs: T0 + 2 * HOUR })],
    [],
  );
  store.record([checkedOf({ rollout: 'ranker', unit: 'ana', timeMs: T0 + HOUR }, T0 + DAY)], T0 + DAY);
  store.settle(T0 + DAY);
  expect(counts['outcomes.unmatched']).toBe(1);
});

test('an outcome after the attribution window counts for nothing', () => {
  const { store, ripening } = startOutcomes();
  ripening.useCohorts([clicks]);
  store.addExposures([exposureOf(1), exposureOf(2)], []);
  store.record([checkedOf({ id: idOf(1), timeMs: T0 + 2 * DAY }, T0 + 2 * DAY)], T0 + 2 * DAY);
  store.record([checkedOf({ id: idOf(2), timeMs: T0 + 2 * DAY + 1 }, T0 + 2 * DAY + 1)], T0 + 2 * DAY + 1);
  expect(sumsOf(ripening.ripen(RIPE)).stable).toEqual({ exposures: 2, value: 1 });
});

test('an outcome that comes after its exposure was summed is told and counted as too late', () => {
  const { store, ripening, counts } = startOutcomes();
  ripening.useCohorts([clicks]);
  store.addExposures([exposureOf(1)], []);
  ripening.ripen(RIPE);
  const [inTime, past] = [T0 + HOUR, T0 + 3 * DAY].map((timeMs) => checkedOf({ id: idOf(1), timeMs }, RIPE + DAY));
  expect(
    store.record(
      [inTime, past].flatMap((one) => one ?? []),
      RIPE + DAY,
    ),
  ).toMatchObject({ tooLate: 1, accepted: 1 });
  expect(counts['outcomes.too-late']).toBe(1);
  expect(ripening.ripen(RIPE + DAY)).toEqual([]);
});

test('of a unit in the sample every exposure is kept, of another none', () => {
  const { store } = startOutcomes({ sampleBp: 5_000 });
  const units = Array.from({ length: 200 }, (_, unit) => hashUnit('00', { source: 'header u', value: String(unit) }));
  const twice = units.flatMap((unit, at) => [exposureOf(2 * at, { unit }), exposureOf(2 * at + 1, { unit })]);
  store.addExposures(twice, []);
  const { exposures } = store.status();
  expect(exposures % 2).toBe(0);
  expect(exposures).toBeGreaterThan(140);
  expect(exposures).toBeLessThan(260);
});

test('what is old goes at its time, what is too much goes oldest first, and both are counted', () => {
  const { store, counts } = startOutcomes({ maxExposures: 3, keepMs: DAY });
  store.addExposures(
    [0, 1, 2, 3, 4].map((n) => exposureOf(n, { timeMs: T0 + n * HOUR })),
    [],
  );
  store.expire(T0 + DAY + 1);
  expect(store.status()).toMatchObject({ exposures: 3, oldestMs: T0 + 2 * HOUR });
  expect(counts).toMatchObject({ 'outcomes.expired': 1, 'outcomes.evicted': 1 });
  store.record(
    [1, 2, 3, 4].map((n) => checkedOf({ id: idOf(n + 50) })),
    T0,
  );
  store.expire(T0);
  expect(store.status()).toMatchObject({ outcomes: 3, waiting: 3 });
  expect(counts).toMatchObject({ 'outcomes.evicted': 2, 'outcomes.unmatched': 1 });
});

test('after a restart outcomes wait, keys are known and sums go on where they were', () => {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-outcomes-'));
  const path = join(folder, 'outcomes.db');
  try {
    const before = startOutcomes({ database: path });
    before.ripening.useCohorts([clicks]);
    before.store.addExposures([exposureOf(1), exposureOf(2, { timeMs: T0 + HOUR })], []);
    before.store.record([checkedOf({ id: idOf(1) }), checkedOf({ id: idOf(9) })], T0);
    const [batch] = before.ripening.ripen(RIPE);
    before.database.close();

    const after = startOutcomes({ database: path });
    after.ripening.useCohorts([clicks]);
    expect(after.store.status()).toMatchObject({ exposures: 2, outcomes: 2, waiting: 1 });
    expect(after.store.record([checkedOf({ id: idOf(1) })], T0)).toMatchObject({ duplicate: 1 });
    expect(after.ripening.untaken()).toEqual([batch]);
    expect(sumsOf(after.ripening.ripen(RIPE + HOUR)).stable).toEqual({ exposures: 1, value: 0 });
    after.ripening.taken([batch?.sequence ?? 0]);
    expect(after.ripening.untaken()).toHaveLength(1);
    after.database.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
