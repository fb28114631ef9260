/**
 * Users who come back: each has an arm, an activity (lognormal) and a click rate (Beta 2.64, 50.2: mean 5 %). The guard on
 * outcomes is asked every 10 minutes. Its tables are given as the sums they hold, which are whole numbers, so in whatever order
 * they are added they are the same to the bit.
 */

import { outcomeMethod } from '../../src/guards/methods/outcome.ts';
import type { UnitTable } from '../../src/guards/methods/unit-table.ts';
import { newUnitTable } from '../../src/guards/methods/unit-table.ts';
import { newUnitless } from '../../src/guards/methods/unitless.ts';
import type { GuardSpec } from '../../src/guards/spec.ts';
import { drawBeta, drawNormal, drawPoisson, type Random } from './random.ts';

export interface Users {
  readonly users: number;
  readonly weightBp: number;
  readonly requestsPerSecond: number;
  /** Of the canary's users: times their own rate. */
  readonly effect: number;
}

const LOOK_S = 600;
const LOOKS = 144;

/** Second of the first proof of harm in a day; -1 = none. */
export function clickDay(random: Random, spec: GuardSpec, world: Users): number {
  const crowd = newCrowd(random, world);
  for (let look = 1; look <= LOOKS; look++) {
    comeAndClick(random, crowd, world.requestsPerSecond * LOOK_S);
    const [canary, stable] = [tableOf(crowd, 1, world.weightBp), tableOf(crowd, 0, world.weightBp)];
    const state = { canary, stable, unitless: newUnitless(), ms: look * LOOK_S * 1000, pace: { perSecond: null } };
    if (outcomeMethod.find(spec, state).shown === 'harm') return look * LOOK_S;
  }
  return -1;
}

export interface Crowd {
  readonly isCanary: Uint8Array;
  readonly rate: Float64Array;
  readonly x: Int32Array;
  readonly y: Int32Array;
  /** Alias table (Walker 1977): who comes, in constant time. */
  readonly keep: Float64Array;
  readonly alias: Int32Array;
  /** Of stable and of the canary: units, x, y, xx, xy, yy. */
  readonly sums: readonly [Float64Array, Float64Array];
}

export function newCrowd(random: Random, { users, weightBp, effect }: Users): Crowd {
  const activity = Float64Array.from({ length: users }, () => Math.exp(drawNormal(random)));
  const isCanary = Uint8Array.from({ length: users }, () => (random() < weightBp / 10_000 ? 1 : 0));
  const rate = Float64Array.from(isCanary, (canary) => drawBeta(random, 2.64, 50.2) * (canary === 1 ? effect : 1));
  const sums = [new Float64Array(6), new Float64Array(6)] as const;
  return { isCanary, rate, x: new Int32Array(users), y: new Int32Array(users), ...aliasOf(activity), sums };
}

function aliasOf(weights: Float64Array): Pick<Crowd, 'keep' | 'alias'> {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const keep = weights.map((weight) => (weight * weights.length) / total);
  const alias = new Int32Array(weights.length);
  const [small, large]: [number[], number[]] = [[], []];
  for (const [at, weight] of keep.entries()) (weight < 1 ? small : large).push(at);
  while (small.length > 0 && large.length > 0) {
    const [low, high] = [small.pop() as number, large[large.length - 1] as number];
    alias[low] = high;
    const left = (keep[high] as number) - (1 - (keep[low] as number));
    keep[high] = left;
    if (left < 1) small.push(large.pop() as number);
  }
  for (const at of [...small, ...large]) keep[at] = 1;
  return { keep, alias };
}

export function comeAndClick(random: Random, crowd: Crowd, mean: number): void {
  const { isCanary, rate, x, y, keep, alias, sums } = crowd;
  const users = x.length;
  for (let left = drawPoisson(random, mean); left > 0; left--) {
    const place = random() * users;
    const low = Math.floor(place);
    const user = place - low < (keep[low] as number) ? low : (alias[low] as number);
    const click = random() < (rate[user] as number) ? 1 : 0;
    const of = sums[isCanary[user] as 0 | 1];
    const [before, clicked] = [x[user] as number, y[user] as number];
    if (before === 0) of[0] = (of[0] as number) + 1;
    of[1] = (of[1] as number) + 1;
    of[3] = (of[3] as number) + 2 * before + 1;
    of[4] = (of[4] as number) + clicked + click * (before + 1);
    if (click === 1) {
      of[2] = (of[2] as number) + 1;
      of[5] = (of[5] as number) + 2 * clicked + 1;
      y[user] = clicked + 1;
    }
    x[user] = before + 1;
  }
}

/** As unit-table.ts holds it, without the units. */
export function tableOf({ sums }: Crowd, arm: 0 | 1, weightBp: number): UnitTable {
  const [count = 0, x = 0, y = 0, xx = 0, xy = 0, yy = 0] = sums[arm];
  return {
    ...newUnitTable(),
    count,
    totals: { [weightBp]: [count, x, y] },
    products: { [`${weightBp}|${weightBp}`]: [xx, xy, xy, yy] },
  };
}
