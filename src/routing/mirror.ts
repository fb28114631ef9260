/** Which shadows get a copy of a request. Each refusal was seen to hurt a user or to teach nothing. */
import type { MirroredShadow, RequestFacts, SkippedShadow, SkipReason } from './decide.ts';
import { type Arm, isTwin, type RolloutSnapshot } from './snapshot.ts';

/** A frozen shadow holds back a production upload that is larger than Envoy's buffers: 5 MB was not touched, 30 MB was. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** Content types whose bodies may be mirrored though nobody says how long they are. */
const UNKNOWN_LENGTH_TYPES = ['application/grpc'];

/** Shadows of `rollout` for a request that `arm` answers, and those left out with the reason. */
export function chooseMirrors(
  rollout: RolloutSnapshot,
  arm: Arm,
  facts: RequestFacts,
): { mirrors: readonly MirroredShadow[]; skipped: readonly SkippedShadow[] } {
  const mirrors: MirroredShadow[] = [];
  const skipped: SkippedShadow[] = [];
  const unfit = unfitRequest(facts);
  rollout.shadows.forEach((shadow, index) => {
    const sameVersion = shadow.version === rollout[arm].version && !isTwin(rollout, shadow);
    const reason = unfit ?? (sameVersion ? 'same-version' : undefined);
    if (reason === undefined) mirrors.push({ slot: index + 1, shadow });
    else skipped.push({ shadow, reason });
  });
  return { mirrors, skipped };
}

function unfitRequest(facts: RequestFacts): SkipReason | undefined {
  if (facts.method === 'CONNECT' || facts.header('upgrade') !== undefined) return 'upgrade';
  if (!facts.hasBody) return undefined;
  const length = facts.header('content-length');
  if (length !== undefined && /^\d+$/.test(length))
    return Number(length) <= MAX_BODY_BYTES ? undefined : 'body-too-large';
  const type = facts.header('content-type') ?? '';
  return UNKNOWN_LENGTH_TYPES.some((known) => type.startsWith(known)) ? undefined : 'body-length-unknown';
}
