/**
 * Split e-process: which arm do K independent events come from? With equal rates each is the canary's with probability
 * n_c / (n_c + n_s), whatever the rate is and however it drifts. Against a rate rho times stable's, with margin rho0:
 *
 *     ln L = k_c ln(rho / rho0) - K ln((n_c rho + n_s) / (n_c rho0 + n_s))
 *
 * Its mean is at most 1 for rho0 = 1 also when events are drawn without replacement (Hoeffding, JASA 58:13, 1963, theorem 4).
 * It assumes that requests are independent, which requests to one pod are not: for pairs, and e-values of segments. For
 * errors and time-outs of arms use bet.ts.
 */
import { checkPositive } from './domain.ts';
import { lnSumExp } from './special.ts';
import { newStartMixture, type StartMixture, stepMixture } from './start-mixture.ts';
import { checkTwoArms, expectedShare, type TwoArms } from './two-arms.ts';

/** rho where harm is an increase, and where it is a decrease. */
export const HARM_BY_INCREASE = [1.1, 1.25, 1.5, 2, 3, 5, 10];
export const HARM_BY_DECREASE = [0.98, 0.95, 0.9, 0.8, 0.5];

/** ln L of one block, 0 without events or without one of the arms. Throws RangeError for counts below 0 and ratios not above 0. */
export function lnSplitFactor(block: TwoArms, ratio: number, margin = 1): number {
  checkTwoArms(block);
  checkPositive('ratio', ratio);
  checkPositive('margin', margin);
  if (block.canary === 0 || block.stable === 0) return 0;
  const canary = Math.log(expectedShare(block, ratio) / expectedShare(block, margin));
  const stable = Math.log((block.canary * margin + block.stable) / (block.canary * ratio + block.stable));
  return block.canaryEvents * canary + block.stableEvents * stable;
}

/** ln of the mean of L over `ratios`: the e-value of one block. */
export function lnSplitEvidence(block: TwoArms, ratios: readonly number[], margin = 1): number {
  return lnSumExp(ratios.map((ratio) => lnSplitFactor(block, ratio, margin))) - Math.log(ratios.length);
}

/** Plain data, exact through JSON. */
export interface Split {
  readonly ratios: readonly number[];
  readonly margin: number;
  readonly mixture: StartMixture;
}

/** Throws RangeError when a ratio is not above 0, or none is on the harmful side of the margin. */
export function newSplit(plannedBlocks: number, ratios: readonly number[], margin = 1): Split {
  checkPositive('margin', margin);
  for (const ratio of ratios) checkPositive('ratio', ratio);
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  if (least <= margin && most >= margin) {
    throw new RangeError(`ratios: expected all above or all below the margin ${margin}, found ${ratios.join(', ')}`);
  }
  return { ratios, margin, mixture: newStartMixture(ratios.length, plannedBlocks) };
}

/** The state after one more block; the same state where one of the arms had no exposures. */
export function stepSplit(split: Split, block: TwoArms): Split {
  checkTwoArms(block);
  if (block.canary === 0 || block.stable === 0) return split;
  const lnFactors = split.ratios.map((ratio) => lnSplitFactor(block, ratio, split.margin));
  return { ...split, mixture: stepMixture(split.mixture, lnFactors) };
}
