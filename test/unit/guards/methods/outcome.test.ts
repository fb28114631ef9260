import { describe, expect, it } from 'vitest';
import type { RipeUnits } from '../../../../src/guards/input.ts';
import { outcomeMethod } from '../../../../src/guards/methods/outcome.ts';
import { addToUnit, hashOf, newUnitTable } from '../../../../src/guards/methods/unit-table.ts';
import { binomial, chance, guardOf, inputOf, normal, repeated, run } from './blocks.ts';

const what = { metric: 'outcome', outcome: 'click', of: 'ratio', attributionMs: 1_800_000 } as const;
const drop = guardOf(what, { kind: 'below-stable', relative: 0.02 });

interface User {
  readonly unit: string;
  readonly arm: 'stable' | 'canary';
  /** Exposures a block, and clicks an exposure: users differ, and stay who they are. */
  readonly activity: number;
  readonly rate: number;
}

function usersOf(random: () => number, n: number, share: number): User[] {
  return Array.from({ length: n }, (_, at) => ({
    unit: `user-${at}`,
    arm: random() < share ? 'canary' : 'stable',
    activity: Math.ceil(3 * Math.exp(normal(random))),
    rate: Math.min(0.9, 0.1 * Math.exp(0.8 * normal(random))),
  }));
}

function block(random: () => number, users: readonly User[], weightBp: number, effect = 1) {
  const ripe = (arm: RipeUnits['arm']): RipeUnits => ({
    weightBp,
    arm,
    units: users
      .filter((user) => user.arm === arm)
      .map(({ unit, activity, rate }) => ({
        unit,
        exposures: activity,
        value: binomial(random, activity, arm === 'canary' ? Math.min(1, rate * effect) : rate),
      })),
  });
  return inputOf({ outcomes: [ripe('canary'), ripe('stable')] });
}

describe('outcomes', () => {
  it('show a drop, as how far canary is below stable', () => {
    const random = chance(1);
    const users = usersOf(random, 3000, 0.5);
    const found = run(
      outcomeMethod,
      drop,
      repeated(8, () => block(random, users, 5000, 0.7)),
    );
    expect(found.shown).toBe('harm');
    expect(found.value).toBeCloseTo(0.3, 1);
    expect(found.lower).toBeLessThan(found.value ?? 0);
    expect(found.eValue).toBeGreaterThan(100);
  });

  it('show no drop because the same users come again and again (sticky users)', () => {
    let alarms = 0;
    for (let day = 0; day < 60; day++) {
      const random = chance(500 + day);
      const users = usersOf(random, 600, 0.5);
      const found = run(
        outcomeMethod,
        drop,
        repeated(10, () => block(random, users, 5000)),
      );
      if (found.shown === 'harm') alarms++;
    }
    expect(alarms).toBeLessThanOrEqual(2);
  });

  it('show no drop either when the same users come under several weights', () => {
    let alarms = 0;
    for (let day = 0; day < 60; day++) {
      const random = chance(700 + day);
      const users = usersOf(random, 600, 0.5);
      const found = run(
        outcomeMethod,
        drop,
        repeated(8, (at) => block(random, users, 1000 + 1000 * at)),
      );
      if (found.shown === 'harm') alarms++;
    }
    expect(alarms).toBeLessThanOrEqual(2);
  });

  it('know a user under two weights for one: the interval is as wide as under one', () => {
    const width = (weights: readonly number[]) => {
      const random = chance(2);
      const users = usersOf(random, 3000, 0.5);
      const { lower = 0, upper = 0 } = run(
        outcomeMethod,
        drop,
        weights.map((weight) => block(random, users, weight)),
      );
      return upper - lower;
    };
    const ratio = width([1000, 2000, 3000, 4000]) / width([1000, 1000, 1000, 1000]);
    expect(ratio).toBeGreaterThan(0.95);
    expect(ratio).toBeLessThan(1.05);
  });

  it('show that there is no drop worth the name after enough users', () => {
    const random = chance(3);
    const spec = guardOf(what, { kind: 'below-stable', relative: 0.2 });
    const users = usersOf(random, 8000, 0.5);
    expect(
      run(
        outcomeMethod,
        spec,
        repeated(3, () => block(random, users, 5000)),
      ).shown,
    ).toBe('fine');
  });

  it('are compared inside each weight (Simpson)', () => {
    const random = chance(4);
    const early = usersOf(random, 4000, 0.1).map((user) => ({ ...user, rate: 0.3 }));
    const late = usersOf(random, 4000, 0.9).map((user) => ({ ...user, unit: `late-${user.unit}`, rate: 0.1 }));
    const inputs = [block(random, early, 1000), block(random, late, 9000)];
    expect(Math.abs(run(outcomeMethod, drop, inputs).value ?? 1)).toBeLessThan(0.15);
    const sums = inputs.map((input) => outcomeMethod.sums(drop, input) ?? {});
    expect(Math.abs(outcomeMethod.read(drop, { ...sums[0], ...sums[1] }).value ?? 1)).toBeLessThan(0.15);
  });

  it('that have not ripened are nothing, in either arm', () => {
    expect(
      run(
        outcomeMethod,
        drop,
        repeated(600, () => inputOf()),
      ),
    ).toMatchObject({ value: undefined, n: 0 });
    expect(outcomeMethod.sums(drop, inputOf())).toBeUndefined();
  });

  it('of few users show nothing, nor do no outcomes at all', () => {
    const random = chance(5);
    const few = run(outcomeMethod, drop, [block(random, usersOf(random, 100, 0.5), 5000, 0)]);
    expect(few.shown).toBeUndefined();
    const none = usersOf(random, 2000, 0.5).map((user) => ({ ...user, rate: 0 }));
    expect(run(outcomeMethod, drop, [block(random, none, 5000)])).toMatchObject({ value: undefined, shown: undefined });
  });

  it('that are rare have no interval before some 20 are expected of canary', () => {
    const units = (n: number, every: number) =>
      Array.from({ length: n }, (_, at) => ({ unit: `${n}-${at}`, exposures: 1, value: at % every === 0 ? 1 : 0 }));
    const at = (n: number) =>
      inputOf({
        outcomes: [
          { weightBp: 500, arm: 'canary', units: units(n, 500) },
          { weightBp: 500, arm: 'stable', units: units(30_000, 500) },
        ],
      });
    expect(run(outcomeMethod, drop, [at(1000)])).toMatchObject({ lower: undefined, eValue: 1, n: 1000 });
    expect(run(outcomeMethod, drop, [at(15_000)]).lower).toBeLessThan(0);
  });

  it('per unit do not depend on how often a unit comes', () => {
    const spec = guardOf({ ...what, of: 'per-unit' }, { kind: 'below-stable', points: 0.1 });
    const units = (exposures: number) =>
      Array.from({ length: 300 }, (_, at) => ({ unit: `${exposures}-${at}`, exposures, value: at % 2 }));
    const outcomes: RipeUnits[] = [
      { weightBp: 5000, arm: 'canary', units: units(9) },
      { weightBp: 5000, arm: 'stable', units: units(1) },
    ];
    expect(run(outcomeMethod, spec, [inputOf({ outcomes })]).value).toBeCloseTo(0, 10);
  });

  it('may be too many', () => {
    const random = chance(6);
    const users = usersOf(random, 3000, 0.5);
    const spec = guardOf(what, { kind: 'above-stable', relative: 0.02 });
    const found = run(
      outcomeMethod,
      spec,
      repeated(8, () => block(random, users, 5000, 1.5)),
    );
    expect(found.shown).toBe('harm');
    expect(found.value).toBeGreaterThan(0.3);
  });

  it('without units are judged by the block score', () => {
    const random = chance(7);
    const sums = (arm: RipeUnits['arm'], n: number, rate: number): RipeUnits => ({
      ...{ weightBp: 5000, arm },
      units: [{ unit: '', exposures: n, value: binomial(random, n, rate) }],
    });
    const at = (rate: number) => () => inputOf({ outcomes: [sums('canary', 500, rate), sums('stable', 500, 0.1)] });
    expect(run(outcomeMethod, drop, repeated(600, at(0.06))).shown).toBe('harm');
    expect(run(outcomeMethod, drop, repeated(600, at(0.1))).shown).not.toBe('harm');
  });
});

describe('the table of units', () => {
  it('is bounded: it keeps units of low hashes and counts what it leaves out', () => {
    const [table, all] = [newUnitTable(), newUnitTable()];
    const visit = (to: typeof table, at: number, max: number) =>
      addToUnit(to, { unit: `u${at % 500}`, weightBp: 100 * (1 + (at % 3)), x: 1 + (at % 4), y: at % 5 }, false, max);
    for (let at = 0; at < 3000; at++) visit(table, at, 100);
    expect(table.count).toBeLessThanOrEqual(100);
    expect(table.dropped).toBeGreaterThan(0);
    expect(Object.keys(table.units).every((key) => hashOf(key.slice(1)) < table.bound)).toBe(true);
    // as if those it keeps were all there had ever been
    for (let at = 0; at < 3000; at++) if (table.units[`uu${at % 500}`] !== undefined) visit(all, at, 1000);
    expect(table.totals).toEqual(all.totals);
    expect(table.products).toEqual(all.products);
  });

  it('takes any name for a unit', () => {
    const table = newUnitTable();
    addToUnit(table, { unit: '__proto__', weightBp: 100, x: 1, y: 1 }, false);
    expect(table.count).toBe(1);
    expect(JSON.parse(JSON.stringify(table))).toEqual(table);
  });
});
