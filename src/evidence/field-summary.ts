/** What the sums of one field say, as plain data. Shares are fractions. */
import type { Measure } from '../comparison/difference.ts';
import { type Ks, ks, medianShift, type Psi, psi } from './drift.ts';
import { OTHER_CONFUSION } from './merge.ts';
import { type Spread, spreadOf } from './quantiles.ts';
import { quantile } from './sketch.ts';
import type { Counts, FieldSums } from './sums.ts';

const MAX_CONFUSION_SHOWN = 20;

export interface FieldSummary {
  readonly name: string;
  readonly kind: FieldSums['kind'];
  readonly pairs: number;
  readonly agreeing: number;
  readonly elements: number;
  readonly agreeingElements: number;
  /** 1 - agreeing / pairs; undefined without pairs. A missing value is a disagreement. */
  readonly disagreement: number | undefined;
  /** Undefined when no request went to the twin too. */
  readonly noise: NoiseSummary | undefined;
  /** Elements without a value, by why. */
  readonly missing: { readonly reference: Counts<string>; readonly candidate: Counts<string> };
  /** Of numbers, as the next four; undefined where there are none. */
  readonly referenceP50: number | undefined;
  readonly candidateP50: number | undefined;
  /** (candidate - reference) / |reference| of the medians. */
  readonly medianShift: number | undefined;
  readonly psi: Psi | undefined;
  readonly ks: Ks | undefined;
  readonly measures: readonly (Spread & { readonly name: Measure })[];
  /** Most first, at most 20. */
  readonly confusion: readonly { readonly reference: string; readonly candidate: string; readonly count: number }[];
  /** Elements of classes that are not in `confusion`. */
  readonly confusionNotShown: number;
  readonly flips: number;
  readonly flippedAmount: number;
}

/** Among the `pairs` that also went to the twin. */
export interface NoiseSummary {
  readonly pairs: number;
  /** Share in which the twin disagrees. */
  readonly share: number;
  /** (candidateOnly - twinOnly) / pairs: the candidate's disagreement less the twin's. */
  readonly net: number;
  readonly candidateOnly: number;
  readonly twinOnly: number;
}

export function summarizeField(sums: FieldSums): FieldSummary {
  const { name, kind, pairs, agreeing, elements, agreeingElements, reference, candidate, flips, flippedAmount } = sums;
  return {
    name,
    kind,
    pairs,
    agreeing,
    elements,
    agreeingElements,
    disagreement: pairs === 0 ? undefined : 1 - agreeing / pairs,
    noise: summarizeNoise(sums.noise),
    missing: { reference: { ...sums.missingReference }, candidate: { ...sums.missingCandidate } },
    referenceP50: quantile(reference, 0.5),
    candidateP50: quantile(candidate, 0.5),
    medianShift: medianShift(reference, candidate),
    psi: psi(reference, candidate),
    ks: ks(reference, candidate),
    measures: [...sums.measures].map(([measure, sketch]) => ({ name: measure, ...spreadOf(sketch) })),
    ...summarizeConfusion(sums.confusion),
    flips,
    flippedAmount,
  };
}

function summarizeNoise({ both, candidateOnly, twinOnly, neither }: FieldSums['noise']): NoiseSummary | undefined {
  const pairs = both + candidateOnly + twinOnly + neither;
  if (pairs === 0) return undefined;
  return { pairs, share: (both + twinOnly) / pairs, net: (candidateOnly - twinOnly) / pairs, candidateOnly, twinOnly };
}

function summarizeConfusion(
  counts: ReadonlyMap<string, number>,
): Pick<FieldSummary, 'confusion' | 'confusionNotShown'> {
  const named = [...counts].filter(([key]) => key !== OTHER_CONFUSION).sort(([, one], [, other]) => other - one);
  const confusion = named.slice(0, MAX_CONFUSION_SHOWN).map(([key, count]) => {
    const cut = key.indexOf('\0');
    return { reference: key.slice(0, cut), candidate: key.slice(cut + 1), count };
  });
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return { confusion, confusionNotShown: confusion.reduce((rest, { count }) => rest - count, total) };
}
