/** Where the two sides of pairs part: segments by disagreement. */
import { emptyField, heldIn, mergeField } from './merge.ts';
import { quantile } from './sketch.ts';
import type { Cell, FieldSums } from './sums.ts';

/** Fewer pairs say nothing of a segment. */
const MIN_PAIRS = 20;

export interface SegmentSummary {
  readonly segment: string;
  readonly value: string;
  readonly field: string;
  /** Pairs in which the field was compared. */
  readonly pairs: number;
  /** Share of them that agree in every element. */
  readonly agreement: number;
  readonly referenceP50: number | undefined;
  readonly candidateP50: number | undefined;
  /** Median of candidate / reference, element by element; undefined for kinds without. */
  readonly medianRatio: number | undefined;
}

/**
 * The `limit` segments with the largest share of disagreement, of at least 20 pairs; of equal ones the one with more pairs
 * first. Cells of all releases, arms and weights given are added up.
 */
export function worstSegments(
  cells: Iterable<Cell>,
  rollout: string,
  shadow: string,
  field: string,
  limit: number,
): SegmentSummary[] {
  const bySegment = new Map<string, { segment: string; value: string; sums: FieldSums }>();
  for (const cell of cells) {
    const { key } = cell;
    if (!('pair' in cell) || key.segment === '' || key.rollout !== rollout || key.shadow !== shadow) continue;
    for (const sums of cell.pair.fields.values()) {
      if (sums.name !== field) continue;
      const { segment, segmentValue: value } = key;
      const make = () => ({ segment, value, sums: emptyField(field, sums.kind) });
      mergeField(heldIn(bySegment, [segment, value, sums.kind].join('\0'), make).sums, sums);
    }
  }
  return [...bySegment.values()]
    .filter(({ sums }) => sums.pairs >= MIN_PAIRS)
    .map(({ segment, value, sums }) => summarize(segment, value, sums))
    .sort((one, other) => one.agreement - other.agreement || other.pairs - one.pairs)
    .slice(0, limit);
}

function summarize(segment: string, value: string, sums: FieldSums): SegmentSummary {
  const ratio = sums.measures.get('ratio');
  return {
    segment,
    value,
    field: sums.name,
    pairs: sums.pairs,
    agreement: sums.agreeing / sums.pairs,
    referenceP50: quantile(sums.reference, 0.5),
    candidateP50: quantile(sums.candidate, 0.5),
    medianRatio: ratio && quantile(ratio, 0.5),
  };
}

/** A median ratio nearer to 1 is not worth a word, nor is one of pairs that mostly agree: it is not of those that differ. */
const RATIO_WORTH_SAYING = 0.05;

/** `state=CO: delay 60 x, 100 % of pairs`, or `state=CO: delay differs in 12 % of pairs`. */
export function segmentSentence({ segment, value, field, agreement, medianRatio }: SegmentSummary): string {
  const share = `${percent(1 - agreement)} of pairs`;
  const about = `${segment}=${value}: ${field}`;
  if (medianRatio === undefined || agreement > 0.5 || Math.abs(medianRatio - 1) < RATIO_WORTH_SAYING) {
    return `${about} differs in ${share}`;
  }
  return `${about} ${Number(medianRatio.toPrecision(3))} x, ${share}`;
}

/** Neither all nor none is said of a share that only is nearly so. */
function percent(share: number): string {
  if (share === 0 || share === 1) return `${share * 100} %`;
  return `${Math.min(99.9, Math.max(0.1, Number((share * 100).toFixed(1))))} %`;
}
