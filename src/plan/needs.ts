/** How much it takes to see what a guard is meant to see, and what can be seen until then. */
import {
  type Ask,
  detectableShare,
  needsMore,
  sequentialInflation,
  sizeForShares,
} from '../evidence/statistics/sample-size.ts';
import type { GuardSpec } from '../guards/spec.ts';
import { type Effect, effectOf } from './effect.ts';
import type { Traffic } from './traffic.ts';

/** Chance that a guard finds the effect it is meant to find. */
export const POWER = 0.8;
/** With fewer the normal law misleads (research/statistics.md 10). */
export const LEAST_EVENTS = 20;
/** A limit is held against a share that is known: as if the other arm were without end. */
const KNOWN = 1e9;

export interface Needs {
  readonly n: number;
  /** At the rate of the plan; undefined: nothing comes. */
  readonly ms: number | undefined;
  readonly effect: Effect;
  /** The smallest share that is found in the time of the stage; undefined: it has no time, or nothing comes. */
  readonly detectable: number | undefined;
  /** Events among `n` when all is well; with fewer than LEAST_EVENTS the numbers are to be taken with care. */
  readonly events: number;
}

/** `weight` of canary 0..1, `perSecond` of what the guard looks at. Undefined: it cannot be said before it was seen. */
export function needsOf(
  guard: GuardSpec,
  weight: number,
  perSecond: number,
  holdMs: number,
  traffic: Traffic,
): Needs | undefined {
  const effect = effectOf(guard, weight, traffic);
  if (effect === undefined) return undefined;
  // of pairs each is its own reference
  const kappa = effect.against === 'limit' || weight === 0 || weight === 1 ? KNOWN : (1 - weight) / weight;
  const ask: Ask = { alpha: guard.alpha, sides: 1, power: POWER, kappa };
  const inflation = guard.evidence === 'e-value' ? sequentialInflation(guard.alpha, POWER) : 1;
  const { canaryN } = sizeForShares(effect.bad, effect.good, ask);
  const n = Math.max(guard.minN, Math.ceil(canaryN * inflation));
  const seen = (perSecond * holdMs) / 1_000 / inflation;
  const by = seen >= 1 ? detectableShare(effect.good, seen, ask) : undefined;
  const direction = effect.bad < effect.good ? -1 : 1;
  return {
    n,
    ms: needsMore(n, 0, perSecond).ms,
    effect,
    detectable: by === undefined ? undefined : Math.min(1, Math.max(0, effect.good + direction * by)),
    events: n * effect.good,
  };
}
