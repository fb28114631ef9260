/**
 * Do segments differ? Effects on the log scale (ln RR) with their variances. Cochran's Q, I^2, tau^2 (DerSimonian, Laird 1986),
 * and effects shrunk towards the mean, so that a tiny segment cannot look dramatic. One fixed look; segments are declared
 * before the rollout. Effects may be any estimates with known variances.
 */
import { checkEvents, checkFinite, checkPositive } from './domain.ts';
import { chiSquareTail, normalCdf } from './special.ts';
import type { TwoArms } from './two-arms.ts';

/** A cell says something from so many requests of the canary, and so many of its events expected. */
const LEAST_REQUESTS = 1_000;
const LEAST_EVENTS = 5;

export interface Effect {
  readonly effect: number;
  readonly variance: number;
}

/** ln RR with variance 1/k_c - 1/n_c + 1/k_s - 1/n_s; undefined without events in an arm. */
export function lnRiskRatio(cell: TwoArms): Effect | undefined {
  const { canary, stable, canaryEvents, stableEvents } = cell;
  checkEvents('canary', canaryEvents, canary);
  checkEvents('stable', stableEvents, stable);
  if (canaryEvents === 0 || stableEvents === 0) return undefined;
  const effect = Math.log(canaryEvents / canary / (stableEvents / stable));
  const variance = 1 / canaryEvents - 1 / canary + 1 / stableEvents - 1 / stable;
  return variance > 0 ? { effect, variance } : undefined;
}

/** n_c >= 1,000 and 5 events expected of the canary at stable's share. Smaller cells are "insufficient". */
export function isSufficient({ canary, stable, stableEvents }: TwoArms): boolean {
  return canary >= LEAST_REQUESTS && stable > 0 && (canary * stableEvents) / stable >= LEAST_EVENTS;
}

export interface Heterogeneity {
  /** Inverse-variance mean effect. */
  readonly pooled: number;
  /** Cochran's Q, chi-square with `freedom` degrees of freedom if all segments are alike, and the tail of it. */
  readonly q: number;
  readonly freedom: number;
  readonly p: number;
  /** Share of the spread that is not chance: max(0, (Q - df) / Q). */
  readonly i2: number;
  /** Variance between segments. */
  readonly tau2: number;
  /** Mean effect with tau^2 added to each variance. */
  readonly randomMean: number;
  /** (effect/v + mean/tau2) / (1/v + 1/tau2), in the order given; all the mean where tau2 is 0. */
  readonly shrunk: readonly number[];
}

/** Of two effects or more. Throws RangeError. */
export function heterogeneity(effects: readonly Effect[]): Heterogeneity {
  if (effects.length < 2) throw new RangeError(`expected two segments or more, found ${effects.length}`);
  for (const { effect, variance } of effects) {
    checkFinite('effect', effect);
    checkPositive('variance', variance);
  }
  const pooled = meanOf(effects, 0);
  const sum = (of: (one: Effect) => number) => effects.reduce((total, one) => total + of(one), 0);
  const q = sum(({ effect, variance }) => (effect - pooled) ** 2 / variance);
  const freedom = effects.length - 1;
  const weights = sum(({ variance }) => 1 / variance);
  const spread = weights - sum(({ variance }) => 1 / variance ** 2) / weights;
  const tau2 = Math.max(0, (q - freedom) / spread);
  const randomMean = meanOf(effects, tau2);
  const shrunk = effects.map(({ effect, variance }) => (effect * tau2 + randomMean * variance) / (tau2 + variance));
  const i2 = q > 0 ? Math.max(0, (q - freedom) / q) : 0;
  return { pooled, q, freedom, p: chiSquareTail(q, freedom), i2, tau2, randomMean, shrunk };
}

function meanOf(effects: readonly Effect[], tau2: number): number {
  const weights = effects.map(({ variance }) => 1 / (variance + tau2));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return effects.reduce((sum, { effect }, index) => sum + effect * (weights[index] ?? 0), 0) / total;
}

export interface Contrast extends Effect {
  readonly z: number;
  readonly pTwoSided: number;
}

/** Difference of differences: the effect of one segment minus the inverse-variance mean of the others. */
export function segmentAgainstRest(effects: readonly Effect[], index: number): Contrast {
  const one = effects[index];
  const rest = effects.filter((_, other) => other !== index);
  if (one === undefined || rest.length === 0) {
    throw new RangeError(`expected the index of one of two segments or more, found ${index} of ${effects.length}`);
  }
  for (const { variance } of effects) checkPositive('variance', variance);
  const effect = one.effect - meanOf(rest, 0);
  const variance = one.variance + 1 / rest.reduce((sum, other) => sum + 1 / other.variance, 0);
  const z = effect / Math.sqrt(variance);
  return { effect, variance, z, pTwoSided: 2 * normalCdf(-Math.abs(z)) };
}
