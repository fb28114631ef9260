/** What the guards of each rollout say now, as admin and metrics read it. */
import type { Verdict } from '../guards/verdict.ts';

/** The guards of one rollout, at one moment. */
export interface JudgedRollout {
  readonly rollout: string;
  readonly release: string;
  readonly verdicts: readonly Verdict[];
  /** True: blocks since then could not be stored; the verdicts are those from before. */
  readonly stale: boolean;
  /** Wall time of the end of the last block they rest on; undefined: none yet. A label. */
  readonly untilMs: number | undefined;
  /** Stretches of time nothing is known of (kill, restart, thread down), and how long they were together. */
  readonly gaps: { readonly count: number; readonly ms: number };
}

export interface Verdicts {
  /** Of the present release; empty when the rollout has no guards or is not known. */
  list(rollout: string): readonly Verdict[];
  /** With what is known about them; undefined when the rollout has no guards or is not known. */
  judged(rollout: string): JudgedRollout | undefined;
  /** Calls `listener` with each rollout whose verdicts were published anew, until the returned function is called. */
  onChange(listener: (rollout: string) => void): () => void;
}

/** Of a sidecar that judges nothing. */
export const NO_VERDICTS: Verdicts = { list: () => [], judged: () => undefined, onChange: () => () => {} };
