/** How the state of rollouts changes: no clock, no I/O. */
import { releaseOf } from '../routing/release.ts';
import type { RolloutSnapshot, Snapshot } from '../routing/snapshot.ts';
import { type Plan, type RolloutSpec, specHash } from './spec.ts';
import type { Change, RolloutEvent, RolloutState } from './store.ts';

/** A rollout as people see it: what is decided from, and how it came to be. */
export interface RolloutView extends RolloutSnapshot, Plan {
  readonly weightBp: number;
  readonly cause: RolloutState['cause'];
  readonly updatedAtMs: number;
  readonly updatedBy: string;
}

type NewEvent = Omit<RolloutEvent, 'number'>;
type Step = { readonly state: RolloutState; readonly event: NewEvent };

const configActor = 'configuration';

/**
 * What the configuration changes in the stored states. Undefined when it changes nothing; else under `revision`.
 * A weight is only ever taken from the configuration for a release that the rollout is not already going through.
 */
export function reconcile(
  specs: readonly RolloutSpec[],
  states: readonly RolloutState[],
  revision: number,
  nowMs: number,
): Change | undefined {
  const byName = new Map(states.map((state) => [state.rollout, state]));
  const named = new Set(specs.map((spec) => spec.name));
  const steps = [
    ...specs.map((spec) => adopt(spec, byName.get(spec.name), revision, nowMs)),
    ...states
      .filter((state) => state.active && !named.has(state.rollout))
      .map((state) => archive(state, revision, nowMs)),
  ].filter((step) => step !== undefined);
  if (steps.length === 0) return undefined;
  return { revision, states: steps.map((step) => step.state), events: steps.map((step) => step.event) };
}

function adopt(spec: RolloutSpec, old: RolloutState | undefined, revision: number, nowMs: number): Step | undefined {
  const release = releaseOf(spec);
  const hash = specHash(spec);
  if (old?.release !== release) {
    const { name: rollout, initialWeightBp: weightBp } = spec;
    const state = { rollout, release, weightBp, specHash: hash, ...manual, ...changed(configActor, revision, nowMs) };
    const detail = { from: old?.release, weightBp, stable: spec.stable, canary: spec.canary };
    return { state, event: eventOf(state, 'release-started', 'first seen in the configuration', detail) };
  }
  const state = { ...old, specHash: hash, ...manual, ...changed(configActor, revision, nowMs) };
  if (!old.active) {
    const event = eventOf(state, 'rollout-restored', 'is in the configuration again', { weightBp: old.weightBp });
    return { state, event };
  }
  if (old.specHash === hash) return undefined;
  // the salt may be a secret, and cannot have changed: that would be another release
  const { salt: _, ...now } = spec;
  return { state, event: eventOf(state, 'spec-changed', 'the configuration changed', now) };
}

function archive(old: RolloutState, revision: number, nowMs: number): Step {
  const idle = { phase: 'idle', cause: 'archived', active: false, weightBp: 0 } as const;
  const state = { ...old, ...idle, ...changed(configActor, revision, nowMs) };
  const detail = { fromBp: old.weightBp, toBp: 0 };
  return { state, event: eventOf(state, 'rollout-archived', 'no longer in the configuration', detail) };
}

/** The change that sets a rollout's weight, also to what it is. */
export function setWeight(
  old: RolloutState,
  request: { readonly weightBp: number; readonly reason: string; readonly actor: string },
  revision: number,
  nowMs: number,
): Change {
  const { weightBp, reason, actor } = request;
  const state = { ...old, weightBp, ...manual, ...changed(actor, revision, nowMs) };
  const event = eventOf(state, 'weight-set', reason, { fromBp: old.weightBp, toBp: weightBp });
  return { revision, states: [state], events: [event] };
}

const manual = { phase: 'paused', cause: 'manual', active: true } as const;

function changed(updatedBy: string, revision: number, updatedAtMs: number) {
  return { updatedBy, revision, updatedAtMs };
}

function eventOf(state: RolloutState, kind: RolloutEvent['kind'], reason: string, detail: object): NewEvent {
  const { rollout, release, revision, updatedAtMs: timeMs, updatedBy: actor } = state;
  return { timeMs, rollout, release, kind, actor, reason, revision, detail: JSON.stringify(detail) };
}

/** Puts spec and state together. */
export function viewOf({ initialWeightBp: _, ...spec }: RolloutSpec, state: RolloutState): RolloutView {
  const { release, weightBp, revision, phase, cause, updatedAtMs, updatedBy } = state;
  return { ...spec, release, weightBp, reached: [], revision, phase, cause, updatedAtMs, updatedBy };
}

/** What threads decide from. */
export function snapshotOf(revision: number, unitKey: string, views: readonly RolloutView[]): Snapshot {
  const rollouts = views.map(
    ({ cause: _c, updatedAtMs: _at, updatedBy: _by, stages: _s, guards: _g, ...rollout }) => rollout,
  );
  return { revision, unitKey, rollouts };
}
