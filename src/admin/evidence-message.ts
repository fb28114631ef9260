/** From evidence to what admin.proto says of arms and shadows. */
import type { FieldSummary } from '../evidence/field-summary.ts';
import type { Quantiles } from '../evidence/quantiles.ts';
import { segmentSentence, worstSegments } from '../evidence/segments.ts';
import { type ArmSummary, type PairSummary, summarizeArms, summarizePairs } from '../evidence/summary.ts';
import type { Cell, Counts } from '../evidence/sums.ts';
import type * as proto from '../gen/understudy/admin/v1/admin.ts';

const WORST_SHOWN = 3;

/** `cells`: of one rollout. */
export function armTallies(cells: readonly Cell[]): proto.ArmTally[] {
  return summarizeArms(cells, 0).map((arm: ArmSummary) => ({
    arm: arm.arm,
    requests: arm.requests,
    forced: arm.forced,
    errors: counted(arm.errors),
    clientErrors: arm.clientErrors,
    latency: quantiles(arm.latency),
    userLatency: quantiles(arm.userLatency),
    featureFetch: quantiles(arm.featureFetch),
  }));
}

/** `cells`: of one rollout. */
export function shadowTallies(cells: readonly Cell[]): proto.ShadowTally[] {
  return summarizePairs(cells).map((pair) => shadowTally(pair, cells));
}

function shadowTally(pair: PairSummary, cells: readonly Cell[]): proto.ShadowTally {
  const { shadow, pairs, unreferenced, sameStatus, sameBody, bodiesCompared, refusedAlike, reference, candidate } =
    pair;
  return {
    ...{ shadow, pairs, unreferenced, sameStatus, sameBody, bodiesCompared, refusedAlike },
    outputs: [...pair.outputs],
    referenceLatency: quantiles(reference.latency),
    candidateLatency: quantiles(candidate.latency),
    fields: pair.fields.map(fieldTally),
    worstSegments: pair.fields.flatMap(({ name: field }) =>
      worstSegments(cells, pair.rollout, shadow, field, WORST_SHOWN)
        .filter(({ agreement }) => agreement < 1)
        .map((worst) => ({ ...worst, sentence: segmentSentence(worst) })),
    ),
    unequal: counted(pair.unequal),
    referenceErrors: counted(reference.errors),
    candidateErrors: counted(candidate.errors),
  };
}

function fieldTally(field: FieldSummary): proto.FieldTally {
  const { name, kind, pairs, agreeing, missing, noise, referenceP50, candidateP50, flips, flippedAmount } = field;
  return {
    ...{ name, kind, pairs, agreeing, referenceP50, candidateP50, flips, flippedAmount },
    missingReference: total(missing.reference),
    missingCandidate: total(missing.candidate),
    noise: noise?.share,
    net: noise?.net,
  };
}

function quantiles({ count, p50, p95, p99, p999 }: Quantiles): proto.LatencyQuantiles {
  return { count, p50Ms: p50, p95Ms: p95, p99Ms: p99, p999Ms: p999 };
}

function counted(counts: Counts<string>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count ?? 0]));
}

function total(counts: Counts<string>): number {
  return Object.values(counts).reduce((sum: number, count) => sum + (count ?? 0), 0);
}
