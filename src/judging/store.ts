/** What judging needs to outlive the process. Every call is synchronous and throws when it cannot be done. */
import type { BlockId, SeenUnit } from '../evidence/sums.ts';

/** One rollout's judge, as it was after the newest block. */
export interface JudgeRow {
  readonly rollout: string;
  readonly release: string;
  /** Form of the state; another one is not read, and judging starts anew. */
  readonly format: number;
  /** Of the judge; JSON. What is judged from is always what was read back from this text. */
  readonly state: string;
  /** What is judged, as it was then: another text = guards, shadows or comparisons changed. */
  readonly judged: string;
  /** The rollout's weight then, and how long it had been seen so; undefined: it never changed. */
  readonly weightBp: number;
  readonly weightAgeMs: number | undefined;
  /** Wall time of the end of the newest block; a label. */
  readonly untilMs: number;
  /** Stretches of time nothing is known of, since the release was first judged. */
  readonly gaps: { readonly count: number; readonly ms: number };
  /** How fine the sample of its units is; see evidence/seen.ts. */
  readonly unitLevel: number;
}

/** What a judge was shown in one step; see seen-block.ts for the text. */
export interface StoredStep {
  readonly rollout: string;
  readonly release: string;
  /** The revision that last changed the rollout. */
  readonly revision: number;
  /** What was merged; empty: nobody looked. */
  readonly blocks: readonly BlockId[];
  readonly seen: string;
}

/**
 * `new`: it was never taken, and is now. `hole`: so is it, and blocks of the same thread before it were not. `known`: it was
 * taken before, or so long ago that nobody can say.
 */
export type TakenBlock = 'new' | 'hole' | 'known';

/** Of one step; true together or not at all. */
export interface StepWrites {
  takeBlock(id: BlockId): TakenBlock;
  /**
   * Those of `units` that this release has never seen, of a sample that is halved when it holds more than 100,000: the fraction
   * that is kept does not depend on the arm, and nobody is counted twice.
   */
  newUnits(
    rollout: string,
    release: string,
    units: readonly SeenUnit[],
    level: number,
  ): { readonly units: readonly SeenUnit[]; readonly level: number };
  /** In place of the rollout's earlier one; of another release, its units go too. */
  putJudge(row: JudgeRow): void;
  /** Bounded: the oldest go. */
  addStep(step: StoredStep): void;
  /** Lets go of every judge but those of `rollouts`. */
  keepOnly(rollouts: readonly string[]): void;
}

export interface EvidenceStore {
  /** 16 random bytes in hex, the same for the life of the store. */
  sidecarId(): string;
  judges(): readonly JudgeRow[];
  /** Oldest first; at most the last day. */
  steps(rollout: string): readonly StoredStep[];
  /** On disk when it returns. Throws what `work` throws, or when it cannot be stored; then nothing changed. */
  inStep<Result>(work: (writes: StepWrites) => Result): Result;
}
