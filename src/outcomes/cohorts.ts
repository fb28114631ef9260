/** What guards want summed. Pure. */
import { ripeKeyOf } from '../guards/ripe-key.ts';
import type { GuardSpec } from '../guards/spec.ts';
import type { Cohort } from './outcome.ts';

export function cohortsOf(
  views: readonly { readonly name: string; readonly release: string; readonly guards?: readonly GuardSpec[] }[],
): Cohort[] {
  const cohorts = new Map<string, Cohort>();
  for (const { name: rollout, release, guards = [] } of views) {
    for (const { what } of guards) {
      if (what.metric !== 'outcome') continue;
      const { outcome, of, attributionMs } = what;
      const key = ripeKeyOf(what);
      const cohort: Cohort = { rollout, release, key, outcome, of: of === 'mean' ? 'mean' : 'sum', attributionMs };
      cohorts.set(JSON.stringify([rollout, release, key]), cohort);
    }
  }
  return [...cohorts.values()];
}
