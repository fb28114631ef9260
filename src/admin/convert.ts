/** From what the sidecar knows to what admin.proto says. */

import type { Cell } from '../evidence/sums.ts';
import type * as proto from '../gen/understudy/admin/v1/admin.ts';
import type { RolloutView } from '../rollout/state.ts';
import type { Decision } from '../routing/decide.ts';
import { isTwin, type RolloutSnapshot, type Shadow } from '../routing/snapshot.ts';
import { armTallies, shadowTallies } from './evidence-message.ts';
import type { Observations } from './observations.ts';

/** `evidence`: of all rollouts; merging it costs something, so a list of many is given it once. */
export function rolloutMessage(
  view: RolloutView,
  observations: Observations,
  evidence: readonly Cell[] = observations.evidence(),
): proto.Rollout {
  const { name, release, stable, canary, phase, cause, weightBp, revision, updatedAtMs, updatedBy } = view;
  const cells = evidence.filter(({ key }) => key.rollout === name);
  return {
    name,
    routes: [...view.routes],
    release,
    stable,
    canary,
    shadows: view.shadows.map((shadow) => shadowMessage(view, shadow)),
    phase,
    cause,
    weightBp,
    revision,
    updatedAtMs,
    updatedBy,
    decisions: observations.decisions().filter((count) => count.rollout === name),
    tallies: shadowTallies(cells),
    arms: armTallies(cells),
  };
}

function shadowMessage(rollout: RolloutSnapshot, shadow: Shadow): proto.Shadow {
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
