/**
 * Block score: canary against stable inside each block of time, so that neither the time of day nor a ramping weight
 * matters, with a variance measured between blocks, so that whatever correlation there is within a block matters neither.
 * Per block theta = n_c / (n_c + n_s), D = x_c - theta (x_c + x_s); S = sum D, on the variance clock V. Asymptotic confidence
 * sequence (Waudby-Smith et al., Ann. Stat. 2024) with a Satterthwaite t step for the estimated V. Sticky users are not
 * independent between blocks: cluster.ts. States are plain data: the same after JSON, bit by bit.
 */
import { boundaryOneSidedClosed, tuneOneSided } from './confidence-sequence.ts';
import { checkNotNegative, checkPositive, checkShare } from './domain.ts';
import { lnNormalCdf, normalQuantile, studentTQuantile } from './special.ts';

/** Degrees of freedom from which on it may say something. */
export const MIN_FREEDOM = 20;

/** Smaller tails are no numbers any more. */
const LN_LEAST_TAIL = Math.log(1e-300);

/** What both arms did in one block: exposures, and the sum of outcomes (clicks, events, revenue, values). */
export interface ScoreBlock {
  readonly canary: number;
  readonly stable: number;
  readonly canaryOutcomes: number;
  readonly stableOutcomes: number;
}

/** `counts`: each exposure has an event or not (clicks, slower than stable's p50). `values`: sums of any numbers. */
export type ScoreKind = 'counts' | 'values';

/** Of the blocks where both arms were seen. */
export interface Score {
  readonly kind: ScoreKind;
  blocks: number;
  /** Blocks with one arm only. */
  skipped: number;
  /** S, in outcomes. */
  sum: number;
  /** V. */
  variance: number;
  /** Events of the canary, and sum of theta K: as many as it would have were it alike. */
  found: number;
  expected: number;
  /** Sum of n_c n_s / (n_c + n_s). */
  information: number;
  /** Sums of e and e^2, the model's variance of a block; they give the degrees of freedom. */
  weight: number;
  weightSquared: number;
}

export function newScore(kind: ScoreKind): Score {
  const nothing = { blocks: 0, skipped: 0, sum: 0, variance: 0, found: 0, expected: 0 };
  return { kind, ...nothing, information: 0, weight: 0, weightSquared: 0 };
}

/** Counts need 0 <= events <= exposures. Throws RangeError. */
export function checkBlock(kind: ScoreKind, { canary, stable, canaryOutcomes, stableOutcomes }: ScoreBlock): void {
  checkNotNegative('exposures of the canary', canary);
  checkNotNegative('exposures of the stable arm', stable);
  if (!Number.isFinite(canaryOutcomes + stableOutcomes))
    throw new RangeError('expected finite sums of outcomes in a block');
  if (kind === 'values') return;
  if (canaryOutcomes >= 0 && stableOutcomes >= 0 && canaryOutcomes <= canary && stableOutcomes <= stable) return;
  const found = `${canaryOutcomes}/${canary} and ${stableOutcomes}/${stable}`;
  throw new RangeError(`expected events of 0 up to the exposures of each arm, found ${found}`);
}

/** Adds a closed block, in the order of time. */
export function addToScore(score: Score, block: ScoreBlock): void {
  checkBlock(score.kind, block);
  const { canary, stable, canaryOutcomes, stableOutcomes } = block;
  if (canary === 0 || stable === 0) {
    score.skipped++;
    return;
  }
  const total = canaryOutcomes + stableOutcomes;
  const theta = canary / (canary + stable);
  const information = (canary * stable) / (canary + stable);
  const difference = canaryOutcomes - theta * total;
  score.blocks++;
  score.sum += difference;
  score.found += canaryOutcomes;
  score.expected += theta * total;
  score.information += information;
  const [residual, weight] = score.kind === 'counts' ? ofCounts() : ofValues();
  score.variance += residual * residual;
  score.weight += weight;
  score.weightSquared += weight * weight;

  /** Around what the ratio so far lets expect; the effect is no noise. */
  function ofCounts(): readonly [number, number] {
    const share = Math.min(0.999, score.expected > 0 ? theta * (score.found / score.expected) : theta);
    return [canaryOutcomes - share * total, share * (1 - share) * total];
  }

  function ofValues(): readonly [number, number] {
    return [difference - (information * score.sum) / score.information, information];
  }
}

/** Satterthwaite: (sum e)^2 / sum e^2 - 1, at least 1. */
export function freedomOf(score: Pick<Score, 'weight' | 'weightSquared'>): number {
  if (score.weightSquared === 0) return 1;
  return Math.max(1, (score.weight * score.weight) / score.weightSquared - 1);
}

/** c for the normal law -> c for Student's t at the same tail. */
export function studentOf(boundary: number, freedom: number): number {
  const lnTail = lnNormalCdf(-boundary);
  return -studentTQuantile(Math.exp(Math.max(LN_LEAST_TAIL, lnTail)), freedom);
}

export interface ScoreTest {
  /** Of harm: above 0 the canary is worse. */
  readonly z: number;
  /** Of the normal mixture, and with the t step; Infinity without a variance. z is compared with the latter. */
  readonly normalThreshold: number;
  readonly threshold: number;
  readonly freedom: number;
  readonly rho: number;
  /** counts: events found / expected, without the effect on the expectation; 1 = alike. values: difference of the means. */
  readonly effect: number | undefined;
  readonly fired: boolean;
}

/**
 * Is the canary worse? At any time, at error probability `alpha` over all looks. `plannedVariance` in units of V: for
 * counts about the events of the canary wanted (plannedCounts), for values variance of one value x information.
 */
export function testScore(
  score: Score,
  harm: 'increase' | 'decrease',
  alpha: number,
  plannedVariance: number,
): ScoreTest {
  const rho = tuneOneSided(plannedVariance, alpha);
  const freedom = freedomOf(score);
  const variance = (score.variance * (freedom + 1)) / freedom;
  const scale = score.kind === 'counts' ? score.expected : score.information;
  const base = score.kind === 'counts' ? score.found : score.sum;
  const common = { freedom, rho, effect: scale > 0 ? base / scale : undefined };
  if (!(variance > 0)) return { ...common, z: 0, normalThreshold: Infinity, threshold: Infinity, fired: false };
  const z = ((harm === 'increase' ? 1 : -1) * score.sum) / Math.sqrt(variance);
  const normalThreshold = boundaryOneSidedClosed(variance, alpha, rho) / Math.sqrt(variance);
  const threshold = studentOf(normalThreshold, freedom);
  return { ...common, z, normalThreshold, threshold, fired: freedom >= MIN_FREEDOM && z >= threshold };
}

/** V* for counts: ((z_.99 + z_.8) / ln(1 / (1 - margin)))^2; margin .02 -> 24,589. 10,000 where no margin is known. */
export function plannedCounts(margin: number): number {
  checkShare('margin', margin);
  return ((normalQuantile(0.99) + normalQuantile(0.8)) / -Math.log1p(-margin)) ** 2;
}

/** V* for values: the variance of one value x sum of n_c n_s / (n_c + n_s) planned. */
export function plannedValues(variance: number, information: number): number {
  checkPositive('variance of a value', variance);
  checkPositive('planned information', information);
  return variance * information;
}
