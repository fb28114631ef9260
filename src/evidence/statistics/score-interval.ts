/**
 * The block score's interval of a ratio: all r that S(r) does not exclude. What is kept is a few sums, not the blocks: counts
 * in strata of nearly the same split, expanded to second order around the split of the stratum's first block (exact while the
 * split is constant; at a spread of 5 % below 1e-6 of the events). Plain data.
 */
import { bisect } from './bisect.ts';
import { checkBlock, freedomOf, type ScoreBlock, type ScoreKind, studentOf } from './block-score.ts';
import { boundaryTwoSided, tuneTwoSided } from './confidence-sequence.ts';

/** Blocks whose ln(n_c / n_s) differ by less from a stratum's share it: at most some hundreds of strata at any traffic. */
const STRATUM_WIDTH = 0.05;

/** Of ln r. */
const WIDEST = 40;

/** Sums over the blocks of a stratum; k = k_c, K = k_c + k_s, u = ln(n_c / n_s) - split. */
interface Stratum {
  /** ln(n_c / n_s) of its first block. */
  readonly split: number;
  k: number;
  K: number;
  uK: number;
  uuK: number;
  kk: number;
  kK: number;
  KK: number;
  ukK: number;
  uKK: number;
  uuKK: number;
}

/** Of values: a = (1 - theta) x_c, b = theta x_s; S(r) = sum a - r sum b, the ratio of means r. */
interface Products {
  a: number;
  b: number;
  aa: number;
  ab: number;
  bb: number;
}

export interface RatioSums {
  readonly kind: ScoreKind;
  readonly strata: Stratum[];
  readonly products: Products;
  /** Model's variance of a block at ratio 1, and its square: degrees of freedom. */
  weight: number;
  weightSquared: number;
}

export function newRatioSums(kind: ScoreKind): RatioSums {
  return { kind, strata: [], products: { a: 0, b: 0, aa: 0, ab: 0, bb: 0 }, weight: 0, weightSquared: 0 };
}

/** Blocks with one arm only say nothing. Throws RangeError as checkBlock. */
export function addToRatio(sums: RatioSums, block: ScoreBlock): void {
  checkBlock(sums.kind, block);
  const { canary, stable, canaryOutcomes, stableOutcomes } = block;
  if (canary === 0 || stable === 0) return;
  const theta = canary / (canary + stable);
  const weight = sums.kind === 'counts' ? theta * (1 - theta) * (canaryOutcomes + stableOutcomes) : theta * stable;
  sums.weight += weight;
  sums.weightSquared += weight * weight;
  if (sums.kind === 'counts') addCounts(sums.strata, Math.log(canary / stable), canaryOutcomes, stableOutcomes);
  else addValues(sums.products, (1 - theta) * canaryOutcomes, theta * stableOutcomes);
}

function addCounts(strata: Stratum[], split: number, k: number, stableOutcomes: number): void {
  let stratum = strata.find((one) => Math.abs(one.split - split) < STRATUM_WIDTH);
  if (stratum === undefined) {
    stratum = { split, k: 0, K: 0, uK: 0, uuK: 0, kk: 0, kK: 0, KK: 0, ukK: 0, uKK: 0, uuKK: 0 };
    strata.push(stratum);
  }
  const [u, K] = [split - stratum.split, k + stableOutcomes];
  stratum.k += k;
  stratum.K += K;
  stratum.uK += u * K;
  stratum.uuK += u * u * K;
  stratum.kk += k * k;
  stratum.kK += k * K;
  stratum.KK += K * K;
  stratum.ukK += u * k * K;
  stratum.uKK += u * K * K;
  stratum.uuKK += u * u * K * K;
}

function addValues(products: Products, a: number, b: number): void {
  products.a += a;
  products.b += b;
  products.aa += a * a;
  products.ab += a * b;
  products.bb += b * b;
}

/** S(r) and V(r) = sum of squared residuals at r. */
function scoreAt(sums: RatioSums, lnRatio: number): { sum: number; variance: number } {
  let [sum, variance] = [0, 0];
  for (const s of sums.strata) {
    const share = 1 / (1 + Math.exp(-s.split - lnRatio));
    const slope = share * (1 - share);
    sum += s.k - share * s.K - slope * s.uK - 0.5 * slope * (1 - 2 * share) * s.uuK;
    variance += s.kk - 2 * share * s.kK + share * share * s.KK;
    variance += slope * (slope * s.uuKK - 2 * s.ukK + 2 * share * s.uKK);
  }
  return { sum, variance };
}

export interface RatioInterval {
  /** Canary over stable; undefined when one side has nothing to divide. */
  readonly ratio: number | undefined;
  /** 0 and Infinity where the data exclude nothing on that side. */
  readonly lower: number;
  readonly upper: number;
}

const NOTHING: RatioInterval = { ratio: undefined, lower: 0, upper: Infinity };

/**
 * Two-sided sequence of the ratio of rates (counts) or of means (values, stable mean above 0): valid at all looks, given
 * blocks enough (20 and more degrees of freedom). `step`: `student` widens it for the estimated variance as the test does.
 */
export function ratioInterval(
  sums: RatioSums,
  alpha: number,
  plannedVariance: number,
  step: 'student' | 'normal' = 'student',
): RatioInterval {
  const rho = tuneTwoSided(plannedVariance, alpha);
  const width = (measured: number): number => {
    if (step === 'normal') return boundaryTwoSided(measured, alpha, rho);
    const freedom = freedomOf(sums);
    const variance = (measured * (freedom + 1)) / freedom;
    if (!(variance > 0)) return boundaryTwoSided(0, alpha, rho);
    return Math.sqrt(variance) * studentOf(boundaryTwoSided(variance, alpha, rho) / Math.sqrt(variance), freedom);
  };
  return sums.kind === 'counts' ? countsInterval(sums, width) : valuesInterval(sums.products, width);
}

function countsInterval(sums: RatioSums, width: (variance: number) => number): RatioInterval {
  const found = sums.strata.reduce((k, stratum) => k + stratum.k, 0);
  const all = sums.strata.reduce((K, stratum) => K + stratum.K, 0);
  if (all === 0) return NOTHING;
  const sumAt = (lnRatio: number) => scoreAt(sums, lnRatio).sum;
  // With events on one side only the ratio is at an end, and the variance is of no difference.
  const isInside = found > 0 && found < all;
  const middle = isInside ? bisect(sumAt, -WIDEST, WIDEST) : 0;
  const reach = width(Math.max(0, scoreAt(sums, middle).variance));
  const lower = sumAt(-WIDEST) > reach ? Math.exp(bisect((at) => sumAt(at) - reach, -WIDEST, WIDEST)) : 0;
  const upper = sumAt(WIDEST) < -reach ? Math.exp(bisect((at) => sumAt(at) + reach, -WIDEST, WIDEST)) : Infinity;
  return { ratio: isInside ? Math.exp(middle) : undefined, lower, upper };
}

function valuesInterval({ a, b, aa, ab, bb }: Products, width: (variance: number) => number): RatioInterval {
  if (!(b > 0)) return NOTHING;
  const ratio = a / b;
  const reach = width(Math.max(0, aa - 2 * ratio * ab + ratio * ratio * bb));
  return { ratio, lower: (a - reach) / b, upper: (a + reach) / b };
}
