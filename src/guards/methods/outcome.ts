/**
 * Outcomes (clicks, revenue) of the canary's users against stable's. The unit of assignment is the unit of analysis
 * (unit-comparison.ts): one user's requests are alike. Only ripe exposures come here, of both arms, so that late labels never
 * look like a drop; blocks that are not covered and warm-ups do not matter to them. Harm: a drop is proven, and is more than
 * the threshold; or the whole interval is beyond it. Shown is how far the canary is on the bad side of stable.
 */
import type { Finding, GuardInput, GuardMethod, LimitSample, LimitSums } from '../input.ts';
import type { GuardSpec } from '../spec.ts';
import { NOTHING, needsOf, type Pace, sizeAt, stepPace } from './finding.ts';
import { readCells, sumsOfCells } from './rate-limit.ts';
import type { Cell } from './strata-bet.ts';
import { marginOf, numberOf } from './threshold.ts';
import { compareTables } from './unit-comparison.ts';
import { addToUnit, newUnitTable, type UnitTable } from './unit-table.ts';
import { newUnitless, ratioOfUnitless, stepUnitless, type Unitless } from './unitless.ts';

export interface OutcomeState {
  readonly canary: UnitTable;
  readonly stable: UnitTable;
  readonly unitless: Unitless;
  readonly ms: number;
  readonly pace: Pace;
}

export const outcomeMethod: GuardMethod<OutcomeState> = {
  sums(spec, input): LimitSums | undefined {
    const sums = sumsOfCells(cellsOf(spec, input, false));
    return sums && { ...sums, units: newUnits(input) };
  },

  /** Of the window's outcomes; `n` counts the canary's units in it, or exposures where they have none. */
  read(spec, { units = 0, ...sums }): LimitSample {
    const isPoints = 'points' in spec.threshold;
    const { value, n } = readCells(sums, marginOf(spec.threshold), isPoints);
    const bad = value === undefined ? undefined : signOf(spec) * value;
    const isBroken = bad !== undefined && bad > numberOf(spec.threshold);
    return { value: bad, n: units > 0 ? units : n, broken: isBroken };
  },

  start(): OutcomeState {
    const tables = { canary: newUnitTable(), stable: newUnitTable() };
    return { ...tables, unitless: newUnitless(), ms: 0, pace: { perSecond: null } };
  },

  step(spec, state, input): OutcomeState {
    const before = state.canary.count;
    for (const { weightBp, arm, units } of input.outcomes) {
      for (const { unit, exposures, value } of units) {
        if (unit !== '') addToUnit(state[arm], { unit, weightBp, x: exposures, y: value }, isPerUnit(spec));
      }
    }
    const unitless = stepUnitless(state.unitless, cellsOf(spec, input, true), input.durationMs);
    const more = Math.max(0, state.canary.count - before) + unitless.n - state.unitless.n;
    const pace = stepPace(state.pace, more, input.durationMs);
    return { ...state, unitless, ms: state.ms + input.durationMs, pace };
  },

  find(spec, { canary, stable, unitless, ms, pace }): Finding {
    const { alpha, threshold } = spec;
    const isUnits = canary.count > 0;
    const scale = 'points' in threshold ? 'points' : 'relative';
    const units = isUnits ? compareTables(canary, stable, alpha, scale) : undefined;
    const found = units ?? (isUnits ? undefined : unitlessEffect(unitless, alpha, scale));
    const n = isUnits ? canary.count : unitless.n;
    if (found === undefined) return { ...NOTHING, n, windowMs: ms };
    const [sign, limit] = [signOf(spec), numberOf(threshold)];
    const value = sign * found.value;
    const ends = found.interval && [sign * found.interval.lower, sign * found.interval.upper].sort((a, b) => a - b);
    const [lower, upper] = ends ?? [];
    const ln = units && (sign < 0 ? units.lnLower : units.lnHigher);
    const isProven = ln !== undefined && ln >= -Math.log(alpha) && value > limit;
    const isHarm = isProven || (lower !== undefined && lower > limit);
    const shown = isHarm ? 'harm' : upper !== undefined && upper <= limit ? 'fine' : undefined;
    const half = lower !== undefined && upper !== undefined ? (upper - lower) / 2 : Infinity;
    const needed = half < Infinity ? sizeAt(n, half, value - limit) : Infinity;
    const needs = shown === undefined ? needsOf(Math.max(needed, n + 1), n, pace) : undefined;
    const eValue = ln === undefined ? undefined : Math.exp(ln);
    return { value, lower, upper, n, eValue, shown, windowMs: ms, needs };
  },
};

/** A drop is bad, or a rise. */
function signOf({ threshold }: GuardSpec): 1 | -1 {
  return threshold.kind === 'below-stable' || threshold.kind === 'min' ? -1 : 1;
}

function isPerUnit({ what }: GuardSpec): boolean {
  return what.metric === 'outcome' && what.of === 'per-unit';
}

/** `unitless`: only of exposures without a unit. */
function cellsOf(spec: GuardSpec, { outcomes }: GuardInput, unitless: boolean): (readonly [string, Cell])[] {
  return outcomes.map(({ weightBp, arm, units }) => {
    const counted = unitless ? units.filter(({ unit }) => unit === '') : units;
    const x = counted.reduce((sum, { unit, exposures }) => sum + (isPerUnit(spec) && unit !== '' ? 1 : exposures), 0);
    const y = counted.reduce((sum, { value }) => sum + value, 0);
    return [String(weightBp), arm === 'canary' ? [x, 0, y, 0] : [0, x, 0, y]];
  });
}

function newUnits({ outcomes }: GuardInput): number {
  return outcomes.reduce(
    (sum, { arm, units }) => sum + (arm === 'canary' ? units.filter(({ unit }) => unit !== '').length : 0),
    0,
  );
}

function unitlessEffect(unitless: Unitless, alpha: number, scale: 'relative' | 'points') {
  const relative = ratioOfUnitless(unitless, alpha);
  if (relative === undefined || scale === 'relative') return relative;
  const { b } = unitless.score.ratio.products;
  const mean = b / unitless.score.whole.information;
  const { value, interval } = relative;
  return { value: value * mean, interval: interval && { lower: interval.lower * mean, upper: interval.upper * mean } };
}
