/** How the configuration changes the state of rollouts, and how spec and state are seen together: no clock, no I/O. */
import { releaseOf } from '../routing/release.ts';
import type { RolloutSnapshot, Snapshot } from '../routing/snapshot.ts';
import { FRESH_HOLD, type Hold } from './hold.ts';
import { eventOf, type Move, type Moved, moved, type Stamp } from './move.ts';
import { type Plan, type RolloutSpec, specHash } from './spec.ts';
import { phaseAt, placeOf, weightOf } from './stages.ts';
import type { Cause, Change, RolloutEvent, RolloutState } from './store.ts';

/** A rollout as people see it: what is decided from, and how it came to be. */
export interface RolloutView extends Omit<RolloutSnapshot, 'weightBp'>, Plan {
  /** What a person set, else the stage's; 0 after a rollback. */
  readonly weightBp: number;
  /** A person's weight is set: stages do not count. */
  readonly byHand: boolean;
  readonly cause: Cause;
  /** Name of the stage it is at; undefined without stages. */
  readonly stage: string | undefined;
  readonly hold: Hold;
  readonly specRevision: number;
  readonly updatedAtMs: number;
  readonly updatedBy: string;
  /** The file it is written in; undefined: people made it. */
  readonly file: string | undefined;
}

/** What a change of specs is made from. */
export interface Reconciling {
  /** All that there are from now on. */
  readonly specs: readonly RolloutSpec[];
  readonly states: readonly RolloutState[];
  readonly stamp: Stamp;
  /** Why; undefined: a sentence of its own for each kind of change. */
  readonly reason: string | undefined;
  /** Why the release was rolled back before, which is final; undefined: it was not. */
  readonly rolledBackBy: (rollout: string, release: string) => Cause | undefined;
}

/**
 * What `specs` change in the stored states. Undefined when they change nothing. A weight is only ever taken from a spec for a
 * release that the rollout is not already going through.
 */
export function reconcile({ specs, states, stamp, reason, rolledBackBy }: Reconciling): Change | undefined {
  const byName = new Map(states.map((state) => [state.rollout, state]));
  const named = new Set(specs.map((spec) => spec.name));
  const steps = [
    ...specs.map((spec) => adopt(spec, byName.get(spec.name), { stamp, reason, rolledBackBy })),
    ...states
      .filter((state) => state.active && !named.has(state.rollout))
      .map((state) => archive(state, stamp, reason)),
  ].filter((step) => step !== undefined);
  if (steps.length === 0) return undefined;
  return { revision: stamp.revision, states: steps.map(({ state }) => state), events: steps.map(({ event }) => event) };
}

type Adopting = Pick<Reconciling, 'stamp' | 'reason' | 'rolledBackBy'>;

function adopt(spec: RolloutSpec, old: RolloutState | undefined, parts: Adopting): Moved | undefined {
  const { stamp, reason } = parts;
  const hash = specHash(spec);
  if (old?.release !== releaseOf(spec)) return begin(spec, hash, old, parts);
  const known = { ...old, specHash: hash, specRevision: stamp.revision, active: true };
  if (!old.active) {
    const back = { kind: 'rollout-restored', reason: reason ?? 'is in the configuration again' } as const;
    const manual = { phase: 'paused', cause: 'manual', weightBp: weightOf(old) } as const;
    return moved({ ...known }, { ...back, ...(old.cause === 'archived' ? manual : {}) }, stamp, []);
  }
  if (old.specHash === hash) return undefined;
  // the salt may be a secret, and cannot have changed: that would be another release
  const { salt: _, ...detail } = spec;
  const change: Move = { kind: 'spec-changed', reason: reason ?? 'the configuration changed', detail };
  return moved(known, { ...change, ...strandedAt(spec, old) }, stamp, []);
}

/** Its stage is gone from the plan: nobody is moved, and a person has to say how it goes on. */
function strandedAt({ stages }: Plan, old: RolloutState): Pick<Move, 'phase' | 'cause'> {
  const isOnItsWay = old.cause === 'plan' || old.phase === 'paused';
  const isStranded = isOnItsWay && old.weightBp === undefined && placeOf(stages, old) === -1;
  return isStranded && old.phase !== 'completed' ? { phase: 'paused', cause: 'plan-changed' } : {};
}

/** A release at its first stage, or at its initial weight. */
function begin(
  spec: RolloutSpec,
  hash: string,
  old: RolloutState | undefined,
  { stamp, reason, rolledBackBy }: Adopting,
): Moved {
  const { name: rollout, initialWeightBp, stages, stable, canary } = spec;
  const release = releaseOf(spec);
  const [first] = stages;
  const reached = first === undefined ? [] : [{ weightBp: first.weightBp, scope: first.scope }];
  const over = rolledBackBy(rollout, release);
  const place = over
    ? ({ phase: 'rolled-back', cause: over, weightBp: 0 } as const)
    : first === undefined
      ? ({ phase: 'paused', cause: 'manual', weightBp: initialWeightBp } as const)
      : ({ phase: phaseAt(stages, 0, reached), cause: 'plan', weightBp: undefined } as const);
  const state: RolloutState = {
    ...{ rollout, release, ...place, stage: first?.name },
    reached,
    hold: FRESH_HOLD,
    ...{ specHash: hash, specRevision: stamp.revision, active: true },
    ...{ revision: stamp.revision, updatedAtMs: stamp.timeMs, updatedBy: stamp.actor },
  };
  const from = old?.release;
  const detail = { from, weightBp: weightOf(state), phase: state.phase, stage: state.stage, stable, canary };
  const why = over
    ? 'this release was rolled back before, and stays so: another version, salt or unit is a new one'
    : (reason ?? 'first seen in the configuration');
  const event = eventOf(state, { kind: 'release-started', reason: why, stamp, detail, verdicts: [] });
  return { state, event };
}

/** Of the newest first; undefined: none of them rolled `release` back. */
export function rollbackCause(events: readonly RolloutEvent[], release: string): Cause | undefined {
  const event = events.find((one) => one.kind === 'rollback-started' && one.release === release);
  return event && JSON.parse(event.detail).to.cause;
}

function archive(old: RolloutState, stamp: Stamp, reason = 'no longer in the configuration'): Moved {
  const detail = { fromBp: weightOf(old), toBp: 0 };
  const isOver = old.phase === 'rolled-back' || old.phase === 'rolling-back';
  const place = isOver ? { phase: 'rolled-back' as const } : { phase: 'idle' as const, cause: 'archived' as const };
  return moved(
    { ...old, active: false },
    { kind: 'rollout-archived', reason, ...place, weightBp: 0, detail },
    stamp,
    [],
  );
}

/** Puts spec and state together. */
export function viewOf(
  { initialWeightBp: _, ...spec }: RolloutSpec,
  state: RolloutState,
  file: string | undefined,
): RolloutView {
  const { release, revision, phase, cause, updatedAtMs, updatedBy, reached, stage, hold, specRevision } = state;
  const weight = { weightBp: weightOf(state), byHand: state.weightBp !== undefined, reached };
  return {
    ...spec,
    release,
    ...weight,
    revision,
    phase,
    cause,
    stage,
    hold,
    specRevision,
    updatedAtMs,
    updatedBy,
    file,
  };
}

/** What threads decide from. */
export function snapshotOf(revision: number, unitKey: string, views: readonly RolloutView[]): Snapshot {
  return { revision, unitKey, rollouts: views.map(decidedFrom) };
}

function decidedFrom(view: RolloutView): RolloutSnapshot {
  const { cause: _c, updatedAtMs: _at, updatedBy: _by, stages: _s, guards: _g, byHand, file: _f, ...rest } = view;
  const { stage: _st, hold: _h, specRevision: _sr, ...rollout } = rest;
  return { ...rollout, weightBp: byHand ? view.weightBp : undefined };
}
