/** Empty sums, and their addition: associative and commutative, so that any split of a stream adds up to one pass. */
import { LATENCY_ALPHA, mergeInto, newSketch, VALUE_ALPHA } from './sketch.ts';
import type { ArmSums, Cell, CellKey, Counts, FieldSums, PairSums, SideSums, Sketch } from './sums.ts';

/** Distinct entries of a confusion matrix; what is more is one entry. */
const MAX_CONFUSION = 256;
/** The key of that entry. */
export const OTHER_CONFUSION = '\0';
/** Distinct output names; models have a handful, a broken one may have any number. */
const MAX_OUTPUTS = 32;

export function cellKey({ rollout, release, weightBp, arm, shadow, segment, segmentValue }: CellKey): string {
  return [rollout, release, weightBp, arm, shadow, segment, segmentValue].join('\0');
}

/** A field whose kind of comparison was changed is another field. */
export function fieldKey(name: string, kind: FieldSums['kind']): string {
  return `${name}\0${kind}`;
}

export function emptyArm(): ArmSums {
  return {
    requests: 0,
    forced: 0,
    capped: 0,
    clientErrors: 0,
    errors: {},
    latency: newSketch(LATENCY_ALPHA),
    userLatency: newSketch(LATENCY_ALPHA),
    featureFetch: newSketch(LATENCY_ALPHA),
    missing: new Map(),
    values: new Map(),
  };
}

export function emptyPair(): PairSums {
  return {
    pairs: 0,
    forced: 0,
    unreferenced: 0,
    capped: 0,
    sameStatus: 0,
    sameBody: 0,
    bodiesCompared: 0,
    refusedAlike: 0,
    outputs: new Map(),
    reference: emptySide(),
    candidate: emptySide(),
    latencyDifference: newSketch(LATENCY_ALPHA),
    fields: new Map(),
    unequal: {},
  };
}

function emptySide(): SideSums {
  return {
    clientErrors: 0,
    errors: {},
    latency: newSketch(LATENCY_ALPHA),
    featureFetch: newSketch(LATENCY_ALPHA),
  };
}

export function emptyField(name: string, kind: FieldSums['kind']): FieldSums {
  return {
    name,
    kind,
    pairs: 0,
    agreeing: 0,
    elements: 0,
    agreeingElements: 0,
    missingReference: {},
    missingCandidate: {},
    reference: newSketch(VALUE_ALPHA),
    candidate: newSketch(VALUE_ALPHA),
    measures: new Map(),
    confusion: new Map(),
    flips: 0,
    flippedAmount: 0,
    noise: { both: 0, candidateOnly: 0, twinOnly: 0, neither: 0 },
  };
}

/** Adds `cells` to those of the same key; nothing of `cells` is shared with `into` afterwards. */
export function mergeCells(into: Map<string, Cell>, cells: Iterable<Cell>): void {
  for (const cell of cells) {
    const key = cellKey(cell.key);
    let held = into.get(key);
    if (held === undefined) {
      held = 'pair' in cell ? { key: cell.key, pair: emptyPair() } : { key: cell.key, arm: emptyArm() };
      into.set(key, held);
    }
    mergeCell(held, cell);
  }
}

function mergeCell(target: Cell, source: Cell): void {
  if ('pair' in target && 'pair' in source) mergePair(target.pair, source.pair);
  if ('arm' in target && 'arm' in source) mergeArm(target.arm, source.arm);
}

export function cloneCell(cell: Cell): Cell {
  const clone: Cell = 'pair' in cell ? { key: cell.key, pair: emptyPair() } : { key: cell.key, arm: emptyArm() };
  mergeCell(clone, cell);
  return clone;
}

export function mergeArm(target: ArmSums, source: ArmSums): void {
  target.requests += source.requests;
  target.forced += source.forced;
  target.capped += source.capped;
  target.clientErrors += source.clientErrors;
  mergeCounts(target.errors, source.errors);
  mergeInto(target.latency, source.latency);
  mergeInto(target.userLatency, source.userLatency);
  mergeInto(target.featureFetch, source.featureFetch);
  for (const [name, counts] of source.missing) {
    mergeCounts(
      heldIn(target.missing, name, () => ({})),
      counts,
    );
  }
  mergeSketches(target.values, source.values);
}

export function mergePair(target: PairSums, source: PairSums): void {
  target.pairs += source.pairs;
  target.forced += source.forced;
  target.unreferenced += source.unreferenced;
  target.capped += source.capped;
  target.sameStatus += source.sameStatus;
  target.sameBody += source.sameBody;
  target.bodiesCompared += source.bodiesCompared;
  target.refusedAlike += source.refusedAlike;
  for (const [name, { same, compared }] of source.outputs) addOutput(target.outputs, name, same, compared);
  mergeSide(target.reference, source.reference);
  mergeSide(target.candidate, source.candidate);
  mergeInto(target.latencyDifference, source.latencyDifference);
  for (const [key, field] of source.fields) {
    mergeField(
      heldIn(target.fields, key, () => emptyField(field.name, field.kind)),
      field,
    );
  }
  mergeCounts(target.unequal, source.unequal);
}

function mergeSide(target: SideSums, source: SideSums): void {
  target.clientErrors += source.clientErrors;
  mergeCounts(target.errors, source.errors);
  mergeInto(target.latency, source.latency);
  mergeInto(target.featureFetch, source.featureFetch);
}

export function mergeField(target: FieldSums, source: FieldSums): void {
  target.pairs += source.pairs;
  target.agreeing += source.agreeing;
  target.elements += source.elements;
  target.agreeingElements += source.agreeingElements;
  mergeCounts(target.missingReference, source.missingReference);
  mergeCounts(target.missingCandidate, source.missingCandidate);
  mergeInto(target.reference, source.reference);
  mergeInto(target.candidate, source.candidate);
  mergeSketches(target.measures, source.measures);
  for (const [key, count] of source.confusion) addConfusion(target.confusion, key, count);
  target.flips += source.flips;
  target.flippedAmount += source.flippedAmount;
  target.noise.both += source.noise.both;
  target.noise.candidateOnly += source.noise.candidateOnly;
  target.noise.twinOnly += source.noise.twinOnly;
  target.noise.neither += source.noise.neither;
}

/** `key`: `reference\0candidate`. Which entries are kept beyond the limit depends on the order they come in. */
export function addConfusion(confusion: Map<string, number>, key: string, count: number): void {
  const full = confusion.size >= MAX_CONFUSION && !confusion.has(key);
  const entry = full ? OTHER_CONFUSION : key;
  confusion.set(entry, (confusion.get(entry) ?? 0) + count);
}

/** False when there are too many names already. */
export function addOutput(outputs: PairSums['outputs'], name: string, same: number, compared: number): boolean {
  if (outputs.size >= MAX_OUTPUTS && !outputs.has(name)) return false;
  const output = heldIn(outputs, name, () => ({ same: 0, compared: 0 }));
  output.same += same;
  output.compared += compared;
  return true;
}

export function mergeCounts<Name extends string>(target: Counts<Name>, source: Counts<Name>): void {
  for (const name in source) target[name] = ((target[name] ?? 0) + (source[name] ?? 0)) as Counts<Name>[typeof name];
}

function mergeSketches<Name>(target: Map<Name, Sketch>, source: ReadonlyMap<Name, Sketch>): void {
  for (const [name, sketch] of source) {
    mergeInto(
      heldIn(target, name, () => newSketch(sketch.alpha)),
      sketch,
    );
  }
}

/** What `map` has at `key`, made first where there is nothing. */
export function heldIn<Key, Held>(map: Map<Key, Held>, key: Key, make: () => Held): Held {
  let held = map.get(key);
  if (held === undefined) {
    held = make();
    map.set(key, held);
  }
  return held;
}
