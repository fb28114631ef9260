/** What the pairs with one shadow showed in one field. Pure. */
import { type FieldSummary, summarizeField } from '../evidence/field-summary.ts';
import type { FieldSums } from '../evidence/sums.ts';
import { countsOf } from './errors.ts';
import type { GatheredSegment } from './gather.ts';
import { histogramOf, medianOf, spreadOf } from './read-sketch.ts';
import type { Alarm, Drift, FieldReport, Noise, SegmentReport } from './report.ts';
import { shareOf } from './share.ts';

const MAX_SEGMENTS = 20;

/** `key`: by which `segments` have the field. */
export function fieldReport(key: string, sums: FieldSums, segments: ReadonlyMap<string, GatheredSegment>): FieldReport {
  const { pairs, agreeing, elements, agreeingElements, measures } = sums;
  const summary = summarizeField(sums);
  const difference = measures.get('difference');
  const ranked = rankSegments(key, segments);
  return {
    name: sums.name,
    kind: sums.kind,
    disagreement: shareOf(pairs - agreeing, pairs),
    disagreeingElements: shareOf(elements - agreeingElements, elements),
    noise: noiseOf(summary),
    missing: { reference: countsOf(sums.missingReference), candidate: countsOf(sums.missingCandidate) },
    // of a flip only how often it was is worth saying
    measures: [...measures].flatMap(([measure, sketch]) =>
      measure === 'flip' ? [] : [{ measure, ...spreadOf(sketch) }],
    ),
    values:
      sums.reference.count + sums.candidate.count === 0
        ? null
        : { reference: spreadOf(sums.reference), candidate: spreadOf(sums.candidate) },
    drift: driftOf(summary, Math.min(sums.reference.count, sums.candidate.count)),
    confusion: summary.confusion,
    confusionNotListed: summary.confusionNotShown,
    flips: sums.kind === 'class' ? { count: sums.flips, amount: sums.flippedAmount } : null,
    histogram: difference === undefined ? [] : histogramOf(difference),
    segments: ranked.slice(0, MAX_SEGMENTS),
    segmentsNotListed: Math.max(0, ranked.length - MAX_SEGMENTS),
  };
}

/** Those in which anything disagrees. With few pairs a share of 100 % says little: what counts is how bad a segment surely is. */
function rankSegments(key: string, segments: ReadonlyMap<string, GatheredSegment>): SegmentReport[] {
  return [...segments.values()]
    .flatMap(({ segment, value, fields }): SegmentReport[] => {
      const field = fields.get(key);
      if (field === undefined || field.pairs === field.agreeing) return [];
      const disagreement = shareOf(field.pairs - field.agreeing, field.pairs);
      return [{ segment, value, disagreement, ratio: medianOf(field.ratio) }];
    })
    .sort((a, b) => b.disagreement.low - a.disagreement.low || b.disagreement.of - a.disagreement.of);
}

function noiseOf({ noise }: FieldSummary): Noise | null {
  if (noise === undefined) return null;
  const { pairs, share: floor, net, candidateOnly, twinOnly } = noise;
  return { pairs, floor, net, candidateOnly, twinOnly };
}

const PSI_WATCH = 0.1;
const PSI_ACT = 0.25;
const SHIFT_ACT = 0.1;
const SHIFT_WATCH = 0.05;
/** Below, the median of numbers like these is itself off by more. */
const SHIFT_PAIRS = 1_000;

/** Thresholds and their laws: docs/report.md. `values`: of the side that has fewer. */
function driftOf({ psi, ks, medianShift }: FieldSummary, values: number): Drift | null {
  if (values === 0) return null;
  const pairsEnough = values >= SHIFT_PAIRS;
  return {
    psi: psi?.value ?? null,
    psiAlarm: psi === undefined || psi.value <= psi.chance ? 'none' : alarmOf(psi.value, PSI_WATCH, PSI_ACT),
    ks: ks?.atLeast ?? null,
    ksPValue: ks?.p ?? null,
    shift: medianShift ?? null,
    shiftAlarm: pairsEnough ? alarmOf(Math.abs(medianShift ?? 0), SHIFT_WATCH, SHIFT_ACT) : 'none',
    pairsEnough,
  };
}

function alarmOf(value: number, watch: number, act: number): Alarm {
  return value > act ? 'act' : value > watch ? 'watch' : 'none';
}
