/**
 * Two copies of the block score (block-score.ts): one since the stage began, one that begins anew every 6 h, because the first
 * has to forget many good hours before it sees a late change (click rate -10 % after 12 h: 277 min instead of 96). Half of
 * alpha is for the first; the other half is split over the restarts planned. Plain data, the same after JSON, bit by bit.
 */
import {
  addToScore,
  newScore,
  type Score,
  type ScoreBlock,
  type ScoreKind,
  type ScoreTest,
  testScore,
} from './block-score.ts';
import { checkNotNegative, checkPositive } from './domain.ts';
import { addToRatio, newRatioSums, type RatioSums } from './score-interval.ts';

/** Covered time until a new copy starts. */
export const RESTART_MS = 21_600_000;

export interface RestartedScore {
  readonly whole: Score;
  /** For the interval of the ratio, since the stage began. */
  readonly ratio: RatioSums;
  recent: Score;
  /** Covered time of the copy running; before the first restart, of `whole`. */
  recentMs: number;
  restarts: number;
  /** No more restarts than alpha was split for: the last copy goes on. */
  readonly plannedRestarts: number;
}

/** `plannedMs`: how long the stage is planned to last. At 6 h or less nothing restarts, and `whole` has all of alpha. */
export function newRestartedScore(kind: ScoreKind, plannedMs: number): RestartedScore {
  checkPositive('planned ms', plannedMs);
  const plannedRestarts = Math.ceil(plannedMs / RESTART_MS) - 1;
  const [whole, recent, ratio] = [newScore(kind), newScore(kind), newRatioSums(kind)];
  return { whole, ratio, recent, recentMs: 0, restarts: 0, plannedRestarts };
}

/** A closed block, in the order of time; `coveredMs` long. */
export function addBlock(state: RestartedScore, block: ScoreBlock, coveredMs: number): void {
  checkNotNegative('covered ms', coveredMs);
  addToScore(state.whole, block);
  addToRatio(state.ratio, block);
  if (state.recentMs >= RESTART_MS && state.restarts < state.plannedRestarts) {
    state.recent = newScore(state.whole.kind);
    state.recentMs = 0;
    state.restarts++;
  }
  state.recentMs += coveredMs;
  if (state.restarts > 0) addToScore(state.recent, block);
}

export interface RestartedTest {
  readonly whole: ScoreTest;
  /** Undefined before the first restart. */
  readonly recent: ScoreTest | undefined;
  /** The copy that fired; a later restart forgets it, so keep it. */
  readonly firedBy: 'whole' | 'recent' | undefined;
}

/** Is the canary worse? Over both copies and all looks at error probability `alpha`; see testScore. */
export function testRestarted(
  state: RestartedScore,
  harm: 'increase' | 'decrease',
  alpha: number,
  plannedVariance: number,
): RestartedTest {
  const { plannedRestarts } = state;
  const whole = testScore(state.whole, harm, plannedRestarts === 0 ? alpha : alpha / 2, plannedVariance);
  const recent =
    state.restarts === 0 ? undefined : testScore(state.recent, harm, alpha / (2 * plannedRestarts), plannedVariance);
  const firedBy = whole.fired ? 'whole' : recent?.fired ? 'recent' : undefined;
  return { whole, recent, firedBy };
}
