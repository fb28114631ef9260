/** What a judge is to the loop, and the one there is. */
import { type Judged, type JudgeState, newJudge, type SeenBlock, stepJudge, verdictsOf } from '../guards/judge.ts';
import type { Verdict } from '../guards/verdict.ts';

/** Pure. A state survives JSON as it is: the loop writes and reads it after each step. */
export interface Judge<State> {
  /** Raised when states of an earlier version can no longer be read. */
  readonly format: number;
  start(judged: Judged): State;
  /** Guards or shadows are others now, of the same release: what did not change goes on. */
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

/** A guard goes on where its spec is the same to the letter; another one starts anew. */
function adopt(state: JudgeState, judged: Judged): JudgeState {
  const fresh = newJudge(judged);
  const before = new Map(state.judged.guards.map((spec, at) => [JSON.stringify(spec), state.guards[at]]));
  const guards = fresh.guards.map((guard, at) => before.get(JSON.stringify(judged.guards[at])) ?? guard);
  return { ...fresh, guards, weightBp: state.weightBp, seenMs: state.seenMs };
}
