/** From cells to what people see of arms and pairs; plain data. Latencies are ms, shares fractions. */
import { isError } from '../pairing/error-kind.ts';
import type { ErrorKind } from '../pairing/pair.ts';
import type { Arm } from '../routing/snapshot.ts';
import { type FieldSummary, summarizeField } from './field-summary.ts';
import { emptyArm, emptyPair, heldIn, mergeArm, mergePair } from './merge.ts';
import { type Quantiles, quantilesOf, type Spread, spreadOf } from './quantiles.ts';
import type { ArmSums, Cell, CellKey, Counts, PairSums, SideSums } from './sums.ts';

export interface SideSummary {
  /** Answers that were due. */
  readonly count: number;
  /** By kind; `aborted` is no error. */
  readonly errors: Counts<ErrorKind>;
  /** Errors over `count`; undefined without any. */
  readonly errorRate: number | undefined;
  readonly clientErrors: number;
  readonly latency: Quantiles;
  readonly featureFetch: Quantiles;
}

/** All pairs of a release with one shadow, over arms and weights: both sides had the same requests. */
export interface PairSummary {
  readonly rollout: string;
  readonly release: string;
  readonly shadow: string;
  readonly pairs: number;
  /** Of `pairs`, those whose arm a rule forced. */
  readonly forced: number;
  readonly unreferenced: number;
  readonly refusedAlike: number;
  readonly sameStatus: number;
  readonly sameBody: number;
  readonly bodiesCompared: number;
  readonly outputs: readonly { readonly name: string; readonly same: number; readonly compared: number }[];
  readonly reference: SideSummary;
  readonly candidate: SideSummary;
  /** Candidate minus reference, of pairs in which both have a latency. */
  readonly latencyDifference: Spread;
  readonly fields: readonly FieldSummary[];
  /** Pairs whose requests were not the same, by what was not. */
  readonly unequal: PairSums['unequal'];
}

/** One arm of a release, over weights: for people to look at; what decides compares within one weight. */
export interface ArmSummary extends SideSummary {
  readonly rollout: string;
  readonly release: string;
  readonly arm: Arm;
  /** Effective weights it was seen at, lowest first. */
  readonly weightsBp: readonly number[];
  /** Without forced ones, which are in `forced` and in `requestsPerSecond` only. */
  readonly requests: number;
  readonly forced: number;
  readonly requestsPerSecond: number | undefined;
  readonly userLatency: Quantiles;
  /** Requests whose answer lacked the field, by why. */
  readonly missing: readonly { readonly field: string; readonly reasons: Counts<string> }[];
  readonly values: readonly (Spread & { readonly field: string })[];
}

/** By rollout, release and shadow, in the order they come. */
export function summarizePairs(cells: Iterable<Cell>): PairSummary[] {
  const groups = new Map<string, { key: CellKey; sums: PairSums }>();
  for (const cell of cells) {
    if (cell.key.segment !== '' || !('pair' in cell)) continue;
    const { rollout, release, shadow } = cell.key;
    const group = heldIn(groups, [rollout, release, shadow].join('\0'), () => ({ key: cell.key, sums: emptyPair() }));
    mergePair(group.sums, cell.pair);
  }
  return [...groups.values()].map(({ key, sums }) => summarizePair(key, sums));
}

function summarizePair({ rollout, release, shadow }: CellKey, sums: PairSums): PairSummary {
  const { pairs, forced, unreferenced, refusedAlike, sameStatus, sameBody, bodiesCompared } = sums;
  return {
    rollout,
    release,
    shadow,
    pairs,
    forced,
    unreferenced,
    refusedAlike,
    sameStatus,
    sameBody,
    bodiesCompared,
    outputs: [...sums.outputs].map(([name, counts]) => ({ name, ...counts })),
    reference: summarizeSide(sums.reference, pairs),
    candidate: summarizeSide(sums.candidate, pairs),
    latencyDifference: spreadOf(sums.latencyDifference),
    fields: [...sums.fields.values()].map(summarizeField),
    unequal: { ...sums.unequal },
  };
}

/** `durationMs`: how long the cells were collected; 0 = not known. By rollout, release and arm, in the order they come. */
export function summarizeArms(cells: Iterable<Cell>, durationMs: number): ArmSummary[] {
  const groups = new Map<string, { key: CellKey; sums: ArmSums; weights: Set<number> }>();
  for (const cell of cells) {
    if (cell.key.segment !== '' || !('arm' in cell)) continue;
    const { rollout, release, arm, weightBp } = cell.key;
    const make = () => ({ key: cell.key, sums: emptyArm(), weights: new Set<number>() });
    const group = heldIn(groups, [rollout, release, arm].join('\0'), make);
    group.weights.add(weightBp);
    mergeArm(group.sums, cell.arm);
  }
  return [...groups.values()].map(({ key, sums, weights }) => summarizeArm(key, sums, weights, durationMs));
}

function summarizeArm(
  { rollout, release, arm }: CellKey,
  sums: ArmSums,
  weights: ReadonlySet<number>,
  durationMs: number,
): ArmSummary {
  const { requests, forced } = sums;
  return {
    rollout,
    release,
    arm,
    weightsBp: [...weights].sort((one, other) => one - other),
    requests,
    forced,
    requestsPerSecond: durationMs > 0 ? ((requests + forced) * 1_000) / durationMs : undefined,
    ...summarizeSide(sums, requests),
    userLatency: quantilesOf(sums.userLatency),
    missing: [...sums.missing].map(([field, reasons]) => ({ field, reasons: { ...reasons } })),
    values: [...sums.values].map(([field, sketch]) => ({ field, ...spreadOf(sketch) })),
  };
}

/** `all`: answers there should have been, those of users who went away too. */
function summarizeSide({ errors, clientErrors, latency, featureFetch }: SideSums, all: number): SideSummary {
  let failed = 0;
  for (const kind in errors) if (isError(kind as ErrorKind)) failed += errors[kind as ErrorKind] ?? 0;
  const count = all - (errors.aborted ?? 0);
  return {
    count,
    errors: { ...errors },
    errorRate: count === 0 ? undefined : failed / count,
    clientErrors,
    // an answer without an error may lack a latency too, where none was logged: only failed ones count as longest
    latency: quantilesOf(latency, Math.min(failed, Math.max(0, count - latency.count))),
    featureFetch: quantilesOf(featureFetch),
  };
}
