import type { Shadows } from '../guards/subject.ts';
import type { Plan } from '../rollout/spec.ts';
import { isMirrorBack, isTwin, type Shadow, type ShadowKind, type Version } from '../routing/snapshot.ts';

/** What of a rollout its plan is made from. */
export interface PlannedRollout extends Plan {
  readonly name: string;
  readonly stable: Version;
  readonly canary: Version;
  readonly shadows: readonly Shadow[];
}

/** The shadows that guards look at, by name. */
export function shadowsOf({
  stable,
  canary,
  shadows,
}: {
  readonly stable: Version;
  readonly canary: Version;
  readonly shadows: readonly (ShadowKind & { readonly name: string })[];
}): Shadows {
  const twinShadow = shadows.find((shadow) => isTwin({ stable }, shadow))?.name;
  return {
    candidateShadow: shadows.find(({ version, onlyArm }) => version === canary.version && onlyArm === undefined)?.name,
    twinShadow,
    // a twin gets copies of what canary answers, too
    mirrorBackShadow: shadows.find((shadow) => isMirrorBack({ stable }, shadow))?.name ?? twinShadow,
    canaryVersion: canary.version,
  };
}
