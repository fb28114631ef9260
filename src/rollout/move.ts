/** One step of a release, and the state and the event that it leads to. Pure. */
import type { Verdict } from '../guards/verdict.ts';
import { guardTable } from './guard-table.ts';
import { weightOf } from './stages.ts';
import type { EventKind, NewEvent, RolloutState } from './store.ts';

/** What is different afterwards; what is not said stays. */
export interface Move extends Partial<Pick<RolloutState, 'phase' | 'cause' | 'stage' | 'reached' | 'hold'>> {
  readonly kind: EventKind;
  readonly reason: string;
  /** Null: a person's weight no longer counts. */
  readonly weightBp?: number | null;
  /** Beside what changed, for the event. */
  readonly detail?: object;
}

/** Who made it, and when. */
export interface Stamp {
  readonly actor: string;
  readonly revision: number;
  /** Since the epoch; a label. */
  readonly timeMs: number;
}

export interface Moved {
  readonly state: RolloutState;
  readonly event: NewEvent;
}

export function moved(old: RolloutState, move: Move, stamp: Stamp, verdicts: readonly Verdict[]): Moved {
  const { kind, reason, weightBp, detail, ...changes } = move;
  const state: RolloutState = {
    ...old,
    ...changes,
    weightBp: weightBp === undefined ? old.weightBp : (weightBp ?? undefined),
    revision: stamp.revision,
    updatedAtMs: stamp.timeMs,
    updatedBy: stamp.actor,
  };
  const change = { from: placed(old), to: placed(state), ...detail };
  return { state, event: eventOf(state, { kind, reason, stamp, detail: change, verdicts }) };
}

export function eventOf(
  { rollout, release, specRevision }: Pick<RolloutState, 'rollout' | 'release' | 'specRevision'>,
  parts: {
    readonly kind: EventKind;
    readonly reason: string;
    readonly stamp: Stamp;
    readonly detail: object;
    readonly verdicts: readonly Verdict[];
  },
): NewEvent {
  const { kind, reason, stamp, detail, verdicts } = parts;
  const { actor, revision, timeMs } = stamp;
  return {
    ...{ timeMs, rollout, release, kind, actor, reason, revision, specRevision },
    detail: JSON.stringify(detail),
    guards: guardTable(verdicts),
  };
}

function placed(state: RolloutState) {
  const { phase, cause, stage } = state;
  return { phase, cause, stage, weightBp: weightOf(state) };
}
