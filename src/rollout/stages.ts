/** Where a stage of a plan leads. Pure. */
import type { StageSpec } from '../guards/spec.ts';
import { ALL_BP, MOST_BP } from '../guards/subject.ts';
import type { Phase, Reached } from '../routing/snapshot.ts';
import type { RolloutState } from './store.ts';

/** Weight of the rollout as people see it: what a person set, else that of its stage. */
export function weightOf({ weightBp, reached }: Pick<RolloutState, 'weightBp' | 'reached'>): number {
  return weightBp ?? reached.at(-1)?.weightBp ?? 0;
}

/** Place of the present stage in the plan; -1: it is not there (any more). */
export function placeOf(stages: readonly StageSpec[], { stage }: Pick<RolloutState, 'stage'>): number {
  return stages.findIndex(({ name }) => name === stage);
}

/** The highest that anybody has: after a stage with a scope the next may be lower. */
export function highestOf({ weightBp, reached }: Pick<RolloutState, 'weightBp' | 'reached'>): number {
  return weightBp ?? Math.max(0, ...reached.map((one) => one.weightBp));
}

/** What everybody has, also who is in no scope. */
export function everybodysOf({ weightBp, reached }: Pick<RolloutState, 'weightBp' | 'reached'>): number {
  return highestOf({ weightBp, reached: reached.filter(({ scope }) => Object.keys(scope).length === 0) });
}

/** The phase at stage `at`, with the weights that were reached: a person may have kept others than the plan says. */
export function phaseAt(stages: readonly StageSpec[], at: number, reached: readonly Reached[]): Phase {
  const weightBp = weightOf({ weightBp: undefined, reached });
  if (weightBp === 0) return 'shadowing';
  const isEverybody = everybodysOf({ weightBp: undefined, reached }) === ALL_BP;
  if (isEverybody && at === stages.length - 1) return 'promoted';
  // the few that are left on stable are the holdback
  return weightBp >= MOST_BP ? 'holdback' : 'baking';
}

/** `25 %`, `5 % of country=NZ, IE` */
export function printedStage({ weightBp, scope }: Pick<StageSpec, 'weightBp' | 'scope'>): string {
  const names = Object.entries(scope).map(([name, values]) => `${name}=${values.join(', ')}`);
  return `${weightBp / 100} %${names.length === 0 ? '' : ` of ${names.join(' and ')}`}`;
}
