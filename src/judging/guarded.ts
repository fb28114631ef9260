/** What the guards and stages of a rollout ask of the sums. */
import { type Guarded, NOT_GUARDED } from '../evidence/guarded.ts';
import { scopeOf } from '../guards/select.ts';
import type { GuardSpec, StageSpec } from '../guards/spec.ts';

/** Limits in ms are counted exactly; those relative to stable are known only later, and read from the sketches. */
export function guardedOf(guards: readonly GuardSpec[], stages: readonly Pick<StageSpec, 'scope'>[] = []): Guarded {
  const named = namedBy(guards, stages);
  const isNamed = Object.keys(named).length > 0;
  if (guards.length === 0 && !isNamed) return NOT_GUARDED;
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
    ...(isNamed && { named }),
  };
}

/** Segment name to values. */
function namedBy(
  guards: readonly GuardSpec[],
  stages: readonly Pick<StageSpec, 'scope'>[],
): Readonly<Record<string, readonly string[]>> {
  const scopes = stages.flatMap(({ scope }) => Object.entries(scope));
  const named = new Map<string, Set<string>>();
  for (const [segment, values] of [...guards.map(scopeOf).map((of) => [of.segment, of.values] as const), ...scopes]) {
    if (segment !== '') named.set(segment, new Set([...(named.get(segment) ?? []), ...values]));
  }
  return Object.fromEntries([...named].map(([segment, values]) => [segment, [...values].sort()]));
}

/** By name, of every rollout that has guards, or stages with a scope. */
export function guardedByRollout(
  rollouts: readonly {
    readonly name: string;
    readonly guards?: readonly GuardSpec[];
    readonly stages?: readonly Pick<StageSpec, 'scope'>[];
  }[],
): Readonly<Record<string, Guarded>> {
  return Object.fromEntries(
    rollouts.flatMap(({ name, guards, stages }) => {
      const guarded = guardedOf(guards ?? [], stages);
      return guarded === NOT_GUARDED ? [] : [[name, guarded]];
    }),
  );
}
