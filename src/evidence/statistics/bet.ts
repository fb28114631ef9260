/**
 * BET, the block-betting split e-process: is something rare and harmful more frequent on the canary, when requests are not
 * independent? Per block, with K = k_c + k_s events and theta = n_c rho0 / (n_c rho0 + n_s):
 *
 *     D = (k_c - theta K) min(1, cap / K),   L_j = 1 + c_j D / (theta cap),   then start-mixture.ts
 *
 * It needs only that the canary's expected share of a block's events, given their number and the past, is at most theta:
 * events may come in bursts inside a block, and one burst multiplies evidence by at most 1 + 0.8 (1 - theta)/theta. The block
 * must be longer than the bursts (automatic-block.ts). cap = max(2, m + 3 sqrt(m)), m an average of past min(K, cap).
 * Source: betting after Waudby-Smith, Ramdas, JRSS-B 86(1), 2024.
 */
import { checkBetween, checkNotNegative, checkPositive } from './domain.ts';
import { newStartMixture, type StartMixture, stepMixture } from './start-mixture.ts';
import { checkTwoArms, expectedShare, type TwoArms } from './two-arms.ts';

/** c_j: the share of what may be lost in a block that is bet. */
const BETS = [0.05, 0.1, 0.2, 0.4, 0.8];

/** Weight of the newest block in m. */
const NEWEST = 0.1;

/** Plain data, exact through JSON. */
export interface Bet {
  /** rho0: how many times stable's rate the canary's may be (1 = no margin). */
  readonly margin: number;
  /** m, events per block. */
  readonly eventsPerBlock: number;
  readonly mixture: StartMixture;
}

/**
 * `eventsPerBlock`: of both arms, as known from the shadow or the previous stage. Throws RangeError when it is negative, or
 * the margin is not above 0.
 */
export function newBet(plannedBlocks: number, eventsPerBlock: number, margin = 1): Bet {
  checkPositive('margin', margin);
  checkNotNegative('eventsPerBlock', eventsPerBlock);
  return { margin, eventsPerBlock, mixture: newStartMixture(BETS.length, plannedBlocks) };
}

/** Most events of one block that count. */
export function capOf({ eventsPerBlock }: Bet): number {
  return Math.max(2, eventsPerBlock + 3 * Math.sqrt(eventsPerBlock));
}

/**
 * The state after one more block. A block without exposures in one of the arms says nothing and is skipped: the state stays.
 * Throws RangeError for counts below 0, or more events than exposures.
 */
export function stepBet(bet: Bet, block: TwoArms): Bet {
  checkTwoArms(block);
  checkBetween('canaryEvents', block.canaryEvents, 0, block.canary);
  checkBetween('stableEvents', block.stableEvents, 0, block.stable);
  if (block.canary === 0 || block.stable === 0) return bet;
  const { canaryEvents, stableEvents } = block;
  const events = canaryEvents + stableEvents;
  const share = expectedShare(block, bet.margin);
  const cap = capOf(bet);
  const excess = (canaryEvents - share * events) * (events > cap ? cap / events : 1);
  const lnFactors = BETS.map((size) => Math.log1p((size * excess) / (share * cap)));
  return {
    margin: bet.margin,
    eventsPerBlock: (1 - NEWEST) * bet.eventsPerBlock + NEWEST * Math.min(events, cap),
    mixture: stepMixture(bet.mixture, lnFactors),
  };
}
