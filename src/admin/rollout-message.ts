/** A rollout as admin.proto shows it: where it is, why it does not go on, and what was counted. */
import type { Cell } from '../evidence/sums.ts';
import type * as proto from '../gen/understudy/admin/v1/admin.ts';
import type { Verdicts } from '../judging/verdicts.ts';
import type { Controller } from '../rollout/controller.ts';
import { type Retired, retiredVersions, VERSION_EVENTS } from '../rollout/retired.ts';
import { placeOf } from '../rollout/stages.ts';
import type { RolloutView } from '../rollout/state.ts';
import { whyItWaits } from '../rollout/waits.ts';
import { shadowMessage } from './convert.ts';
import { armTallies, shadowTallies } from './evidence-message.ts';
import type { Observations } from './observations.ts';

/** Of one rollout: versions of so many of its releases and changes are told. */
const MAX_VERSION_EVENTS = 200;

/** What the log says of a rollout since its last change. */
interface Told {
  readonly revision: number;
  readonly reason: string | undefined;
  readonly retired: readonly Retired[];
}

/** `evidence`: of all rollouts; merging it costs something, so a list of many is given it once. */
export type ShowRollout = (view: RolloutView, evidence?: readonly Cell[]) => proto.Rollout;

export function createShowRollout(parts: {
  readonly controller: Pick<Controller, 'events' | 'isStored' | 'unconfirmed'>;
  readonly observations: Observations;
  readonly verdicts: Verdicts;
}): ShowRollout {
  const { controller, observations, verdicts } = parts;
  /** By rollout; as many as there ever were since the start. */
  const told = new Map<string, Told>();

  return (view, evidence = observations.evidence()) => {
    const { name, release, revision, updatedAtMs, updatedBy, specRevision } = view;
    const cells = evidence.filter(({ key }) => key.rollout === name);
    const { reason, retired } = tell(view);
    return {
      ...{ name, routes: [...view.routes], release, stable: view.stable, canary: view.canary },
      shadows: view.shadows.map((shadow) => shadowMessage(view, shadow)),
      ...{ phase: view.phase, cause: view.cause, weightBp: view.weightBp, byHand: view.byHand },
      ...{ revision, specRevision, updatedAtMs, updatedBy, file: view.file ?? '' },
      ...stagesMessage(view),
      waits: [...waits(view, reason)],
      retired: retired.map(({ cluster, version, retiredAtMs }) => ({
        ...{ cluster, version, retiredAtMs },
        lastTrafficMs: observations.lastDeliveredMs(cluster),
      })),
      decisions: observations.decisions().filter((count) => count.rollout === name),
      tallies: shadowTallies(cells),
      arms: armTallies(cells),
    };
  };

  function waits(view: RolloutView, reason: string | undefined) {
    const judged = verdicts.judged(view.name);
    const isOfThis = judged?.release === view.release;
    const said = { verdicts: isOfThis ? judged.verdicts : [], stale: isOfThis && judged.stale };
    const rollback = { isStored: controller.isStored(view.name), unconfirmed: controller.unconfirmed() };
    return whyItWaits(view, { ...said, ...rollback, reason });
  }

  /** Reads the log once for each change of the rollout. */
  function tell(view: RolloutView): Told {
    const { name, revision } = view;
    const known = told.get(name);
    if (known?.revision === revision) return known;
    try {
      const versions = controller.events({ rollout: name, kinds: VERSION_EVENTS, limit: MAX_VERSION_EVENTS });
      const now = { revision, reason: reasonOf(view), retired: retiredVersions(view, versions) };
      // the event of what is not stored is not there yet
      if (controller.isStored(name)) told.set(name, now);
      return now;
    } catch {
      // without its log a rollout is shown all the same
      return { revision, reason: undefined, retired: known?.retired ?? [] };
    }
  }

  /** Of the event that led to its phase. One that could not be stored yet is not there. */
  function reasonOf({ name, release, phase, cause }: RolloutView): string | undefined {
    const kind = phase === 'paused' ? 'paused' : phase.startsWith('roll') ? 'rollback-started' : undefined;
    if (kind === undefined) return undefined;
    const [last] = controller.events({ rollout: name, kinds: [kind], limit: 1 });
    if (last?.release !== release) return undefined;
    const { to } = JSON.parse(last.detail) as { readonly to?: { readonly cause?: string } };
    return to?.cause === cause ? last.reason : undefined;
  }
}

function stagesMessage(view: RolloutView): Pick<proto.Rollout, 'stages' | 'stage' | 'progress'> {
  const { stages, stage, hold } = view;
  const at = placeOf(stages, view);
  const { coveredMs, pairs, requests, extendedMs } = hold;
  const progress = { coveredMs: Math.round(coveredMs), pairs, requests, extendedMs: Math.round(extendedMs) };
  return {
    stages: stages.map((one, index) => ({
      name: one.name,
      weightBp: one.weightBp,
      scope: scopeText(one.scope),
      ...{ holdMs: one.hold.timeMs, holdPairs: one.hold.pairs, holdRequests: one.hold.requests },
      approve: one.approve === 'required',
      reached: index <= at,
    })),
    stage: stage ?? '',
    progress: stage === undefined ? undefined : progress,
  };
}

/** `country=NZ, IE`; empty = everybody. */
function scopeText(scope: Readonly<Record<string, readonly string[]>>): string {
  const names = Object.entries(scope).map(([name, values]) => `${name}=${values.join(', ')}`);
  return names.join(' and ');
}
