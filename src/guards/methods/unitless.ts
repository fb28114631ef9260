/** Outcomes of exposures that have no unit: the block score of their sums, a minute a block, each weight on its own. */
import { freedomOf, MIN_FREEDOM } from '../../evidence/statistics/block-score.ts';
import { addBlock, newRestartedScore, type RestartedScore } from '../../evidence/statistics/restarted-score.ts';
import { ratioInterval } from '../../evidence/statistics/score-interval.ts';
import { MINUTE_MS } from './finding.ts';
import type { Cell } from './strata-bet.ts';

const DAY_MS = 86_400_000;

export interface Unitless {
  readonly score: RestartedScore;
  /** Exposures of the canary and of stable, and sums of their outcomes, by weight. */
  readonly open: Readonly<Record<string, Cell>>;
  readonly openMs: number;
  /** V* of block-score.ts: ten times what there was when it could first say something. null: not yet. */
  readonly planned: number | null;
  readonly n: number;
}

export function newUnitless(): Unitless {
  return { score: newRestartedScore('values', DAY_MS), open: {}, openMs: 0, planned: null, n: 0 };
}

export function stepUnitless(state: Unitless, cells: Iterable<readonly [string, Cell]>, durationMs: number): Unitless {
  const open: Record<string, Cell> = { ...state.open };
  let n = state.n;
  for (const [key, [canary, stable, canarySum, stableSum]] of cells) {
    const held = open[key] ?? [0, 0, 0, 0];
    open[key] = [held[0] + canary, held[1] + stable, held[2] + canarySum, held[3] + stableSum];
    n += canary;
  }
  const openMs = state.openMs + durationMs;
  if (openMs + durationMs / 2 < MINUTE_MS) return { ...state, open, openMs, n };
  const { score } = state;
  for (const [canary, stable, canaryOutcomes, stableOutcomes] of Object.values(open)) {
    addBlock(score, { canary, stable, canaryOutcomes, stableOutcomes }, openMs);
  }
  const isTelling = freedomOf(score.whole) >= MIN_FREEDOM && score.whole.variance > 0;
  const planned = state.planned ?? (isTelling ? 10 * score.whole.variance : null);
  return { score, open: {}, openMs: 0, planned, n };
}

/** Canary over stable, less 1. Undefined before there is any. */
export function ratioOfUnitless({ score, planned }: Unitless, alpha: number) {
  const { ratio, lower, upper } = ratioInterval(score.ratio, alpha, planned ?? 1);
  if (ratio === undefined) return undefined;
  const interval = planned === null ? undefined : { lower: lower - 1, upper: upper - 1 };
  return { value: ratio - 1, interval };
}
