/**
 * Ripe sums on their way into a judge. A batch may come again after a crash of either side; what was judged is noted in the
 * transaction that stores the judge's step, so each is judged once.
 */
import type { RipeUnits } from '../guards/input.ts';
import type { RipeBatch } from './outcome.ts';

/** How far the judge of a rollout is: the last sequence of a database of outcomes. */
export interface RipeMark {
  readonly source: string;
  readonly sequence: number;
}

/** In the store in which judges keep their steps; the calls are part of the transaction that is open. */
export interface RipeMarks {
  ripeMark(rollout: string): RipeMark | undefined;
  setRipeMark(rollout: string, mark: RipeMark): void;
}

export interface RipeOutcomes {
  /** To be called inside the transaction of a step: what this release's judge was not yet shown. */
  take(rollout: string, release: string): Record<string, RipeUnits[]>;
  add(batches: readonly RipeBatch[]): void;
  /** Sequences that are known to have been judged since the last time, or that nobody will judge. */
  settled(): number[];
}

export function createRipeOutcomes(marks: RipeMarks): RipeOutcomes {
  const held = new Map<string, Map<number, RipeBatch>>();
  let settled: number[] = [];

  return {
    add(batches) {
      for (const batch of batches) {
        const ofRollout = held.get(batch.rollout) ?? new Map<number, RipeBatch>();
        held.set(batch.rollout, ofRollout);
        ofRollout.set(batch.sequence, batch);
      }
    },
    take(rollout, release) {
      const ofRollout = held.get(rollout);
      if (ofRollout === undefined) return {};
      const mark = marks.ripeMark(rollout);
      const outcomes: Record<string, RipeUnits[]> = {};
      let last: RipeMark | undefined;
      for (const [sequence, batch] of [...ofRollout].sort(([one], [other]) => one - other)) {
        const isJudged = mark?.source === batch.source && sequence <= mark.sequence;
        if (isJudged || batch.release !== release) {
          ofRollout.delete(sequence);
          settled.push(sequence);
          continue;
        }
        // it stays until the mark says that the step was stored: a transaction may fail
        const list = outcomes[batch.key] ?? [];
        outcomes[batch.key] = list;
        list.push(...batch.units);
        last = { source: batch.source, sequence };
      }
      if (last !== undefined) marks.setRipeMark(rollout, last);
      return outcomes;
    },
    settled() {
      const taken = settled;
      settled = [];
      return taken;
    },
  };
}
