/**
 * Many questions at once. A rollback is fired by any guard, so what its guards may err adds up (Bonferroni, with a budget);
 * a promotion needs all of them and no correction. Segments are judged by e-BH, which holds whatever depends on what.
 */
import { checkShare } from './domain.ts';

/** What all rollback guards of a rollout may err together. */
export const MAX_ALPHA_SUM = 0.1;

/**
 * Sum of alpha. Throws RangeError naming the guards when it is above MAX_ALPHA_SUM, or one is not between 0 and 1.
 */
export function alphaBudget(guards: readonly { readonly name: string; readonly alpha: number }[]): number {
  for (const { name, alpha } of guards) checkShare(`alpha of guard ${name}`, alpha);
  const sum = guards.reduce((total, { alpha }) => total + alpha, 0);
  if (sum <= MAX_ALPHA_SUM + 1e-12) return sum;
  const found = guards.map(({ name, alpha }) => `${name} ${alpha}`).join(', ');
  throw new RangeError(
    `a healthy release would be rolled back with a chance of up to ${Number(sum.toPrecision(6))}: expected alphas of rollback guards ` +
      `that sum to at most ${MAX_ALPHA_SUM}, found ${found}`,
  );
}

function checkEvidence(eValues: readonly number[]): void {
  const wrong = eValues.find((e) => !(e >= 0));
  if (wrong !== undefined) throw new RangeError(`expected e-values of 0 or more, found ${wrong}`);
}

function checkPs(ps: readonly number[]): void {
  const wrong = ps.find((p) => !(p >= 0 && p <= 1));
  if (wrong !== undefined) throw new RangeError(`expected p-values of 0 to 1, found ${wrong}`);
}

/**
 * e-BH: places of the hypotheses rejected at false discovery rate `q`, in rising order. The k largest, for the largest k with
 * k e_(k) / m >= 1/q. Valid under any dependence and any stopping. Source: Wang, Ramdas, JRSS-B 84:822, 2022.
 */
export function eBenjaminiHochberg(eValues: readonly number[], q: number): number[] {
  checkEvidence(eValues);
  checkShare('q', q);
  const order = eValues.map((_, at) => at).sort((left, right) => (eValues[right] ?? 0) - (eValues[left] ?? 0));
  let rejected = 0;
  for (const [rank, at] of order.entries()) {
    // Multiplied out, with room for the rounding of q: an e of exactly m / (k q) counts.
    if ((rank + 1) * (eValues[at] ?? 0) * q >= eValues.length * (1 - 1e-12)) rejected = rank + 1;
  }
  return order.slice(0, rejected).sort((left, right) => left - right);
}

/** Evidence against "none of them is true": the mean, under any dependence. Of none it is 1. */
export function meanEvidence(eValues: readonly number[]): number {
  checkEvidence(eValues);
  return eValues.length === 0 ? 1 : eValues.reduce((sum, e) => sum + e, 0) / eValues.length;
}

/** e = p^(-1/2) / 2. Source: Vovk, Wang, Ann. Stat. 49:1736, 2021 (kappa = 1/2). Infinity for p = 0. */
export function evidenceOfP(p: number): number {
  checkPs([p]);
  return 0.5 / Math.sqrt(p);
}

/** p = min(1, 1/e). */
export function pOfEvidence(e: number): number {
  checkEvidence([e]);
  return Math.min(1, 1 / e);
}

/** Adjusted p, in the given order: reject those up to alpha. Bonferroni: m p. */
export function bonferroni(ps: readonly number[]): number[] {
  checkPs(ps);
  return ps.map((p) => Math.min(1, ps.length * p));
}

/** Adjusted p that control any false rejection. Source: Holm 1979. */
export function holm(ps: readonly number[]): number[] {
  const order = rising(ps);
  const adjusted = new Array<number>(ps.length);
  let highest = 0;
  for (const [rank, at] of order.entries()) {
    highest = Math.max(highest, (ps.length - rank) * (ps[at] ?? 0));
    adjusted[at] = Math.min(1, highest);
  }
  return adjusted;
}

/** Adjusted p that control the false discovery rate of independent tests. Source: Benjamini, Hochberg 1995. */
export function benjaminiHochberg(ps: readonly number[]): number[] {
  return stepUp(ps, 1);
}

/** The same under any dependence, dearer by 1 + 1/2 + ... + 1/m. Source: Benjamini, Yekutieli 2001. */
export function benjaminiYekutieli(ps: readonly number[]): number[] {
  return stepUp(
    ps,
    ps.reduce((sum, _, at) => sum + 1 / (at + 1), 0),
  );
}

function stepUp(ps: readonly number[], price: number): number[] {
  const order = rising(ps);
  const adjusted = new Array<number>(ps.length);
  let lowest = 1;
  for (const [rank, at] of [...order.entries()].reverse()) {
    lowest = Math.min(lowest, (ps.length * price * (ps[at] ?? 0)) / (rank + 1));
    adjusted[at] = lowest;
  }
  return adjusted;
}

function rising(ps: readonly number[]): number[] {
  checkPs(ps);
  return ps.map((_, at) => at).sort((left, right) => (ps[left] ?? 0) - (ps[right] ?? 0));
}
