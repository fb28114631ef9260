/**
 * Two answers to the same questions (McNemar 1947): only the questions where exactly one of the two is wrong say which is
 * worse, and if neither is, each of these is a fair coin. Sequentially that is split.ts with one exposure on each side: exact
 * at every look. The same holds for noise: where a twin (a second copy of stable) got the request too, the candidate is no
 * noisier than the twin if those it alone disagrees on are as many as those the twin alone disagrees on.
 */
import { binomialCdf, binomialTail, chiSquareTail, lnBinomialPmf } from './special.ts';
import { HARM_BY_INCREASE, lnSplitEvidence, newSplit, type Split, stepSplit } from './split.ts';

/** Pairs where one of the two alone is wrong, or alone disagrees with the reference. */
export interface Discordant {
  readonly candidateOnly: number;
  readonly otherOnly: number;
}

/** Throws RangeError unless both are whole numbers of 0 or more. */
function checkDiscordant(discordant: Discordant): void {
  for (const name of ['candidateOnly', 'otherOnly'] as const) {
    const count = discordant[name];
    if (Number.isSafeInteger(count) && count >= 0) continue;
    throw new RangeError(`${name}: expected a whole number of 0 or more, found ${count}`);
  }
}

function asArms({ candidateOnly, otherOnly }: Discordant) {
  return { canary: 1, stable: 1, canaryEvents: candidateOnly, stableEvents: otherOnly };
}

/** Evidence that the candidate is the worse one. `plannedBlocks`: see start-mixture.ts. */
export function newMcNemar(plannedBlocks: number): Split {
  return newSplit(plannedBlocks, HARM_BY_INCREASE);
}

/** The state after one more block of pairs; a block without discordant pairs is one with factor 1. */
export function stepMcNemar(state: Split, discordant: Discordant): Split {
  checkDiscordant(discordant);
  return stepSplit(state, asArms(discordant));
}

/** ln of the e-value of all pairs taken at once. */
export function lnMcNemarEvidence(discordant: Discordant): number {
  checkDiscordant(discordant);
  return lnSplitEvidence(asArms(discordant), HARM_BY_INCREASE);
}

export interface McNemarTest {
  /** (b - c)^2 / (b + c), its p, and both with continuity correction. Of no discordant pairs 0, and p = 1. */
  readonly chiSquare: number;
  readonly p: number;
  readonly correctedChiSquare: number;
  readonly correctedP: number;
  /** 2 P(Binomial(b + c, 1/2) <= the smaller), at most 1; mid: less the probability of the smaller. */
  readonly exactP: number;
  readonly midP: number;
  /** P(Binomial(b + c, 1/2) >= candidateOnly). */
  readonly candidateWorseP: number;
}

/** For reports that are read once; looked at again and again only the e-process holds. */
export function mcNemarTest(discordant: Discordant): McNemarTest {
  checkDiscordant(discordant);
  const { candidateOnly, otherOnly } = discordant;
  const all = candidateOnly + otherOnly;
  const smaller = Math.min(candidateOnly, otherOnly);
  const difference = Math.abs(candidateOnly - otherOnly);
  const chiSquare = all === 0 ? 0 : difference ** 2 / all;
  const correctedChiSquare = all === 0 ? 0 : Math.max(0, difference - 1) ** 2 / all;
  const lower = 2 * binomialCdf(smaller, all, 0.5);
  return {
    chiSquare,
    p: chiSquareTail(chiSquare, 1),
    correctedChiSquare,
    correctedP: chiSquareTail(correctedChiSquare, 1),
    exactP: Math.min(1, lower),
    midP: Math.min(1, lower - Math.exp(lnBinomialPmf(smaller, all, 0.5))),
    candidateWorseP: binomialTail(candidateOnly, all, 0.5),
  };
}

/** Pairs whose request also went to the twin, by who disagreed with the reference (FieldSums.noise of sums.ts). */
export interface ThreeWay {
  readonly both: number;
  readonly candidateOnly: number;
  readonly twinOnly: number;
  readonly neither: number;
}

/** What the candidate disagrees about beyond noise: (candidateOnly - twinOnly) / all; undefined without requests. */
export function netMismatch({ both, candidateOnly, twinOnly, neither }: ThreeWay): number | undefined {
  const all = both + candidateOnly + twinOnly + neither;
  return all === 0 ? undefined : (candidateOnly - twinOnly) / all;
}

/** What counts as discordant where noise is set off. */
export function discordantOf({ candidateOnly, twinOnly }: ThreeWay): Discordant {
  return { candidateOnly, otherOnly: twinOnly };
}
