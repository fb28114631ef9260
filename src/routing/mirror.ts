/** Which shadows get a copy of a request. Each refusal was seen to hurt a user or to teach nothing. */
import { BUCKETS, bucketOf } from './bucket.ts';
import type { RequestFacts } from './facts.ts';
import { type Arm, isTwin, type RolloutSnapshot, type Shadow } from './snapshot.ts';
import type { Unit } from './unit.ts';

export type SkipReason =
  /** It sees only what the other arm answers: mirror-back, of what stable does. */
  | 'other-arm'
  | 'same-version'
  | 'upgrade'
  | 'method'
  | 'body-too-large'
  | 'body-length-unknown'
  | 'not-sampled'
  | 'no-unit'
  /** Added after the decision, by the thread that counts copies a second. */
  | 'rate-limited';

export interface MirroredShadow {
  /** 1..4, Envoy's mirror slot. */
  readonly slot: number;
  readonly shadow: Shadow;
}

export interface SkippedShadow {
  readonly shadow: Shadow;
  readonly reason: SkipReason;
}

/** Shadows of `rollout` for a request that `arm` answers, and those left out with the reason. */
export function chooseMirrors(
  rollout: RolloutSnapshot,
  arm: Arm,
  facts: RequestFacts,
  unit: Unit | undefined,
): { mirrors: readonly MirroredShadow[]; skipped: readonly SkippedShadow[] } {
  const mirrors: MirroredShadow[] = [];
  const skipped: SkippedShadow[] = [];
  rollout.shadows.forEach((shadow, index) => {
    const reason = reasonToSkip(rollout, shadow, arm, facts, unit);
    if (reason === undefined) mirrors.push({ slot: index + 1, shadow });
    else skipped.push({ shadow, reason });
  });
  return { mirrors, skipped };
}

function reasonToSkip(
  rollout: RolloutSnapshot,
  shadow: Shadow,
  arm: Arm,
  facts: RequestFacts,
  unit: Unit | undefined,
): SkipReason | undefined {
  if (facts.method === 'CONNECT' || facts.header('upgrade') !== undefined) return 'upgrade';
  if (shadow.onlyArm !== undefined && shadow.onlyArm !== arm) return 'other-arm';
  if (shadow.version === rollout[arm].version && !isTwin(rollout, shadow)) return 'same-version';
  if (shadow.methods.length > 0 && !shadow.methods.includes(facts.method)) return 'method';
  return bodyReason(shadow, facts) ?? sampleReason(rollout, shadow, facts, unit);
}

function bodyReason({ maxBodyBytes, mirrorUnknownLength }: Shadow, facts: RequestFacts): SkipReason | undefined {
  if (!facts.hasBody) return undefined;
  const length = facts.header('content-length');
  if (length !== undefined && /^\d+$/.test(length))
    return Number(length) <= maxBodyBytes ? undefined : 'body-too-large';
  const type = facts.header('content-type') ?? '';
  const known = (wanted: string) => (wanted.endsWith('*') ? type.startsWith(wanted.slice(0, -1)) : type === wanted);
  return mirrorUnknownLength.some(known) ? undefined : 'body-length-unknown';
}

/** By unit, the same people are always seen, and others by every shadow; without a unit nobody can be kept. */
function sampleReason(
  { salt }: RolloutSnapshot,
  { name, sampleBp, sampleBy }: Shadow,
  facts: RequestFacts,
  unit: Unit | undefined,
): SkipReason | undefined {
  if (sampleBp >= BUCKETS) return undefined;
  if (sampleBy === 'request') return facts.random * BUCKETS < sampleBp ? undefined : 'not-sampled';
  if (unit === undefined) return 'no-unit';
  return bucketOf(`${salt}/shadow/${name}`, unit.kind, unit.value) < sampleBp ? undefined : 'not-sampled';
}
