/** What people may ask of a release in its phase: a move, or a RefusedError `failed-precondition` that says why not. Pure. */
import { ALL_BP } from '../guards/subject.ts';
import { FRESH_HOLD, type Hold } from './hold.ts';
import { paused, promotion, rollback } from './machine.ts';
import type { Move } from './move.ts';
import { RefusedError } from './refused.ts';
import type { Plan } from './spec.ts';
import { everybodysOf, highestOf, phaseAt, placeOf, weightOf } from './stages.ts';
import type { RolloutState } from './store.ts';

/** The weight that a person sets, also to what it is; stages do not count until somebody resumes. */
export function setWeight(state: RolloutState, weightBp: number, reason: string): Move {
  mustBeOpen(state);
  const detail = { fromBp: weightOf(state), toBp: weightBp };
  return { kind: 'weight-set', phase: 'paused', cause: 'manual', weightBp, reason, detail };
}

export function pause(state: RolloutState, reason: string): Move {
  mustBeOpen(state);
  const { phase, cause } = state;
  if (phase === 'paused' && (cause === 'person' || cause === 'manual'))
    throw refused(`it is paused already (${cause})`);
  if (phase === 'promoted') throw refused('it is promoted: there is nothing to pause; abort, or set a weight');
  return { ...paused('person', reason), reason };
}

/** `keepWeight`: what a person set is the stage's weight from now on. */
export function resume(plan: Plan, state: RolloutState, reason: string, keepWeight: boolean): Move {
  mustBeOpen(state);
  const { phase, cause, weightBp, hold } = state;
  if (phase !== 'paused') throw refused(`it is ${phase}, not paused`);
  if (plan.stages.length === 0) throw refused('it has no stages: set the weight');
  if (cause === 'approval') throw refused('it waits for approval: approve');
  const at = placeOf(plan.stages, state);
  if (weightBp === undefined) {
    if (at === -1)
      throw refused(`its stage ${state.stage} is no longer in the plan: set a weight and resume with it kept`);
    // it goes on where it was
    const held = { ...hold, extendedMs: 0, accepted: hold.failing };
    return { kind: 'resumed', phase: phaseAt(plan.stages, at, state.reached), cause: 'plan', reason, hold: held };
  }
  return keepWeight ? resumeKeeping(plan, state, weightBp, reason) : resumeStage(plan, state, weightBp, reason);
}

function resumeStage(plan: Plan, state: RolloutState, weightBp: number, reason: string): Move {
  const found = placeOf(plan.stages, state);
  if (found === -1 && state.stage !== undefined) {
    throw refused(`its stage ${state.stage} is no longer in the plan: resume with the weight kept`);
  }
  const at = Math.max(0, found);
  const stage = plan.stages[at];
  const reached =
    found === -1 && stage !== undefined ? [{ weightBp: stage.weightBp, scope: stage.scope }] : state.reached;
  // of everybody: what a scope adds is on top
  if (weightBp > everybodysOf({ weightBp: undefined, reached })) {
    const less = `the stage's weight is less than the ${weightBp / 100} % that was set, and would move users back`;
    throw refused(`${less}: resume with the weight kept, or set a lower one first`);
  }
  return resumedAt(plan, state, { at, reached }, reason);
}

/** At the last stage that is not above what is kept: none is skipped. */
function resumeKeeping(plan: Plan, state: RolloutState, weightBp: number, reason: string): Move {
  const passed = plan.stages.findLastIndex(
    (stage) => stage.weightBp <= weightBp && Object.keys(stage.scope).length === 0,
  );
  return resumedAt(plan, state, { at: Math.max(0, passed), reached: [{ weightBp, scope: {} }] }, reason);
}

function resumedAt(
  { stages }: Plan,
  { hold }: RolloutState,
  { at, reached }: { readonly at: number; readonly reached: RolloutState['reached'] },
  reason: string,
): Move {
  const place = { phase: phaseAt(stages, at, reached), cause: 'plan', stage: stages[at]?.name, reached } as const;
  return { kind: 'resumed', ...place, weightBp: null, hold: accepting(hold), reason };
}

/** One stage on, or through all that are left. */
export function promote(plan: Plan, state: RolloutState, reason: string, toEnd: boolean): Move {
  mustBeOpen(state);
  if (plan.stages.length === 0) throw refused('it has no stages: set the weight');
  if (state.weightBp !== undefined) throw refused('a person set its weight: resume first');
  const last = plan.stages.length - 1;
  const at = placeOf(plan.stages, state);
  if (at === -1)
    throw refused(`its stage ${state.stage} is no longer in the plan: set a weight and resume with it kept`);
  if (at === last) throw refused(`it is at ${state.stage}, the last stage`);
  return { ...promotion(plan, state, toEnd ? last : at + 1, reason), hold: accepting(state.hold) };
}

export function approve(plan: Plan, state: RolloutState, reason: string): Move {
  mustBeOpen(state);
  if (state.phase !== 'paused' || state.cause !== 'approval') {
    throw refused(`nothing waits for approval: it is ${state.phase} (${state.cause})`);
  }
  const at = placeOf(plan.stages, state);
  if (at === plan.stages.length - 1) throw refused(`it is at ${state.stage}, the last stage`);
  return { ...promotion(plan, state, at + 1, reason), kind: 'approved', hold: accepting(state.hold) };
}

/** What fails now was seen by whoever goes on: it pauses again only when it has cleared in between. */
function accepting({ failing }: Hold): Hold {
  return { ...FRESH_HOLD, failing, accepted: failing };
}

export function abort(state: RolloutState, reason: string): Move {
  mustBeOpen(state);
  return rollback('abort', reason);
}

/** `catchAll`: the cluster to which Envoy's catch-all route was seen to lead, and where that was seen. */
export function complete(
  state: RolloutState,
  catchAll: { readonly cluster: string; readonly seenIn: string },
  canaryCluster: string,
  reason: string,
): Move {
  mustBeOpen(state);
  if (everybodysOf(state) < ALL_BP) {
    throw refused(`it is ${state.phase} at ${everybodysOf(state) / 100} %: not everybody is on canary`);
  }
  if (catchAll.cluster !== canaryCluster) {
    const found = `Envoy's catch-all leads to ${catchAll.cluster || 'an unknown cluster'} (${catchAll.seenIn})`;
    throw refused(`${found}, not to ${canaryCluster}: without Understudy users would still get the old version`);
  }
  return { kind: 'completed', phase: 'completed', cause: 'person', reason, detail: { catchAll } };
}

/** Of two breakers or guards the first counts; a person comes too late, too. */
function mustBeOpen({ phase, cause, release }: RolloutState): void {
  if (phase === 'rolling-back' || phase === 'rolled-back') {
    throw refused(`${release} was rolled back (${cause}): only a new release goes on`);
  }
  if (phase === 'completed') throw refused(`${release} is completed: only a new release goes on`);
  if (phase === 'idle') throw refused('the configuration no longer has it');
}

function refused(message: string): RefusedError {
  return new RefusedError('failed-precondition', 'rollout', message);
}

/** What a breaker found; undefined: it changes nothing in this phase. */
export interface Trip {
  readonly kind: 'failures' | 'in-a-row' | 'hang';
  /** Stable fails alike: nobody would be better off there. */
  readonly isEnvironment: boolean;
  readonly reason: string;
}

export function trip(state: RolloutState, { isEnvironment, reason }: Trip): Move | undefined {
  const { phase, cause } = state;
  if (phase === 'idle' || phase === 'rolling-back' || phase === 'rolled-back' || phase === 'completed')
    return undefined;
  if (highestOf(state) === 0) return undefined;
  if (!isEnvironment) return rollback('breaker', reason);
  const isHeld = phase === 'promoted' || (phase === 'paused' && cause !== 'no-data' && cause !== 'approval');
  return isHeld ? undefined : paused('environment', reason);
}
