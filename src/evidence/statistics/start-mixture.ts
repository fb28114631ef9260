/**
 * Start-time mixture: evidence that neither forgets a regression that was there from the start nor needs long to notice one
 * that starts now. Half of the capital bets from the first block, the other half starts evenly over the H planned blocks.
 * With the factor L_j of alternative j in block t:
 *
 *     A_j <- (A_j + pi_t) L_j,   A_j(0) = 1/2,   pi_t = 1/(2H) for t < H, else 0
 *     M    = mean of A_j + capital that has not started
 *
 * M is an e-process when every L_j has mean 1 or less given the past under the null hypothesis: P(M ever >= 1/alpha) <= alpha,
 * whenever and however often one looks (Ville 1939). Source: Shin, Ramdas, Rinaldo, "E-detectors", NEJSDS 2024.
 */
import { lnAddExp, lnSumExp } from './special.ts';

/** Plain data, exact through JSON. */
export interface StartMixture {
  /** H; 0 = all capital bets from the start. */
  readonly plannedBlocks: number;
  /** Blocks so far, without those that were skipped. */
  readonly blocks: number;
  /** ln A_j. */
  readonly lnCapital: readonly number[];
  /** ln of the largest M so far; 0 at the start. */
  readonly highestLn: number;
}

/** Throws RangeError without an alternative, or when `plannedBlocks` is no whole number. */
export function newStartMixture(alternatives: number, plannedBlocks: number): StartMixture {
  if (!(Number.isSafeInteger(alternatives) && alternatives > 0)) {
    throw new RangeError(`alternatives: expected at least 1, found ${alternatives}`);
  }
  if (!(Number.isSafeInteger(plannedBlocks) && plannedBlocks >= 0)) {
    throw new RangeError(`plannedBlocks: expected a whole number of 0 or more, found ${plannedBlocks}`);
  }
  const lnStart = plannedBlocks === 0 ? 0 : Math.log(0.5);
  return { plannedBlocks, blocks: 0, lnCapital: new Array<number>(alternatives).fill(lnStart), highestLn: 0 };
}

/**
 * The state after one more block. `lnFactors`: ln L_j. Throws RangeError when there is not one of each alternative, or one is
 * not finite.
 */
export function stepMixture(mixture: StartMixture, lnFactors: readonly number[]): StartMixture {
  const { plannedBlocks, blocks, lnCapital } = mixture;
  if (lnFactors.length !== lnCapital.length) {
    throw new RangeError(`expected a factor for each of ${lnCapital.length} alternatives, found ${lnFactors.length}`);
  }
  const lnStarting = blocks < plannedBlocks ? -Math.log(2 * plannedBlocks) : -Infinity;
  const stepped = lnCapital.map((capital, alternative) => {
    const lnFactor = lnFactors[alternative] ?? 0;
    if (!Number.isFinite(lnFactor)) throw new RangeError(`expected factors with a finite logarithm, found ${lnFactor}`);
    return lnAddExp(capital, lnStarting) + lnFactor;
  });
  const next = { plannedBlocks, blocks: blocks + 1, lnCapital: stepped, highestLn: mixture.highestLn };
  return { ...next, highestLn: Math.max(next.highestLn, lnEvidence(next)) };
}

/** ln M. */
export function lnEvidence({ plannedBlocks, blocks, lnCapital }: StartMixture): number {
  const waiting = plannedBlocks === 0 ? 0 : 0.5 * (1 - Math.min(blocks, plannedBlocks) / plannedBlocks);
  return lnAddExp(lnSumExp(lnCapital) - Math.log(lnCapital.length), Math.log(waiting));
}

/** M; Infinity beyond 1.8e308. */
export function evidence(mixture: StartMixture): number {
  return Math.exp(lnEvidence(mixture));
}

/** Always-valid p: 1 / the largest M so far. */
export function alwaysValidP({ highestLn }: StartMixture): number {
  return Math.exp(-highestLn);
}

/** Whether M was 1/alpha or more at any time; once true it stays. */
export function everReached({ highestLn }: StartMixture, alpha: number): boolean {
  return highestLn >= -Math.log(alpha);
}
