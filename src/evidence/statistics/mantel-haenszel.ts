/**
 * Risk ratio over strata (stages, weights, segments) that are never pooled: counts summed over stages with different weights
 * mix the time of day with the arm (Simpson's paradox). Mantel, Haenszel 1959; variance Greenland, Robins, Biometrics 41:55,
 * 1985. Independent events; one fixed look.
 */
import { checkEvents } from './domain.ts';
import { type Interval, zOf } from './proportions.ts';
import type { TwoArms } from './two-arms.ts';

export interface StratifiedRatio extends Interval {
  readonly ratio: number;
  readonly lnVariance: number;
}

/** Undefined without events in both arms. Throws RangeError when a stratum has an arm without exposures. */
export function mantelHaenszel(strata: readonly TwoArms[], confidence = 0.95): StratifiedRatio | undefined {
  let [up, down, variance] = [0, 0, 0];
  for (const { canary, stable, canaryEvents, stableEvents } of strata) {
    checkEvents('canary', canaryEvents, canary);
    checkEvents('stable', stableEvents, stable);
    const n = canary + stable;
    up += (canaryEvents * stable) / n;
    down += (stableEvents * canary) / n;
    const expected = canary * stable * (canaryEvents + stableEvents);
    variance += (expected - canaryEvents * stableEvents * n) / (n * n);
  }
  if (up === 0 || down === 0) return undefined;
  const [ratio, lnVariance] = [up / down, variance / (up * down)];
  const reach = Math.exp(zOf(confidence) * Math.sqrt(lnVariance));
  return { ratio, lnVariance, lower: ratio / reach, upper: ratio * reach };
}

/** What pooling says. Only to show how wrong it is. */
export function pooledRatio(strata: readonly TwoArms[]): number {
  const sum = (of: (cell: TwoArms) => number) => strata.reduce((total, cell) => total + of(cell), 0);
  const canary = sum((cell) => cell.canaryEvents) / sum((cell) => cell.canary);
  return canary / (sum((cell) => cell.stableEvents) / sum((cell) => cell.stable));
}
