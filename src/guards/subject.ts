/**
 * What a guard looks at, at a weight. At weight 0 the shadow of the canary's version is compared with production, pair by
 * pair; then the canary arm with stable; from 95 % on, where hardly anybody is left on stable, pairs of mirrored-back requests.
 * Limits without a comparison always look at what answers users.
 */
import type { GuardSpec } from './spec.ts';
import type { Subject } from './verdict.ts';

/** From this weight on pairs with mirror-back say more than what is left of stable. Basis points. */
export const MOST_BP = 9_500;
export const ALL_BP = 10_000;

/** The shadows there are; undefined = none. */
export interface Shadows {
  /** Runs the canary's version. */
  readonly candidateShadow: string | undefined;
  /** Runs the stable version. */
  readonly twinShadow?: string | undefined;
  /** Runs the stable version for what canary answered. */
  readonly mirrorBackShadow?: string | undefined;
  readonly canaryVersion?: string | undefined;
}

export interface Placed {
  readonly subject: Subject;
  /** Why there is none; `` where there is one. */
  readonly why: string;
}

type Judgeable = Pick<GuardSpec, 'what' | 'threshold' | 'scope'>;

/** The subject of `guard` at the rollout's weight, 0..10000. */
export function subjectOf(guard: Judgeable, weightBp: number, shadows: Shadows): Placed {
  const unscoped = whyUnscoped(guard);
  if (unscoped !== undefined) return none(unscoped);
  switch (guard.what.metric) {
    case 'prometheus':
    case 'exposure':
      return placed('users');
    case 'srm':
    case 'outcome':
      return armsAt(weightBp, guard.what.metric === 'srm' ? 'units are not split' : 'outcomes need both arms');
    case 'no-data':
      if (weightBp > 0) return placed('canary');
      return pairsAt(weightBp, shadows);
    case 'latency':
    case 'feature-fetch':
    case 'error-rate':
      return isLimit(guard) ? placed('users') : comparedAt(weightBp, shadows);
    default:
      return pairsAt(weightBp, shadows);
  }
}

/** A plain threshold, without a comparison with stable. */
export function isLimit({ threshold }: Pick<GuardSpec, 'threshold'>): boolean {
  return threshold.kind === 'max' || threshold.kind === 'min';
}

/** Of a metrics source nobody knows what its answers rest on: it only has a limit. The split of units only has evidence. */
export function restsOnEvidence({ what, evidence }: Pick<GuardSpec, 'what' | 'evidence'>): boolean {
  if (what.metric === 'srm') return true;
  return evidence === 'e-value' && what.metric !== 'prometheus';
}

/** Where evidence alone decides, no window is kept. */
export function hasLimit(spec: GuardSpec): boolean {
  if (spec.what.metric === 'srm' || spec.what.metric === 'no-data') return false;
  return !restsOnEvidence(spec) || spec.forMs > 0 || isLimit(spec);
}

/** Whether its verdict rests on how users are split between the arms. */
export function isRelative(guard: Pick<GuardSpec, 'what' | 'threshold'>, subject: Subject): boolean {
  return subject === 'canary' && guard.what.metric !== 'srm' && guard.what.metric !== 'no-data' && !isLimit(guard);
}

function comparedAt(weightBp: number, shadows: Shadows): Placed {
  if (weightBp > 0 && weightBp < MOST_BP) return placed('canary');
  const pairs = pairsAt(weightBp, shadows);
  // without mirror-back the users held back on stable are all there is to compare with
  return pairs.subject === 'none' && weightBp > 0 && weightBp < ALL_BP ? placed('canary') : pairs;
}

function armsAt(weightBp: number, why: string): Placed {
  if (weightBp > 0 && weightBp < ALL_BP) return placed('canary');
  return none(`at weight ${percentOf(weightBp)}: ${why}`);
}

function pairsAt(weightBp: number, shadows: Shadows): Placed {
  const fromStable = weightBp < ALL_BP && shadows.candidateShadow !== undefined;
  const fromCanary = weightBp > 0 && backShadowOf(shadows) !== undefined;
  if (fromStable || fromCanary) return placed('pairs');
  const version = shadows.canaryVersion ?? "the canary's version";
  return none(
    weightBp === 0
      ? `at weight 0: no shadow runs ${version}`
      : `at weight ${percentOf(weightBp)}: no shadow of stable's users runs ${version}, and nothing is mirrored back to stable`,
  );
}

/** The shadow whose pairs with canary's answers have the stable version as their reference. */
export function backShadowOf({ mirrorBackShadow, twinShadow }: Shadows): string | undefined {
  return mirrorBackShadow ?? twinShadow;
}

/** Only what is counted by segment can have a scope, and segments are counted one by one. */
function whyUnscoped({ what, scope }: Judgeable): string | undefined {
  const names = Object.keys(scope);
  if (names.length === 0) return undefined;
  if (names.length > 1) return `scope names ${names.length} segments (${names.join(', ')}), each is counted on its own`;
  const isCounted = !['outcome', 'srm', 'exposure', 'prometheus'].includes(what.metric);
  return isCounted ? undefined : `${what.metric} is not counted by segment`;
}

function placed(subject: Subject): Placed {
  return { subject, why: '' };
}

function none(why: string): Placed {
  return { subject: 'none', why };
}

function percentOf(weightBp: number): string {
  return weightBp === 0 ? '0' : `${weightBp / 100} %`;
}
