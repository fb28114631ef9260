import type { Shadows } from '../guards/subject.ts';
import type { Plan } from '../rollout/spec.ts';
import type { Shadow, Version } from '../routing/snapshot.ts';

/** What of a rollout its plan is made from. */
export interface PlannedRollout extends Plan {
  readonly name: string;
  readonly stable: Version;
  readonly canary: Version;
  readonly shadows: readonly Shadow[];
}

/** The shadows that guards look at, by name. */
export function shadowsOf({ stable, canary, shadows }: Omit<PlannedRollout, 'stages' | 'guards' | 'name'>): Shadows {
  const of = (version: string) => shadows.find((shadow) => shadow.version === version)?.name;
  return {
    candidateShadow: of(canary.version),
    twinShadow: of(stable.version),
    canaryVersion: canary.version,
  };
}
