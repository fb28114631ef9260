/** What a judge is to the loop, and the one there is. */
import { type Judged, type JudgeState, newJudge, type SeenBlock, stepJudge, verdictsOf } from '../guards/judge.ts';
import type { GuardSpec } from '../guards/spec.ts';
import type { Verdict } from '../guards/verdict.ts';

/** Pure. A state survives JSON as it is: the loop writes and reads it after each step. */
export interface Judge<State> {
  /** Raised when states of an earlier version can no longer be read. */
  readonly format: number;
  start(judged: Judged): State;
  /** Guards, shadows or comparisons are others now, of the same release: what did not change goes on. */
  adopt(state: State, judged: Judged): State;
  step(state: State, seen: SeenBlock): State;
  verdicts(state: State): readonly Verdict[];
}

export const guardJudge: Judge<JudgeState> = {
  format: 1,
  start: newJudge,
  adopt,
  step: stepJudge,
  verdicts: verdictsOf,
};

/** A guard goes on where what it looks at is the same to the letter, and is compared alike; another one starts anew. */
function adopt(state: JudgeState, judged: Judged): JudgeState {
  const fresh = newJudge(judged);
  const before = new Map(state.judged.guards.map((spec, at) => [evidenceOf(spec), state.guards[at]]));
  const guards = fresh.guards.map((guard, at) => {
    const spec = judged.guards[at];
    if (spec === undefined || !isComparedAlike(spec, state.judged, judged)) return guard;
    return before.get(evidenceOf(spec)) ?? guard;
  });
  return { ...fresh, guards, weightBp: state.weightBp, seenMs: state.seenMs };
}

/** Pairs that agreed by another tolerance are no evidence of this one. */
function isComparedAlike({ what }: GuardSpec, before: Judged, now: Judged): boolean {
  if (!('field' in what) || before.compared === undefined) return true;
  return before.compared[what.field] === now.compared?.[what.field];
}

/** What it would do does not change what was seen. */
function evidenceOf({ action: _a, dryRun: _d, promote: _p, ...spec }: GuardSpec): string {
  return JSON.stringify(spec);
}
