/**
 * What guards say of steps that cannot be stored yet: harm must not wait for a disk. Nothing of it is kept: once the store is
 * back, the same steps are judged and stored as if this had not been.
 */
import type { Judge } from './judge.ts';
import { type JudgedView, NO_SOURCES, type Step, type Stepped, takeStep } from './step.ts';
import type { JudgeRow, StepWrites } from './store.ts';

export interface Unstored {
  /** Judges those of `steps` that it has not judged yet, oldest first, from what was stored last. Never throws. */
  judge(steps: readonly Step[], stored: ReadonlyMap<string, JudgeRow>): readonly Stepped[];
  /** The store is back. */
  forget(): void;
}

/** Without outcomes and metrics sources: those are given once, and belong to what is stored. */
export function createUnstored<State>(parts: {
  readonly judge: Judge<State>;
  readonly views: () => readonly JudgedView[];
}): Unstored {
  const { judge, views } = parts;
  let judged = new WeakSet<Step>();
  let rows: ReadonlyMap<string, JudgeRow> | undefined;
  return {
    judge: (steps, stored) =>
      // what was merged into one gap is older than what was judged
      steps.slice(steps.findLastIndex((step) => judged.has(step)) + 1).flatMap((step) => {
        judged.add(step);
        const stepped = stepOf(step, rows ?? stored);
        rows = new Map(stepped.map(({ row }) => [row.rollout, row]));
        return stepped.filter(({ failure }) => failure === undefined);
      }),
    forget() {
      judged = new WeakSet();
      rows = undefined;
    },
  };

  function stepOf(step: Step, held: ReadonlyMap<string, JudgeRow>): readonly Stepped[] {
    return takeStep(NO_WRITES, step, { views: views(), rows: held, judge, sources: NO_SOURCES, count: () => {} }) ?? [];
  }
}

const NO_WRITES: StepWrites = {
  takeBlock: () => 'new',
  newUnits: (_rollout, _release, _units, level) => ({ units: [], level }),
  putJudge() {},
  addStep() {},
  keepOnly() {},
};
