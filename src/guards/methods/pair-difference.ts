/**
 * Mean of a measure over pairs (paired.ts). `difference` and `flip` have a sign, and a `max` of them holds on both sides: what
 * is shown is then how far the mean is from 0. `relative`: in shares of the reference's mean.
 */
import type { Finding, GuardInput, GuardMethod, LimitSample, LimitSums } from '../input.ts';
import type { GuardSpec, Threshold } from '../spec.ts';
import { fieldsOf, measureSums, sumOf } from './field.ts';
import { type Allowed, findMean, type MeanSums, newMeanSums, stepMean } from './mean-sequence.ts';
import { isLookedAt } from './side.ts';
import { numberOf } from './threshold.ts';

export interface DifferenceState {
  readonly mean: MeanSums;
  /** Of the reference's numbers, for `relative`. */
  readonly referenceSum: number;
  readonly referenceCount: number;
}

export const pairDifferenceMethod: GuardMethod<DifferenceState> = {
  sums(spec, input): LimitSums | undefined {
    const { count, sum, pairs, referenceSum, referenceCount } = blockOf(spec, input);
    return count === 0 ? undefined : { pairs: Math.min(pairs, count), count, sum, referenceSum, referenceCount };
  },

  read(spec, { pairs = 0, count = 0, sum = 0, referenceSum = 0, referenceCount = 0 }): LimitSample {
    const scale = scaleOf(spec.threshold, referenceSum, referenceCount);
    if (count === 0 || scale === undefined) return { value: undefined, n: pairs, broken: false };
    const allowed = allowedOf(spec, 1);
    const value = shownOf(spec, sum / count / scale);
    return { value, n: pairs, broken: value > allowed.most || value < allowed.least };
  },

  start(): DifferenceState {
    return { mean: newMeanSums(), referenceSum: 0, referenceCount: 0 };
  },

  step(spec, state, input): DifferenceState {
    if (!isLookedAt(input)) return state;
    const block = blockOf(spec, input);
    return {
      mean: stepMean(state.mean, block, input.durationMs),
      referenceSum: state.referenceSum + block.referenceSum,
      referenceCount: state.referenceCount + block.referenceCount,
    };
  },

  find(spec, { mean, referenceSum, referenceCount }): Finding {
    const scale = scaleOf(spec.threshold, referenceSum, referenceCount);
    if (scale === undefined) return { ...findMean(newMeanSums(), allowedOf(spec, 1), spec.alpha), windowMs: mean.ms };
    return scaled(spec, findMean(mean, allowedOf(spec, scale), spec.alpha), scale);
  },
};

function blockOf(spec: GuardSpec, input: GuardInput) {
  const fields = fieldsOf(spec, input);
  const { what } = spec;
  const measure = what.metric === 'pair.difference' ? what.measure : 'overlap';
  const { count, sum, squares } = measureSums(fields.map(({ measures }) => measures.get(measure)));
  return {
    pairs: sumOf(fields, ({ pairs }) => pairs),
    count,
    sum,
    squares,
    referenceSum: sumOf(fields, ({ reference }) => reference.sum),
    referenceCount: sumOf(fields, ({ reference }) => reference.count),
  };
}

/** Undefined while a relative threshold has nothing to relate to. */
function scaleOf(threshold: Threshold, referenceSum: number, referenceCount: number): number | undefined {
  if (!('relative' in threshold)) return 1;
  const mean = Math.abs(referenceSum / referenceCount);
  return mean > 0 && Number.isFinite(mean) ? mean : undefined;
}

/** Around 0 on both sides. */
function isSigned({ what, threshold }: GuardSpec): boolean {
  const hasSign = what.metric === 'pair.difference' && (what.measure === 'difference' || what.measure === 'flip');
  return hasSign && threshold.kind === 'max';
}

function allowedOf(spec: GuardSpec, scale: number): Allowed {
  const { kind } = spec.threshold;
  const number = numberOf(spec.threshold) * scale;
  if (isSigned(spec)) return { least: -number, most: number };
  if (kind === 'max' || kind === 'above-stable') return { least: -Infinity, most: number };
  return { least: kind === 'min' ? number : -number, most: Infinity };
}

function shownOf(spec: GuardSpec, value: number): number {
  return isSigned(spec) ? Math.abs(value) : value;
}

function scaled(spec: GuardSpec, found: Finding, scale: number): Finding {
  const { value, lower, upper } = found;
  if (value === undefined) return found;
  if (lower === undefined || upper === undefined) return { ...found, value: shownOf(spec, value / scale) };
  const [low, high] = [lower / scale, upper / scale];
  if (!isSigned(spec)) return { ...found, value: value / scale, lower: low, upper: high };
  const least = low <= 0 && high >= 0 ? 0 : Math.min(Math.abs(low), Math.abs(high));
  const most = Math.max(Math.abs(low), Math.abs(high));
  return { ...found, value: Math.abs(value / scale), lower: least, upper: most };
}
