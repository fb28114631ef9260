/**
 * Ratios when the unit of assignment (user, session) is the unit of analysis: R = sum y_u / sum x_u, variance by the delta
 * method sum (y_u - R x_u)^2 / (sum x_u)^2 (Deng, Knoblich, Lu, KDD 2018), sequence on the count clock with N = units seen.
 * One user's requests are alike, and the same users come in every block: blocks as the unit cry wolf on 30 % of healthy days.
 * The sums are plain data; a unit must be in one of them only, so they are merged over disjoint units.
 */
import { type Sequence, sequenceOf } from './confidence-sequence.ts';
import { checkEvents, checkFinite, checkNotNegative, checkPositive } from './domain.ts';

/** Units where the interval is narrowest. */
export const PLANNED_UNITS = 20_000;

/** What one unit has done: x its exposures, y its outcomes. */
export interface Unit {
  readonly x: number;
  readonly y: number;
}

/** Over the units of one arm. */
export interface UnitSums {
  units: number;
  x: number;
  y: number;
  xx: number;
  xy: number;
  yy: number;
}

export function newUnitSums(): UnitSums {
  return { units: 0, x: 0, y: 0, xx: 0, xy: 0, yy: 0 };
}

/** A unit went from `before` (undefined: never seen) to `after`. Throws RangeError when exposures are negative. */
export function moveUnit(sums: UnitSums, before: Unit | undefined, after: Unit): void {
  checkNotNegative('exposures of a unit', after.x);
  checkFinite('outcomes of a unit', after.y);
  const [x, y] = [before?.x ?? 0, before?.y ?? 0];
  if (before === undefined) sums.units++;
  sums.x += after.x - x;
  sums.y += after.y - y;
  sums.xx += after.x * after.x - x * x;
  sums.xy += after.x * after.y - x * y;
  sums.yy += after.y * after.y - y * y;
}

/** Of disjoint units. */
export function mergeUnits(left: UnitSums, right: UnitSums): UnitSums {
  return {
    units: left.units + right.units,
    x: left.x + right.x,
    y: left.y + right.y,
    xx: left.xx + right.xx,
    xy: left.xy + right.xy,
    yy: left.yy + right.yy,
  };
}

/** Each unit once: came back or not. Retention by cohort; `returned` of `units`. */
export function retentionSums(units: number, returned: number): UnitSums {
  checkEvents('retention', returned, units);
  return { units, x: units, y: returned, xx: units, xy: returned, yy: returned };
}

export interface UnitRatio {
  readonly ratio: number;
  /** Of the ratio. */
  readonly variance: number;
}

/** Undefined without exposures. */
export function unitRatio({ x, y, xx, xy, yy }: UnitSums): UnitRatio | undefined {
  if (!(x > 0)) return undefined;
  const ratio = y / x;
  return { ratio, variance: Math.max(0, yy - 2 * ratio * xy + ratio * ratio * xx) / (x * x) };
}

export interface UnitComparison {
  /** Ratio of the canary minus ratio of stable. */
  readonly difference: Sequence;
  /** Canary over stable; its ends by the delta method on the logarithm. Undefined unless both ratios are above 0. */
  readonly relative: { readonly ratio: number; readonly lower: number; readonly upper: number } | undefined;
}

/** Two-sided, at all looks; undefined when an arm has fewer than two units or no exposures. */
export function compareUnits(
  canary: UnitSums,
  stable: UnitSums,
  alpha: number,
  plannedUnits: number = PLANNED_UNITS,
): UnitComparison | undefined {
  const [c, r] = [unitRatio(canary), unitRatio(stable)];
  if (c === undefined || r === undefined || canary.units < 2 || stable.units < 2) return undefined;
  const n = canary.units + stable.units;
  const difference = sequenceOf(c.ratio - r.ratio, Math.sqrt(c.variance + r.variance), n, alpha, plannedUnits);
  if (!(c.ratio > 0 && r.ratio > 0)) return { difference, relative: undefined };
  const lnError = Math.sqrt(c.variance / c.ratio ** 2 + r.variance / r.ratio ** 2);
  const ln = sequenceOf(Math.log(c.ratio / r.ratio), lnError, n, alpha, plannedUnits);
  return {
    difference,
    relative: { ratio: Math.exp(ln.estimate), lower: Math.exp(ln.lower), upper: Math.exp(ln.upper) },
  };
}

/** Clustered units inflate what is needed: 1 + (m - 1) ICC, m = exposures per unit. */
export function designEffect(exposuresPerUnit: number, correlation: number): number {
  checkPositive('exposures per unit', exposuresPerUnit);
  checkFinite('correlation', correlation);
  return 1 + (exposuresPerUnit - 1) * correlation;
}
