import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareFields } from '../../../src/comparison/compare-fields.ts';
import { magnitudeOf } from '../../../src/comparison/magnitude.ts';
import type { Element, Missing, Prediction } from '../../../src/prediction/prediction.ts';
import type { Comparator } from '../../../src/prediction/spec.ts';
import { element, missing, prediction, spec } from './predictions.ts';

const number: Comparator = { kind: 'number', abs: 0.5, rel: 0 };
const label: Comparator = { kind: 'class', threshold: undefined, amount: undefined };
const ranking: Comparator = { kind: 'ranking', k: 2, minOverlap: 1, item: undefined, category: undefined };
const all: readonly Comparator[] = [
  number,
  label,
  { kind: 'vector', maxDivergence: 0, k: 2 },
  ranking,
  { kind: 'set', minJaccard: 1 },
  { kind: 'text', minSimilarity: 1 },
  { kind: 'json', ignore: [], tolerances: [] },
];
const items = (...names: string[]) => names.map((item) => ({ item, categories: [] }));

function fieldOf(comparator: Comparator, reference: Prediction, candidate: Prediction, key?: string) {
  const [field] = compareFields(spec([comparator], key), reference, candidate, { compared: true });
  if (field === undefined) throw new Error('one field expected');
  return field;
}

const numbers = (...values: number[]) => prediction(values.map((value) => element({ number: value })));
const keyed = (...pairs: [string | undefined, number][]) =>
  prediction(pairs.map(([key, value]) => element({ number: value }, key)));

describe('fields', () => {
  test('are compared one by one, in the order of the spec, each in its way', () => {
    const one = element({
      number: 1,
      class: 'late',
      vector: [1, 2],
      ranking: items('a', 'b'),
      set: items('a'),
      text: 'hello world',
      json: { a: 1 },
    });
    const other = element({
      number: 2,
      class: 'early',
      vector: [2, 1],
      ranking: items('a', 'c'),
      set: items('b'),
      text: 'hello moon',
      json: { a: 2, b: 3 },
    });
    const same = compareFields(spec(all), prediction([one]), prediction([one]), { compared: true });
    expect(same.map(({ name, kind, agree }) => [name, kind, agree])).toEqual(all.map(({ kind }) => [kind, kind, true]));
    expect(same.map(magnitudeOf)).toEqual([0, 0, 0, 0, 0, 0, 0]);
    const different = compareFields(spec(all), prediction([one]), prediction([other]), { compared: true });
    expect(different.map(({ agree }) => agree)).toEqual(all.map(() => false));
    expect(different.map(magnitudeOf)).toEqual([1, 1, expect.closeTo(0.0817, 3), 0.5, 1, 0.5, 2]);
  });

  test('keep the values, and the amount as the reference says it', () => {
    const amount = (value: string, worth: number) =>
      prediction([{ key: undefined, fields: { class: { value, amount: worth } } }]);
    expect(fieldOf(label, amount('pay', 1204), amount('refuse', 3)).elements).toEqual([
      {
        key: undefined,
        agree: false,
        missing: { reference: undefined, candidate: undefined },
        reference: 'pay',
        candidate: 'refuse',
        measures: {},
        amount: 1204,
      },
    ]);
  });

  test('agree only when every element does', () => {
    expect(fieldOf(number, numbers(1, 2, 3), numbers(1, 2.4, 3)).agree).toBe(true);
    const field = fieldOf(number, numbers(1, 2, 3), numbers(1, 2.6, 3));
    expect(field.agree).toBe(false);
    expect(field.elements.map(({ agree }) => agree)).toEqual([true, false, true]);
    expect(fieldOf(number, numbers(), numbers()).agree).toBe(false);
  });

  test('missing in an element are no agreement, even when both sides miss them', () => {
    const without = (why: Missing) => prediction([{ key: undefined, fields: { number: { missing: why } } }]);
    for (const [reference, candidate] of [
      [numbers(1), without('no-field')],
      [without('no-field'), numbers(1)],
      [without('not-finite'), without('not-finite')],
    ] as const) {
      const field = fieldOf(number, reference, candidate);
      expect(field).toMatchObject({ agree: false, elements: [{ agree: false, measures: {} }] });
      expect(magnitudeOf(field)).toBeUndefined();
    }
    expect(fieldOf(number, without('wrong-type'), numbers(1)).elements[0]?.missing).toEqual({
      reference: 'wrong-type',
      candidate: undefined,
    });
  });
});

describe('elements', () => {
  test('that one side has more of are missing on the other', () => {
    const field = fieldOf(number, numbers(1, 2), numbers(1));
    expect(field.agree).toBe(false);
    expect(field.elements[1]).toMatchObject({
      missing: { reference: undefined, candidate: 'no-element' },
      reference: 2,
      candidate: undefined,
    });
    expect(fieldOf(number, numbers(1), numbers(1, 2)).elements[1]?.missing.reference).toBe('no-element');
  });

  test('with a key are matched by it, in any order', () => {
    const field = fieldOf(number, keyed(['a', 1], ['b', 2]), keyed(['b', 2], ['c', 3], ['a', 1]), '/id');
    expect(field.elements.map(({ key, agree, missing }) => [key, agree, missing.reference, missing.candidate])).toEqual(
      [
        ['a', true, undefined, undefined],
        ['b', true, undefined, undefined],
        ['c', false, 'no-element', undefined],
      ],
    );
    expect(fieldOf(number, keyed(['a', 1], ['b', 2]), keyed(['b', 2], ['a', 1]), '/id').agree).toBe(true);
    expect(fieldOf(number, keyed(['a', 1]), keyed(['b', 1]), '/id').elements).toHaveLength(2);
  });

  test('whose key is there twice on a side agree with none', () => {
    const twice = keyed(['a', 1], ['a', 1], ['b', 2]);
    for (const [reference, candidate] of [
      [twice, keyed(['a', 1], ['b', 2])],
      [keyed(['a', 1], ['b', 2]), twice],
      [twice, twice],
    ] as const) {
      const field = fieldOf(number, reference, candidate, '/id');
      expect(field.agree).toBe(false);
      expect(field.elements.filter(({ agree }) => agree).map(({ key }) => key)).toEqual(['b']);
      expect(field.elements).toHaveLength(reference.elements.length + candidate.elements.length - 1);
    }
  });

  test('without the key they should have agree with none, unless they stand for the whole answer', () => {
    const keyless = keyed([undefined, 1], [undefined, 1]);
    const field = fieldOf(number, keyless, keyless, '/id');
    expect(field.elements.map(({ agree }) => agree)).toEqual([false, false, false, false]);
    expect(fieldOf(number, keyed([undefined, 1]), keyed([undefined, 1]), '/id').agree).toBe(true);
    expect(fieldOf(number, keyed([undefined, 1]), keyed(['a', 1]), '/id').agree).toBe(false);
  });

  test('that were cut off count, and are no agreement when one side has more of them', () => {
    const cut = (count: number) => prediction([element({ number: 1 })], { cut: count });
    expect(fieldOf(number, cut(2), cut(2))).toMatchObject({ agree: true, cut: 2 });
    expect(fieldOf(number, cut(2), cut(5))).toMatchObject({ agree: false, cut: 5 });
  });
});

describe('a side without a prediction', () => {
  test('is a mismatch in every element of the other, and says why', () => {
    const field = fieldOf(number, numbers(1, 2), missing('no-answer'));
    expect(field.agree).toBe(false);
    expect(field.elements.map(({ missing }) => missing)).toEqual([
      { reference: undefined, candidate: 'no-answer' },
      { reference: undefined, candidate: 'no-answer' },
    ]);
    expect(fieldOf(number, missing('not-json'), keyed(['a', 1]), '/id').elements).toMatchObject([
      { key: 'a', missing: { reference: 'not-json', candidate: undefined } },
    ]);
  });

  test('counts once when the other has nothing either', () => {
    expect(fieldOf(number, missing('error'), missing('truncated'))).toMatchObject({
      agree: false,
      elements: [{ agree: false, missing: { reference: 'error', candidate: 'truncated' } }],
    });
    expect(fieldOf(number, numbers(), missing('error')).elements).toMatchObject([
      { missing: { reference: 'no-element', candidate: 'error' } },
    ]);
  });

  test('has its status and headers compared where fields are taken from them', () => {
    const failed = prediction([element({ number: 500 })], { missing: 'error' });
    expect(fieldOf(number, failed, failed).agree).toBe(true);
    expect(fieldOf(number, numbers(200), failed).agree).toBe(false);
  });
});

describe('where production is no model', () => {
  const judge = (reference: Prediction, candidate: Prediction) =>
    compareFields(spec([number], '/id'), reference, candidate, { compared: false })[0];

  test('the values of the candidate are kept, the reference is not looked at, and nothing agrees', () => {
    for (const reference of [keyed(['a', 1]), missing('not-json'), numbers()]) {
      const field = judge(reference, keyed(['a', 1], ['b', 2]));
      expect(field).toMatchObject({ compared: false, agree: false });
      expect(field?.elements).toEqual([
        expect.objectContaining({ key: 'a', agree: false, reference: undefined, candidate: 1, measures: {} }),
        expect.objectContaining({ key: 'b', agree: false, reference: undefined, candidate: 2, measures: {} }),
      ]);
      expect(field?.elements[0]?.missing).toEqual({ reference: undefined, candidate: undefined });
      expect(field && magnitudeOf(field)).toBeUndefined();
    }
  });

  test('no class is another one', () => {
    const late = prediction([element({ class: 'late' })]);
    const [field] = compareFields(spec([label]), late, late, { compared: false });
    expect(field && magnitudeOf(field)).toBeUndefined();
  });

  test('a candidate without a prediction still says why', () => {
    expect(judge(numbers(1), missing('error'))?.elements).toMatchObject([
      { agree: false, missing: { reference: undefined, candidate: 'error' } },
    ]);
  });
});

describe('of any two predictions', () => {
  const anyElement = (key: fc.Arbitrary<string | undefined>): fc.Arbitrary<Element> =>
    fc
      .tuple(key, fc.oneof(fc.record({ value: fc.jsonValue() }), fc.constant({ missing: 'no-field' as const })))
      .map(([name, json]) => ({ key: name, fields: { json } }));
  const anyPrediction = (key: fc.Arbitrary<string | undefined>) =>
    fc.oneof(
      fc.array(anyElement(key), { maxLength: 5 }).map((elements) => prediction(elements)),
      fc.constantFrom<Missing>('no-answer', 'not-json', 'truncated').map(missing),
    );
  const json: Comparator = { kind: 'json', ignore: [], tolerances: [] };

  test.each([
    ['by position', undefined, fc.constant(undefined)],
    ['by key', '/id', fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined })],
  ])('no element is lost, none is counted twice, and no missing one agrees: %s', (_, key, keys) => {
    fc.assert(
      fc.property(anyPrediction(keys), anyPrediction(keys), (reference, candidate) => {
        const { agree, elements } = fieldOf(json, reference, candidate, key);
        const count = (side: 'reference' | 'candidate') =>
          elements.filter(({ missing }) => missing[side] === undefined).length;
        const has = ({ elements }: Prediction) =>
          elements.filter(({ fields }) => 'value' in (fields.json ?? {})).length;
        expect([count('reference'), count('candidate')]).toEqual([has(reference), has(candidate)]);
        expect(agree).toBe(elements.length > 0 && elements.every((each) => each.agree));
        for (const { agree, missing, measures } of elements) {
          if (missing.reference === undefined && missing.candidate === undefined) continue;
          expect([agree, measures]).toEqual([false, {}]);
        }
        if (reference.missing !== undefined || candidate.missing !== undefined) {
          expect(agree).toBe(false);
          expect(elements.length).toBeGreaterThan(0);
        }
      }),
    );
  });
});

test('the magnitude of a field is its largest element, and of a class the share of elements with another one', () => {
  expect(magnitudeOf(fieldOf(number, numbers(1, 9, 3), numbers(1, 2, 5)))).toBe(7);
  const classes = (...values: string[]) => prediction(values.map((value) => element({ class: value })));
  expect(magnitudeOf(fieldOf(label, classes('a', 'b', 'c', 'd'), classes('a', 'x', 'c', 'd')))).toBe(0.25);
  // a missing element is no other class
  expect(magnitudeOf(fieldOf(label, classes('a', 'b', 'c'), classes('a', 'x')))).toBe(0.5);
  expect(magnitudeOf(fieldOf(number, numbers(1, 2), numbers(4)))).toBe(3);
});
