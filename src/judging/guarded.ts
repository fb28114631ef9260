/** What the guards of a rollout ask of the sums. */
import { type Guarded, NOT_GUARDED } from '../evidence/guarded.ts';
import type { GuardSpec } from '../guards/spec.ts';

/** Limits in ms are counted exactly; those relative to stable are known only later, and read from the sketches. */
export function guardedOf(guards: readonly GuardSpec[]): Guarded {
  if (guards.length === 0) return NOT_GUARDED;
  const limits = (metric: 'latency' | 'feature-fetch') => {
    const values = guards.flatMap(({ what, threshold, clear }) => {
      if (what.metric !== metric || !('value' in threshold)) return [];
      return clear === undefined ? [threshold.value] : [threshold.value, clear];
    });
    return [...new Set(values)].sort((one, other) => one - other);
  };
  return {
    latencyMs: limits('latency'),
    featureFetchMs: limits('feature-fetch'),
    units: guards.some(({ what }) => what.metric === 'srm'),
  };
}

/** By name, of every rollout that has guards. */
export function guardedByRollout(
  rollouts: readonly { readonly name: string; readonly guards?: readonly GuardSpec[] }[],
): Readonly<Record<string, Guarded>> {
  return Object.fromEntries(
    rollouts.flatMap(({ name, guards = [] }) => (guards.length === 0 ? [] : [[name, guardedOf(guards)]])),
  );
}
