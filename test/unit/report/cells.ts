/** Cells and rows made by hand, for tests of reports. */
import { emptyArm, emptyField, emptyPair, fieldKey } from '../../../src/evidence/merge.ts';
import { add, newSketch, VALUE_ALPHA } from '../../../src/evidence/sketch.ts';
import type { ArmSums, Cell, CellKey, FieldSums, PairSums } from '../../../src/evidence/sums.ts';
import type { RecordedRow, RecordedSide } from '../../../src/recording/row.ts';
import type { TimedCell } from '../../../src/report/gather.ts';

export const START = Date.UTC(2026, 2, 1);
export const HOUR = 3_600_000;

export function keyOf(changes: Partial<CellKey> = {}): CellKey {
  return {
    rollout: 'flight-delay',
    release: '2.0.0-3fa9c1d2',
    weightBp: 0,
    arm: 'stable',
    shadow: 'candidate',
    segment: '',
    segmentValue: '',
    ...changes,
  };
}

/** The same cell in each of `blocks` blocks of ten seconds. */
export function timed(cell: Cell, startMs = START, durationMs = 10_000): TimedCell {
  return { startMs, durationMs, cell };
}

export function pairCell(sums: PairSums, changes: Partial<CellKey> = {}): Cell {
  return { key: keyOf(changes), pair: sums };
}

export function armCell(sums: ArmSums, changes: Partial<CellKey> = {}): Cell {
  return { key: keyOf({ shadow: '', ...changes }), arm: sums };
}

/** `latencies`: of each request. */
export function armOf(latencies: readonly number[], changes: Partial<ArmSums> = {}): ArmSums {
  const sums = { ...emptyArm(), requests: latencies.length, ...changes };
  for (const latency of latencies) {
    add(sums.latency, latency);
    add(sums.userLatency, latency + 2);
  }
  return sums;
}

export interface PairInput {
  readonly pairs: number;
  readonly reference?: readonly number[];
  readonly candidate?: readonly number[];
  readonly fields?: readonly FieldSums[];
  readonly changes?: Partial<PairSums>;
}

export function pairsOf({ pairs, reference = [], candidate = [], fields = [], changes = {} }: PairInput): PairSums {
  const sums = { ...emptyPair(), pairs, sameStatus: pairs, ...changes };
  for (const latency of reference) add(sums.reference.latency, latency);
  for (const latency of candidate) add(sums.candidate.latency, latency);
  for (const [n, latency] of candidate.entries()) add(sums.latencyDifference, latency - (reference[n] ?? 0));
  for (const field of fields) sums.fields.set(fieldKey(field.name, field.kind), field);
  return sums;
}

/** A number field: the values of both sides, and in how many of them they disagree. */
export function numberField(
  name: string,
  values: readonly (readonly [number, number])[],
  disagreeing: number,
  changes: Partial<FieldSums> = {},
): FieldSums {
  const counts = { pairs: values.length, agreeing: values.length - disagreeing };
  const field: FieldSums = {
    ...emptyField(name, 'number'),
    ...counts,
    elements: counts.pairs,
    agreeingElements: counts.agreeing,
    ...changes,
  };
  const difference = newSketch(VALUE_ALPHA);
  const ratio = newSketch(VALUE_ALPHA);
  for (const [reference, candidate] of values) {
    add(field.reference, reference);
    add(field.candidate, candidate);
    add(difference, candidate - reference);
    if (reference !== 0) add(ratio, candidate / reference);
  }
  field.measures.set('difference', difference).set('ratio', ratio);
  return field;
}

/** A class field, by its confusion: `reference`, `candidate`, how many. */
export function classField(
  name: string,
  cells: readonly (readonly [string, string, number])[],
  flippedAmount = 0,
  changes: Partial<FieldSums> = {},
): FieldSums {
  const total = cells.reduce((sum, [, , count]) => sum + count, 0);
  const flips = cells.reduce((sum, [reference, candidate, count]) => sum + (reference === candidate ? 0 : count), 0);
  return {
    ...emptyField(name, 'class'),
    pairs: total,
    agreeing: total - flips,
    elements: total,
    agreeingElements: total - flips,
    confusion: new Map(cells.map(([reference, candidate, count]) => [`${reference}\0${candidate}`, count])),
    flips,
    flippedAmount,
    ...changes,
  };
}

export function sideOf(version: string, changes: Partial<RecordedSide> = {}): RecordedSide {
  return {
    version,
    cluster: `flight-delay-v${version[0]}`,
    status: 200,
    grpcStatus: undefined,
    error: undefined,
    latencyMs: 12,
    featureFetchMs: undefined,
    body: undefined,
    ...changes,
  };
}

export function rowOf(changes: Partial<RecordedRow> = {}): RecordedRow {
  return {
    id: '00000000000000000000000000000001',
    timeMs: START + 5_000,
    rollout: 'flight-delay',
    release: '2.0.0-3fa9c1d2',
    revision: 1,
    weightBp: 0,
    arm: 'stable',
    reason: 'weight',
    segments: {},
    unit: '',
    shadow: 'candidate',
    referenced: true,
    answeredBy: 'reference',
    reference: sideOf('1.0.0'),
    candidate: sideOf('2.0.0'),
    sameStatus: true,
    body: 'different',
    agree: true,
    latencyDifferenceMs: 0,
    userLatencyMs: 14,
    fields: '[]',
    traceId: undefined,
    kept: false,
    request: undefined,
    ...changes,
  };
}

/** As `fields` of a row has it: one number that differs. */
export function differingField(name: string, reference: unknown, candidate: unknown): string {
  const measures =
    typeof reference === 'number' && typeof candidate === 'number' ? { difference: candidate - reference } : {};
  const element = { key: undefined, agree: false, missing: {}, reference, candidate, measures, amount: undefined };
  return JSON.stringify([{ name, kind: 'number', compared: true, agree: false, elements: [element], cut: 0 }]);
}
