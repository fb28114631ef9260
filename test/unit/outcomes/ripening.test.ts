import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Cohort } from '../../../src/outcomes/outcome.ts';
import { checkedOf, clicks, DAY, exposureOf, HOUR, idOf, RELEASE, startOutcomes, sumsOf, T0 } from './stage.ts';

test('a delay of labels, whatever it is, is no drop: arms that do alike are summed alike at any time', () => {
  const delays = fc.array(fc.integer({ min: 0, max: 96 }), { minLength: 1, maxLength: 12 });
  const looks = fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(delays, looks, fc.integer({ min: 1, max: 72 }), (hours, looked, window) => {
      const { store, ripening } = startOutcomes();
      ripening.useCohorts([{ ...clicks, attributionMs: window * HOUR }]);
      // twins: at the same time one in each arm, whose clicks take equally long to be known
      const twins = hours.flatMap((delay, at) =>
        (['stable', 'canary'] as const).map((arm, side) => ({
          arm,
          delay,
          number: 2 * at + side,
          timeMs: T0 + at * HOUR,
        })),
      );
      store.addExposures(
        twins.map(({ arm, number, timeMs }) => exposureOf(number, { arm, timeMs })),
        [],
      );
      const known = twins.map(({ number, timeMs, delay }) => ({
        knownMs: timeMs + delay * HOUR,
        outcome: checkedOf({ id: idOf(number), timeMs: timeMs + HOUR / 2 }, T0 + 20 * DAY),
      }));
      const times = [...looked].sort((one, other) => one - other).map((hour) => T0 + hour * HOUR);
      let saidMs = Number.NEGATIVE_INFINITY;
      for (const nowMs of times) {
        for (const { outcome } of known.filter(({ knownMs }) => knownMs > saidMs && knownMs <= nowMs))
          store.record([outcome], nowMs);
        saidMs = nowMs;
        const batches = ripening.ripen(nowMs);
        ripening.taken(batches.map(({ sequence }) => sequence));
        const { stable, canary } = sumsOf(batches);
        expect(canary).toEqual(stable);
      }
    }),
    { numRuns: 60 },
  );
});

test('a label that is known within the window is counted however late it is; a ratio over ripe exposures is not too low', () => {
  const { store, ripening } = startOutcomes();
  ripening.useCohorts([clicks]);
  let [exposures, value] = [0, 0];
  for (let hour = 0; hour < 120; hour++) {
    const nowMs = T0 + hour * HOUR;
    store.addExposures([exposureOf(hour, { timeMs: nowMs, arm: hour % 2 === 0 ? 'stable' : 'canary' })], []);
    // every user clicks, and it is known two days later, but for a moment
    const born = hour - 47;
    if (born >= 0) store.record([checkedOf({ id: idOf(born), timeMs: T0 + born * HOUR + 60_000 }, nowMs)], nowMs);
    const batches = ripening.ripen(nowMs);
    ripening.taken(batches.map(({ sequence }) => sequence));
    const sums = sumsOf(batches);
    exposures += sums.stable.exposures + sums.canary.exposures;
    value += sums.stable.value + sums.canary.value;
    expect(value).toBe(exposures);
  }
  expect(exposures).toBeGreaterThan(60);
});

test('forced exposures are no sample and are not summed; those without a unit are one sum', () => {
  const { store, ripening } = startOutcomes();
  ripening.useCohorts([clicks]);
  store.addExposures([exposureOf(1, { forced: true }), exposureOf(2, { unit: '' }), exposureOf(3, { unit: '' })], []);
  store.record([checkedOf({ id: idOf(2) })], T0);
  expect(ripening.ripen(T0 + 3 * DAY)[0]?.units).toEqual([
    { weightBp: 500, arm: 'stable', units: [{ unit: '', exposures: 2, value: 1 }] },
  ]);
});

test('a mean is over exposures that have the outcome, a sum over all', () => {
  const mean: Cohort = { ...clicks, key: 'mean', of: 'mean', outcome: 'rating' };
  const { store, ripening } = startOutcomes();
  ripening.useCohorts([mean, { ...mean, key: 'sum', of: 'sum' }]);
  store.addExposures([exposureOf(1), exposureOf(2)], []);
  store.record([checkedOf({ id: idOf(1), name: 'rating', value: 4 })], T0);
  const [rated, all] = ripening.ripen(T0 + 3 * DAY);
  expect(sumsOf(rated ? [rated] : []).stable).toEqual({ exposures: 1, value: 4 });
  expect(sumsOf(all ? [all] : []).stable).toEqual({ exposures: 2, value: 4 });
});

test('guards with different windows look at different exposures', () => {
  const { store, ripening } = startOutcomes();
  ripening.useCohorts([clicks, { ...clicks, key: 'soon', attributionMs: HOUR }]);
  store.addExposures([exposureOf(1)], []);
  store.record([checkedOf({ id: idOf(1), timeMs: T0 + 2 * HOUR }, T0 + 2 * HOUR)], T0 + 2 * HOUR);
  expect(ripening.ripen(T0 + 3 * HOUR).map(({ key, units }) => [key, units[0]?.units[0]?.value])).toEqual([
    ['soon', 0],
  ]);
  expect(ripening.ripen(T0 + 3 * DAY).map(({ key, units }) => [key, units[0]?.units[0]?.value])).toEqual([
    ['click sum', 1],
  ]);
});

test('more than fits into a batch comes with the next, those of one time together, none twice', () => {
  const { store, ripening } = startOutcomes({ maxAtOnce: 3 });
  ripening.useCohorts([clicks]);
  store.addExposures(
    [0, 1, 2, 2, 2, 3, 4].map((at, n) => exposureOf(n, { timeMs: T0 + at })),
    [],
  );
  const sizes: number[] = [];
  for (let look = 0; look < 4; look++) {
    const batches = ripening.ripen(T0 + 3 * DAY);
    ripening.taken(batches.map(({ sequence }) => sequence));
    sizes.push(sumsOf(batches).stable.exposures);
  }
  expect(sizes).toEqual([5, 2, 0, 0]);
});

test('a judge that takes nothing is waited for; nothing is lost by it', () => {
  const { store, ripening } = startOutcomes({ maxAtOnce: 1 });
  ripening.useCohorts([clicks]);
  store.addExposures(
    Array.from({ length: 9 }, (_, n) => exposureOf(n, { timeMs: T0 + n })),
    [],
  );
  for (let look = 0; look < 9; look++) ripening.ripen(T0 + 3 * DAY);
  expect(ripening.untaken()).toHaveLength(6);
  ripening.taken(ripening.untaken().map(({ sequence }) => sequence));
  for (let look = 0; look < 9; look++) ripening.ripen(T0 + 3 * DAY);
  expect(sumsOf(ripening.untaken()).stable.exposures).toBe(3);
});

test('an exposure that is logged after those of its time were summed is judged in no arm, and counted', () => {
  const { store, ripening, counts } = startOutcomes();
  ripening.useCohorts([clicks]);
  store.addExposures([exposureOf(1)], []);
  ripening.ripen(T0 + 3 * DAY);
  store.addExposures([exposureOf(2), exposureOf(3, { timeMs: T0 + 1 })], []);
  expect(counts['outcomes.exposures-late']).toBe(1);
  expect(sumsOf(ripening.ripen(T0 + 3 * DAY)).stable.exposures).toBe(1);
});

test('sums that no guard asks for any more are let go', () => {
  const { store, ripening } = startOutcomes();
  ripening.useCohorts([clicks]);
  store.addExposures([exposureOf(1)], []);
  ripening.ripen(T0 + 3 * DAY);
  ripening.useCohorts([{ ...clicks, release: `${RELEASE}-next` }]);
  expect(ripening.untaken()).toEqual([]);
});
