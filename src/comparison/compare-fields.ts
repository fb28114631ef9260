/** The fields of two predictions, element by element. Pure. */
import type { Element, Extracted, Missing, Prediction, RankedItem, Value } from '../prediction/prediction.ts';
import type { Comparator, FieldSpec, PredictionSpec } from '../prediction/spec.ts';
import { compareClass } from './class.ts';
import { type Compared, NOT_COMPARABLE } from './compared.ts';
import type { ElementDifference, FieldDifference } from './difference.ts';
import { compareJson } from './json.ts';
import { type ElementPair, matchElements } from './match-elements.ts';
import { compareNumber } from './number.ts';
import { compareRanking } from './ranking.ts';
import { compareSet } from './set.ts';
import { compareText } from './text.ts';
import { compareVector, type Vector } from './vector.ts';

/**
 * One difference for each field of the spec, in its order. A side that has no prediction at all is missing, with its own
 * word, in every element of the other, and in at least one: a mismatch, and in the denominator. Where a side has elements beyond
 * those taken, and the other not as many, the field does not agree.
 *
 * `compared: false`: production is no model. The reference is not looked at; the candidate's values are kept, and nothing agrees.
 */
export function compareFields(
  spec: PredictionSpec,
  reference: Prediction,
  candidate: Prediction,
  { compared }: { compared: boolean },
): FieldDifference[] {
  const pairs = compared ? pairsOf(spec, reference, candidate) : pairsOfOne(candidate);
  const cut = compared ? Math.max(reference.cut, candidate.cut) : candidate.cut;
  const sameCut = reference.cut === candidate.cut;
  return spec.fields.map((field) => {
    const elements = pairs.map((pair) => (compared ? differenceOf(field, pair) : keepCandidate(field, pair)));
    const agree = compared && sameCut && elements.length > 0 && elements.every((element) => element.agree);
    return { name: field.name, kind: field.compare.kind, compared, agree, elements, cut };
  });
}

interface Side {
  readonly element: Element | undefined;
  /** Why there is no element. */
  readonly missing: Missing;
}

interface SidePair {
  readonly key: string | undefined;
  readonly reference: Side;
  readonly candidate: Side;
}

function pairsOf(spec: PredictionSpec, reference: Prediction, candidate: Prediction): SidePair[] {
  const matched = matchElements(spec.batch.key !== undefined, reference.elements, candidate.elements);
  // who has no prediction counts even where the other side has no elements
  const none = matched.length === 0 && (reference.missing !== undefined || candidate.missing !== undefined);
  const pairs: readonly ElementPair[] = none ? [{ reference: undefined, candidate: undefined }] : matched;
  return pairs.map((pair) => ({
    key: (pair.reference ?? pair.candidate)?.key,
    reference: { element: pair.reference, missing: reference.missing ?? 'no-element' },
    candidate: { element: pair.candidate, missing: candidate.missing ?? 'no-element' },
  }));
}

function pairsOfOne({ elements, missing }: Prediction): SidePair[] {
  const reference: Side = { element: undefined, missing: 'no-element' };
  if (elements.length === 0 && missing !== undefined) {
    return [{ key: undefined, reference, candidate: { element: undefined, missing } }];
  }
  return elements.map((element) => ({ key: element.key, reference, candidate: { element, missing: 'no-element' } }));
}

function differenceOf(field: FieldSpec, { key, reference, candidate }: SidePair): ElementDifference {
  const [left, right] = [valueIn(reference, field.name), valueIn(candidate, field.name)];
  const bothThere = 'value' in left && 'value' in right;
  const { agree, measures } = bothThere ? compareValues(field.compare, left.value, right.value) : NOT_COMPARABLE;
  return {
    key,
    agree,
    missing: { reference: missingOf(left), candidate: missingOf(right) },
    reference: 'value' in left ? left.value : undefined,
    candidate: 'value' in right ? right.value : undefined,
    measures,
    amount: 'value' in left ? left.amount : undefined,
  };
}

function keepCandidate({ name }: FieldSpec, { key, candidate }: SidePair): ElementDifference {
  const found = valueIn(candidate, name);
  return {
    key,
    ...NOT_COMPARABLE,
    missing: { reference: undefined, candidate: missingOf(found) },
    reference: undefined,
    candidate: 'value' in found ? found.value : undefined,
    amount: undefined,
  };
}

function valueIn({ element, missing }: Side, name: string): Extracted {
  return element === undefined ? { missing } : (element.fields[name] ?? { missing: 'no-field' });
}

function missingOf(extracted: Extracted): Missing | undefined {
  return 'missing' in extracted ? extracted.missing : undefined;
}

/** Values are in the form that prediction.ts gives for the kind. */
function compareValues(spec: Comparator, reference: Value, candidate: Value): Compared {
  switch (spec.kind) {
    case 'number':
      return compareNumber(spec, reference as number, candidate as number);
    case 'class':
      return compareClass(spec, reference as string | number, candidate as string | number);
    case 'vector':
      return compareVector(spec, reference as Vector, candidate as Vector);
    case 'ranking':
      return compareRanking(spec, reference as RankedItem[], candidate as RankedItem[]);
    case 'set':
      return compareSet(spec, reference as RankedItem[], candidate as RankedItem[]);
    case 'text':
      return compareText(spec, reference as string, candidate as string);
    case 'json':
      return compareJson(spec, reference, candidate);
  }
}
