/**
 * bet.ts with a margin in points: may the canary's rate be more than `points` above stable's? With the canary's share theta
 * of K events and a of them allowed (points times n_c n_s / (n_c + n_s)):
 *
 *     D = (k_c - theta K) min(1, cap / K) - a,   L_j = 1 + c_j D / (theta cap + a)
 *
 * While the canary's rate is at most so much above stable's, the mean of k_c - theta K is at most a, and the cap only lowers
 * it; so no rate of stable must be known. With a = 0 it is bet.ts.
 */
import { type Bet, capOf } from '../../evidence/statistics/bet.ts';
import { stepMixture } from '../../evidence/statistics/start-mixture.ts';
import { expectedShare, type TwoArms } from '../../evidence/statistics/two-arms.ts';

/** As those of bet.ts. */
const BETS = [0.05, 0.1, 0.2, 0.4, 0.8];
const NEWEST = 0.1;

/** `allowed`: a, in events. The state after one more block, of both arms. */
export function stepPointsBet(bet: Bet, block: TwoArms, allowed: number): Bet {
  const { canaryEvents, stableEvents } = block;
  const events = canaryEvents + stableEvents;
  const share = expectedShare(block, 1);
  const cap = capOf(bet);
  const excess = (canaryEvents - share * events) * (events > cap ? cap / events : 1) - allowed;
  const floor = share * cap + allowed;
  return {
    ...bet,
    eventsPerBlock: (1 - NEWEST) * bet.eventsPerBlock + NEWEST * Math.min(events, cap),
    mixture: stepMixture(
      bet.mixture,
      BETS.map((size) => Math.log1p((size * excess) / floor)),
    ),
  };
}
