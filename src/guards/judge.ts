/**
 * All guards of one release, block after block. Pure. The state is plain JSON: written and read back at any point, it goes on
 * bit by bit as before. Guards are stepped in every phase; what a verdict moves is not decided here.
 */
import { methodOf } from './method-of.ts';
import type { Judged, JudgeState, SeenBlock } from './state.ts';
import { newState, step } from './step.ts';
import type { Verdict } from './verdict.ts';

export type { Judged, JudgeState, SeenBlock } from './state.ts';

/** Without verdicts until the first block. */
export function newJudge(judged: Judged): JudgeState {
  return newState(judged);
}

/** Takes the next block, each 10 s, also when nothing was seen in it. `state` is used up: go on with what is returned. */
export function stepJudge(state: JudgeState, seen: SeenBlock): JudgeState {
  return step(methodOf, state, seen);
}

/** In the order of the guards; of a guard on `each` value of a segment, one for every value there was. */
export function verdictsOf(state: JudgeState): readonly Verdict[] {
  return state.verdicts;
}
