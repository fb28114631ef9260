/** One pair, into the sums of its arm and shadow. */
import type { ElementDifference, FieldDifference, Measure } from '../comparison/difference.ts';
import { isError } from '../pairing/error-kind.ts';
import type { Pair, Side } from '../pairing/pair.ts';
import { bump, isClientError, isForced } from './add-exchange.ts';
import { addConfusion, addOutput, emptyField, fieldKey, heldIn } from './merge.ts';
import { add, newSketch, VALUE_ALPHA } from './sketch.ts';
import type { FieldSums, PairSums, SideSums } from './sums.ts';

/** Of a class in a confusion matrix: a broken model may answer any text. */
const MAX_CLASS_LENGTH = 64;

/** `unreferenced` pairs count only as such. */
export function addPairTo(sums: PairSums, pair: Pair): void {
  if (!pair.referenced) {
    sums.unreferenced++;
    return;
  }
  const { difference } = pair;
  sums.pairs++;
  if (isForced(pair.reason)) sums.forced++;
  if (difference.sameStatus) sums.sameStatus++;
  if (difference.refusedAlike) sums.refusedAlike++;
  if (difference.body === 'same') sums.sameBody++;
  if (difference.body === 'same' || difference.body === 'different') sums.bodiesCompared++;
  for (const name in difference.outputs) addOutput(sums.outputs, name, difference.outputs[name] === true ? 1 : 0, 1);
  addSide(sums.reference, pair.reference);
  addSide(sums.candidate, pair.candidate);
  const bothFinished = pair.reference.error !== 'aborted' && pair.candidate.error !== 'aborted';
  if (difference.latencyDifferenceMs !== undefined && bothFinished) {
    add(sums.latencyDifference, difference.latencyDifferenceMs);
  }
  for (const line of pair.unequal) bump(sums.unequal, line);
  for (const field of difference.fields) addField(fieldOf(sums, field), field);
}

/** The sums of a field, made first where there are none. */
export function fieldOf(sums: PairSums, { name, kind }: Pick<FieldDifference, 'name' | 'kind'>): FieldSums {
  return heldIn(sums.fields, fieldKey(name, kind), () => emptyField(name, kind));
}

function addSide(sums: SideSums, { status, error, latencyMs, featureFetchMs }: Side): void {
  if (error !== undefined) bump(sums.errors, error);
  if (error !== undefined && !isError(error)) return;
  if (isClientError(status)) sums.clientErrors++;
  if (latencyMs !== undefined) add(sums.latency, latencyMs);
  if (featureFetchMs !== undefined) add(sums.featureFetch, featureFetchMs);
}

function addField(sums: FieldSums, { compared, agree, elements, kind }: FieldDifference): void {
  const isNumeric = kind === 'number' || kind === 'class';
  for (const { missing, candidate } of elements) {
    if (missing.candidate !== undefined) bump(sums.missingCandidate, missing.candidate);
    else if (isNumeric && typeof candidate === 'number') add(sums.candidate, candidate);
  }
  if (!compared) return;
  sums.pairs++;
  if (agree) sums.agreeing++;
  for (const element of elements) addElement(sums, element, isNumeric);
}

function addElement(sums: FieldSums, element: ElementDifference, isNumeric: boolean): void {
  const { agree, missing, reference, measures } = element;
  sums.elements++;
  if (agree) sums.agreeingElements++;
  if (missing.reference !== undefined) bump(sums.missingReference, missing.reference);
  else if (isNumeric && typeof reference === 'number') add(sums.reference, reference);
  for (const name in measures) {
    const value = measures[name as Measure];
    if (value === undefined) continue;
    add(
      heldIn(sums.measures, name as Measure, () => newSketch(VALUE_ALPHA)),
      value,
    );
  }
  if (sums.kind === 'class' && missing.reference === undefined && missing.candidate === undefined)
    addClass(sums, element);
}

/** Which side of its threshold a score is on is known of flips only, so scores have no confusion matrix. */
function addClass(sums: FieldSums, { agree, reference, candidate, amount }: ElementDifference): void {
  if (typeof reference === 'string' && typeof candidate === 'string') {
    const key = `${reference.slice(0, MAX_CLASS_LENGTH)}\0${candidate.slice(0, MAX_CLASS_LENGTH)}`;
    addConfusion(sums.confusion, key, 1);
  }
  if (agree) return;
  sums.flips++;
  if (amount !== undefined && Number.isFinite(amount)) sums.flippedAmount += amount;
}
