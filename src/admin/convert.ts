/** From what the sidecar knows to what admin.proto says. */
import type * as proto from '../gen/understudy/admin/v1/admin.ts';
import type { Decision } from '../routing/decide.ts';
import { isTwin, type RolloutSnapshot, type Shadow } from '../routing/snapshot.ts';
import type { Observations } from './observations.ts';

export function shadowMessage(rollout: RolloutSnapshot, shadow: Shadow): proto.Shadow {
  return { ...shadow, twin: isTwin(rollout, shadow) };
}

/** `version` of the sidecar, `startedAtMs` since the epoch. */
export function sidecarMessage(
  process: { readonly version: string; readonly startedAtMs: number },
  revision: number,
  observations: Observations,
): proto.Sidecar {
  const { version, startedAtMs } = process;
  const recorder = observations.recorder();
  return {
    version,
    startedAtMs,
    revision,
    threads: [...observations.threads()],
    counters: observations.counters(),
    recording: recorder && { ...recorder, lastError: recorder.lastError ?? '' },
  };
}

/** No decision: no rollout has the route. */
export function explainMessage(
  decision: Decision | undefined,
  steps: readonly string[],
  revision: number,
): proto.ExplainResponse {
  if (!decision) {
    const nothing = { rollout: '', arm: '', reason: '', cluster: '', unitSource: '' };
    return { ...nothing, segments: {}, shadows: [], skipped: [], steps: [...steps], revision };
  }
  const { rollout, arm, reason, bucket, weightBp, unit, rule, segments } = decision;
  return {
    rollout: rollout.name,
    arm,
    reason,
    cluster: rollout[arm].cluster,
    bucket,
    weightBp,
    unitSource: unit?.source ?? '',
    rule,
    segments,
    shadows: decision.mirrors.map(({ shadow }) => shadowMessage(rollout, shadow)),
    skipped: decision.skipped.map((skip) => ({ shadow: skip.shadow.name, reason: skip.reason })),
    steps: [...steps],
    revision,
  };
}
