/** What the pairs with one shadow showed. Pure. */
import { quantile } from '../evidence/sketch.ts';
import { type SideSummary, summarizePairs } from '../evidence/summary.ts';
import type { PairSums, SideSums } from '../evidence/sums.ts';
import type { ParityLine } from '../pairing/pair.ts';
import { errorsOf } from './errors.ts';
import { fieldReport } from './field.ts';
import type { GatheredShadow } from './gather.ts';
import { medianOf, quantilesOf, spreadOf } from './read-sketch.ts';
import type { Parity, ShadowReport, SideReport, TrendPoint } from './report.ts';
import type { SeenRows } from './seen-rows.ts';

/** `began`: the release began within the period, so that its warm-up was seen. */
export function shadowReport(gathered: GatheredShadow, began: boolean, seen: SeenRows | undefined): ShadowReport[] {
  const { key, sums, segments } = gathered;
  const referenceVersion = seen?.referenceVersion ?? null;
  const candidateVersion = seen?.candidateVersion ?? null;
  return summarizePairs([{ key, pair: sums }]).map((summary) => ({
    shadow: summary.shadow,
    referenceVersion,
    candidateVersion,
    twin: candidateVersion === null ? null : candidateVersion === referenceVersion,
    pairs: summary.pairs,
    forced: summary.forced,
    unreferenced: summary.unreferenced,
    refusedAlike: summary.refusedAlike,
    sameStatus: summary.sameStatus,
    bodies: { compared: summary.bodiesCompared, same: summary.sameBody },
    outputs: summary.outputs,
    reference: sideReport(summary.reference, sums.reference),
    candidate: sideReport(summary.candidate, sums.candidate),
    latencyDifference: spreadOf(sums.latencyDifference),
    fields: [...sums.fields].map(([name, field]) => fieldReport(name, field, segments)),
    parity: parityOf(gathered, began),
    trend: trendOf(gathered),
    examples: seen?.examples.chosen() ?? [],
  }));
}

function sideReport(summary: SideSummary, { latency, featureFetch }: SideSums): SideReport {
  return {
    errors: errorsOf(summary),
    latency: quantilesOf(latency, summary.latency.unanswered),
    featureFetch: quantilesOf(featureFetch),
  };
}

const LINES: readonly ParityLine[] = ['path', 'host', 'request-bytes', 'protocol', 'encoding'];

function parityOf({ sums, early, late }: GatheredShadow, began: boolean): Parity {
  return {
    pairs: sums.pairs,
    lines: LINES.map((line) => ({ line, unequal: sums.unequal[line] ?? 0 })),
    warmUp: began
      ? {
          reference: { first: medianOf(early.reference), rest: medianOf(late.reference) },
          candidate: { first: medianOf(early.candidate), rest: medianOf(late.candidate) },
        }
      : null,
  };
}

function trendOf({ buckets }: GatheredShadow): TrendPoint[] {
  return [...buckets].sort(([a], [b]) => a - b).map(([fromMs, sums]) => pointOf(fromMs, sums));
}

function pointOf(
  fromMs: number,
  { pairs, reference, candidate, fields, bodiesCompared, sameBody }: PairSums,
): TrendPoint {
  // not by assignment: a field may well be named `__proto__`
  const disagreement = Object.fromEntries(
    [...fields.values()].flatMap(({ name, pairs: compared, agreeing }) =>
      compared > 0 ? [[name, 1 - agreeing / compared] as const] : [],
    ),
  );
  return {
    fromMs,
    pairs,
    // of a short time every value counts: a point that is unsure is seen beside its neighbours
    referenceP95: quantile(reference.latency, 0.95) ?? null,
    candidateP95: quantile(candidate.latency, 0.95) ?? null,
    disagreement,
    bodyDifferent: bodiesCompared === 0 ? null : 1 - sameBody / bodiesCompared,
  };
}
