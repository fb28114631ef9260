/**
 * How well predictions met what came true (statistics.md 5.5). Pure. Classes are compared as texts. A score is a number 0..1
 * that says how likely the class is, y is 1 where it came true and 0 where not.
 */

export interface Classified {
  readonly n: number;
  /** Share that were right. */
  readonly accuracy: number;
}

export interface Estimated {
  readonly n: number;
  /** mean |p - y| */
  readonly meanAbsoluteError: number;
  /** mean (p - y)^2 */
  readonly meanSquaredError: number;
  /** mean (p - y): above 0 it says too much. */
  readonly bias: number;
  /** mean p / mean y; undefined when mean y is 0. */
  readonly calibrationRatio: number | undefined;
}

export interface Scored extends Classified {
  /** mean (p - y)^2; lower is better. */
  readonly brier: number;
  /** -mean (y ln p + (1 - y) ln(1 - p)), nats; p is kept 1e-15 away from 0 and 1. */
  readonly logLoss: number;
  /** mean p / mean y; 1 is best, undefined when nothing came true. */
  readonly calibrationRatio: number | undefined;
  /** Expected calibration error: sum over bins of p of (n_bin / n) |mean p - mean y| in the bin. */
  readonly calibrationError: number;
}

const NEAREST = 1e-15;
const BINS = 10;

/** Undefined when there is nothing. */
export function classified(
  pairs: readonly { readonly said: string; readonly truth: string }[],
): Classified | undefined {
  const n = pairs.length;
  if (n === 0) return undefined;
  return { n, accuracy: pairs.filter(({ said, truth }) => said === truth).length / n };
}

/** Of finite numbers; undefined when there is nothing. */
export function estimated(pairs: readonly { readonly said: number; readonly truth: number }[]): Estimated | undefined {
  const n = pairs.length;
  if (n === 0) return undefined;
  const mean = (of: (said: number, truth: number) => number) =>
    pairs.reduce((sum, { said, truth }) => sum + of(said, truth), 0) / n;
  return {
    n,
    meanAbsoluteError: mean((said, truth) => Math.abs(said - truth)),
    meanSquaredError: mean((said, truth) => (said - truth) ** 2),
    bias: mean((said, truth) => said - truth),
    calibrationRatio: ratio(
      mean((said) => said),
      mean((_, truth) => truth),
    ),
  };
}

/**
 * Of scores 0..1 and truths 0 or 1; `bins` equal ones [k / bins, (k + 1) / bins), the last with its end. A score that reaches
 * `threshold` says 1. Undefined when there is nothing.
 */
export function scored(
  pairs: readonly { readonly said: number; readonly truth: number }[],
  threshold: number,
  bins: number = BINS,
): Scored | undefined {
  const n = pairs.length;
  if (n === 0) return undefined;
  const held = Array.from({ length: bins }, () => ({ p: 0, y: 0 }));
  let [right, squares, losses] = [0, 0, 0];
  for (const { said, truth } of pairs) {
    if (said >= threshold === (truth === 1)) right++;
    squares += (said - truth) ** 2;
    const p = Math.min(Math.max(said, NEAREST), 1 - NEAREST);
    losses -= truth * Math.log(p) + (1 - truth) * Math.log(1 - p);
    const bin = held[Math.min(bins - 1, Math.floor(said * bins))];
    if (bin === undefined) continue;
    bin.p += said;
    bin.y += truth;
  }
  const [p, y] = [held.reduce((sum, bin) => sum + bin.p, 0), held.reduce((sum, bin) => sum + bin.y, 0)];
  return {
    n,
    accuracy: right / n,
    brier: squares / n,
    logLoss: losses / n,
    calibrationRatio: ratio(p, y),
    calibrationError: held.reduce((sum, bin) => sum + Math.abs(bin.p - bin.y), 0) / n,
  };
}

function ratio(p: number, y: number): number | undefined {
  return y === 0 ? undefined : p / y;
}
