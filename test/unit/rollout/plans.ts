/** Plans, states, verdicts and blocks for tests of the stage machine. */
import type { GuardSpec, StageSpec } from '../../../src/guards/spec.ts';
import type { Verdict } from '../../../src/guards/verdict.ts';
import { FRESH_HOLD, type Hold, type Seen } from '../../../src/rollout/hold.ts';
import { type Look, type Looked, lookAt } from '../../../src/rollout/machine.ts';
import { moved } from '../../../src/rollout/move.ts';
import type { Plan } from '../../../src/rollout/spec.ts';
import { phaseAt } from '../../../src/rollout/stages.ts';
import type { RolloutState } from '../../../src/rollout/store.ts';
import { guardOf, verdictOf } from '../judging/stage.ts';

export const BLOCK_MS = 10_000;
export const MINUTE_MS = 60_000;

export type StageChanges = Partial<Omit<StageSpec, 'hold'>> & { readonly hold?: Partial<StageSpec['hold']> };

/** A minute, and an hour beyond it. */
export function stageOf(name: string, weightBp: number, { hold, ...changes }: StageChanges = {}): StageSpec {
  const minute = { timeMs: MINUTE_MS, pairs: 0, requests: 0, atMostMs: 60 * MINUTE_MS };
  return { name, weightBp, scope: {}, approve: 'automatic', hold: { ...minute, ...hold }, ...changes };
}

export const STAGES: readonly StageSpec[] = [
  stageOf('shadow', 0, { hold: { pairs: 100 } }),
  stageOf('one', 100),
  stageOf('quarter', 2_500),
  stageOf('most', 9_500),
  stageOf('all', 10_000),
];

/** One guard for each action. */
export const GUARDS: readonly GuardSpec[] = [
  guardOf({ name: 'errors', what: { metric: 'error-rate' }, action: 'rollback' }),
  guardOf({ name: 'agreement', what: { metric: 'pair.agreement', field: 'late', net: false }, action: 'block' }),
  guardOf({ name: 'shift', what: { metric: 'pair.shift', field: 'delay', quantile: 0.5 }, action: 'pause' }),
  guardOf({ name: 'told', action: 'alert' }),
];

export const PLAN: Plan = { stages: STAGES, guards: GUARDS };

/** At stage `name` of the plan, as the machine would have come there. */
export function at(name: string, changes: Partial<RolloutState> = {}, { stages }: Plan = PLAN): RolloutState {
  const place = stages.findIndex((stage) => stage.name === name);
  const reached = stages.slice(0, place + 1).map(({ weightBp, scope }) => ({ weightBp, scope }));
  return {
    ...{ rollout: 'ranker', release: 'r1', phase: phaseAt(stages, place, reached), cause: 'plan', weightBp: undefined },
    ...{ stage: name, reached, hold: FRESH_HOLD, revision: 1, updatedAtMs: 0, updatedBy: 'understudy' },
    ...{ specHash: 'abc', specRevision: 1, active: true },
    ...changes,
  };
}

export function held(changes: Partial<Hold>): Hold {
  return { ...FRESH_HOLD, ...changes };
}

/** Ten covered seconds with the subject there. */
export function seen(changes: Partial<Seen> = {}): Seen {
  return { durationMs: BLOCK_MS, covered: true, present: true, pairs: 20, requests: 10, byValue: {}, ...changes };
}

/** What each guard of the plan says: `pass`, but for those that are named. */
export function verdicts(
  others: Readonly<Record<string, Verdict['status'] | Partial<Verdict>>> = {},
  guards: readonly GuardSpec[] = GUARDS,
): Verdict[] {
  return guards.map(({ name, what: { metric }, action, dryRun }) => {
    const other = others[name] ?? 'pass';
    const changes = typeof other === 'string' ? { status: other } : other;
    return verdictOf({ guard: name, metric, action, dryRun, subject: 'canary', sentence: `${name} says`, ...changes });
  });
}

export function look(others: Parameters<typeof verdicts>[0] = {}, changes: Partial<Seen> = {}): Look {
  return { seen: seen(changes), verdicts: verdicts(others) };
}

/** Looks at one block after the other, and makes the moves; what was done, in its order. */
export function through(
  plan: Plan,
  start: RolloutState,
  looks: readonly Look[],
): { readonly state: RolloutState; readonly moves: readonly string[]; readonly last: Looked | undefined } {
  let state = start;
  let last: Looked | undefined;
  const moves: string[] = [];
  for (const one of looks) {
    last = lookAt(plan, state, one);
    state = { ...state, hold: last.hold };
    if (last.move === undefined) continue;
    moves.push(`${last.move.kind}: ${last.move.reason}`);
    const stamp = { actor: 'understudy', revision: state.revision + 1, timeMs: 0 };
    state = moved(state, last.move, stamp, one.verdicts).state;
  }
  return { state, moves, last };
}

export function times<Item>(count: number, item: Item): Item[] {
  return new Array<Item>(count).fill(item);
}
