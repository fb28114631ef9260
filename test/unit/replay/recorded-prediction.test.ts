import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareFields } from '../../../src/comparison/compare-fields.ts';
import type { Extracted, Missing, Prediction } from '../../../src/prediction/prediction.ts';
import { cutElements, recordedPrediction } from '../../../src/replay/recorded-prediction.ts';
import { element, field, missing, rowOf, SPEC } from './rows.ts';

const read = (...fields: unknown[]) => recordedPrediction(rowOf({ fields: JSON.stringify(fields) }), SPEC);

test('the values of the reference come back, with its feature-fetch time', () => {
  expect(recordedPrediction(rowOf(), SPEC)).toEqual({
    prediction: {
      missing: undefined,
      elements: [{ key: undefined, fields: { score: { value: 1 }, label: { value: 'a' } } }],
      cut: 0,
      featureFetchMs: 2,
    },
    spec: SPEC,
    notRecorded: [],
  });
});

test('elements keep their order, keys and amounts, and those only the candidate of that time had are left out', () => {
  const { prediction } = read(
    field('score', 'number', element(1, { key: 'x' }), element(2, { key: 'y' }), missing('no-element')),
    field('label', 'class', element('a', { key: 'x', amount: 5 }), element('b', { key: 'y' }), missing('no-element')),
  );
  expect(prediction.elements).toEqual([
    { key: 'x', fields: { score: { value: 1 }, label: { value: 'a', amount: 5 } } },
    { key: 'y', fields: { score: { value: 2 }, label: { value: 'b' } } },
  ]);
});

test('a value that was missing is missing for the same reason', () => {
  const { prediction } = read(field('score', 'number', missing('not-finite')), field('label', 'class', element('a')));
  expect(prediction.missing).toBeUndefined();
  expect(prediction.elements[0]?.fields.score).toEqual({ missing: 'not-finite' });
});

test('an answer that was missing as a whole is missing as a whole', () => {
  const { prediction } = read(
    field('score', 'number', missing('no-answer')),
    field('label', 'class', missing('no-answer')),
  );
  expect(prediction).toMatchObject({ missing: 'no-answer', elements: [] });
});

test('a field that was redacted, was not there or had another comparator is not compared, and named', () => {
  const redacted = { ...field('label', 'class', element('a')), elements: [{ agree: true, missing: {}, measures: {} }] };
  for (const label of [
    redacted,
    undefined,
    field('label', 'text', element('a')),
    field('label', 'class', element('x***')),
  ]) {
    const { spec, notRecorded, prediction } = read(field('score', 'number', element(1)), ...(label ? [label] : []));
    expect([spec.fields.map(({ name }) => name), notRecorded]).toEqual([['score'], ['label']]);
    expect(prediction.elements).toEqual([{ key: undefined, fields: { score: { value: 1 } } }]);
  }
});

test('a request that the reference refused is refused, though no field of it was recorded', () => {
  const { reference } = rowOf();
  const row = rowOf({ fields: '[]', reference: { ...reference, status: 422 } });
  expect(recordedPrediction(row, SPEC)).toMatchObject({
    prediction: { missing: 'refused' },
    spec: SPEC,
    notRecorded: [],
  });
});

test.each(['', 'not json', '{}', 'null', '[null]', '[{"name":"score"}]'])(
  'fields that are %j hold nothing',
  (fields) => {
    const row = rowOf({ fields });
    expect(recordedPrediction(row, SPEC).notRecorded).toEqual(['score', 'label']);
    expect(cutElements(row)).toBe(0);
  },
);

const missingWords = (...words: Missing[]) => fc.constantFrom(...words).map((missing): Extracted => ({ missing }));
const oneMissing = missingWords('no-field', 'wrong-type', 'not-finite');
const value = (values: fc.Arbitrary<unknown>): fc.Arbitrary<Extracted> =>
  fc.oneof({ weight: 4, arbitrary: values.map((value) => ({ value })) }, { weight: 1, arbitrary: oneMissing });
const elements = fc.array(
  fc.record({
    key: fc.constant(undefined),
    fields: fc.record({ score: value(fc.integer({ min: -3, max: 3 })), label: value(fc.constantFrom('a', 'b')) }),
  }),
  { maxLength: 4 },
);
const prediction: fc.Arbitrary<Prediction> = fc.oneof(
  elements.map((list) => ({ missing: undefined, elements: list, cut: 0, featureFetchMs: undefined })),
  fc
    .constantFrom<Missing>('no-answer', 'error', 'truncated', 'not-json', 'no-elements')
    .map((missing) => ({ missing, elements: [], cut: 0, featureFetchMs: undefined })),
);

test('any answer, compared anew with what was recorded of the reference, differs as it did live', () => {
  fc.assert(
    fc.property(prediction, prediction, prediction, (reference, earlier, candidate) => {
      const then = compareFields(SPEC, reference, earlier, { compared: true });
      const row = rowOf({ fields: JSON.stringify(then) });
      const { prediction: recorded, spec } = recordedPrediction(row, SPEC);
      const live = compareFields(SPEC, reference, candidate, { compared: true });
      expect(compareFields(spec, recorded, candidate, { compared: true })).toEqual(live);
    }),
    { numRuns: 300 },
  );
});
