/**
 * Mean of outcomes within [0, 1] by betting: an interval that holds at every look and at every sample size, whatever the law,
 * for outcomes in sequence with the same conditional mean. Source: Waudby-Smith, Ramdas, JRSS-B 86:1, 2024 (hedged capital,
 * predictable plug-in bets; confseq betting.py). The state is plain data, 16 bytes per candidate mean.
 */
import { checkBetween, checkShare } from './domain.ts';

/** c: no bet risks more than this share of the capital. */
const MOST_AT_STAKE = 0.5;

export interface HedgedCapital {
  readonly alpha: number;
  /** Candidate means, increasing, within (0, 1). */
  readonly means: readonly number[];
  count: number;
  sum: number;
  /** Sum of (x - running mean)^2. */
  squares: number;
  /** ln K+ and ln K- by candidate mean. */
  readonly lnUp: number[];
  readonly lnDown: number[];
}

/** `means`: what may be asked; by default .001 to .999. Throws RangeError. */
export function newHedgedCapital(alpha: number, means: readonly number[] = gridOf(999)): HedgedCapital {
  checkShare('alpha', alpha);
  for (const mean of means) checkShare('mean', mean);
  const zeros = () => means.map(() => 0);
  return { alpha, means: [...means], count: 0, sum: 0, squares: 0, lnUp: zeros(), lnDown: zeros() };
}

/** 1/(n+1), ..., n/(n+1). */
function gridOf(n: number): readonly number[] {
  return Array.from({ length: n }, (_, index) => (index + 1) / (n + 1));
}

/** One outcome, 0 to 1; the stake depends on what came before only. Throws RangeError. */
export function addOutcome(state: HedgedCapital, outcome: number): void {
  checkBetween('outcome', outcome, 0, 1);
  const i = state.count + 1;
  const variance = (0.25 + state.squares) / i;
  const stake = Math.sqrt((2 * Math.log(2 / state.alpha)) / (variance * i * Math.log(1 + i)));
  for (const [index, mean] of state.means.entries()) {
    const up = Math.min(stake, MOST_AT_STAKE / mean);
    const down = Math.min(stake, MOST_AT_STAKE / (1 - mean));
    state.lnUp[index] = (state.lnUp[index] ?? 0) + Math.log1p(up * (outcome - mean));
    state.lnDown[index] = (state.lnDown[index] ?? 0) + Math.log1p(-down * (outcome - mean));
  }
  state.count = i;
  state.sum += outcome;
  const running = (0.5 + state.sum) / (i + 1);
  state.squares += (outcome - running) ** 2;
}

/** M = max(K+, K-) / 2 against the candidate mean at `index`; at 1 / alpha it is excluded. ln of it. */
export function lnCapital(state: HedgedCapital, index: number): number {
  const [up, down] = [state.lnUp[index], state.lnDown[index]];
  if (up === undefined || down === undefined)
    throw new RangeError(`expected the index of a candidate mean, found ${index}`);
  return Math.max(up, down) - Math.LN2;
}

/** The least and the greatest candidate mean not excluded; undefined when all are: they lie too far apart. */
export function hedgedInterval(state: HedgedCapital): { readonly lower: number; readonly upper: number } | undefined {
  const kept = state.means.filter((_, index) => lnCapital(state, index) < -Math.log(state.alpha));
  const [lower, upper] = [kept[0], kept.at(-1)];
  return lower === undefined || upper === undefined ? undefined : { lower, upper };
}
