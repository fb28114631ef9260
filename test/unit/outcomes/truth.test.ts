import { expect, test } from 'vitest';
import { readTruth } from '../../../src/outcomes/truth.ts';
import { classified, estimated, scored } from '../../../src/outcomes/truth-scores.ts';
import { valuesOf } from '../../../src/outcomes/values-of.ts';
import type { PredictionSpec } from '../../../src/prediction/spec.ts';
import { checkedOf, exposureOf, idOf, RELEASE, startOutcomes, T0 } from './stage.ts';

/** statistics.md 5.5 */
const y = [1, 0, 0, 1, 0, 1, 0, 0, 0, 0];
const p = [0.7, 0.2, 0.1, 0.6, 0.3, 0.4, 0.2, 0.1, 0.3, 0.1];
const pairs = y.map((truth, at) => ({ truth, said: p[at] ?? Number.NaN }));

test('scores have the known answers: Brier, log-loss, calibration ratio and error', () => {
  const known = scored(pairs, 0.5, 5);
  expect(known?.brier).toBeCloseTo(0.09, 12);
  expect(known?.logLoss).toBeCloseTo(0.325951, 6);
  expect(known?.calibrationRatio).toBeCloseTo(1, 12);
  expect(known?.calibrationError).toBeCloseTo(0.26, 12);
  expect(known).toMatchObject({ n: 10, accuracy: 0.9 });
  const constant = scored(
    y.map((truth) => ({ truth, said: 0.3 })),
    0.5,
  );
  expect(constant?.brier).toBeCloseTo(0.21, 12);
  expect(constant?.logLoss).toBeCloseTo(0.610864, 6);
});

test('a score at the edge of a bin is in the upper one; sure and wrong is a finite loss', () => {
  expect(
    scored(
      [
        { said: 0.3, truth: 0 },
        { said: 0.39, truth: 1 },
      ],
      0.5,
    )?.calibrationError,
  ).toBeCloseTo(0.155, 12);
  expect(scored([{ said: 0, truth: 1 }], 0.5)?.logLoss).toBeCloseTo(-Math.log(1e-15), 6);
  expect(scored([{ said: 0.2, truth: 0 }], 0.5)?.calibrationRatio).toBeUndefined();
});

test('numbers and classes have the known answers', () => {
  const truth = [3, 5, 2, 8, 7];
  const known = estimated([2.5, 5.5, 2, 7, 8].map((said, at) => ({ said, truth: truth[at] ?? 0 })));
  const variance = 5.2;
  expect(1 - (known?.meanSquaredError ?? 0) / variance).toBeCloseTo(0.903846, 6);
  expect(known).toMatchObject({ n: 5, meanAbsoluteError: 0.6, bias: 0, calibrationRatio: 1 });
  expect(
    classified([
      { said: 'a', truth: 'a' },
      { said: 'a', truth: 'b' },
    ]),
  ).toEqual({ n: 2, accuracy: 0.5 });
  expect([classified([]), estimated([]), scored([], 0.5)]).toEqual([undefined, undefined, undefined]);
});

test('both models are held against the truth on the same requests', () => {
  const number = { kind: 'number', abs: 1, rel: 0 } as const;
  const score = { kind: 'class', threshold: 0.5, amount: undefined } as const;
  const prediction: PredictionSpec = {
    ...{ preset: 'json', batch: { at: undefined, key: undefined }, timings: { featureFetch: undefined } },
    fields: [
      { name: 'delay', source: { at: '/delay' }, compare: number },
      { name: 'late', source: { at: '/late' }, compare: score },
    ],
  };
  const { store, database } = startOutcomes();
  const values = (reference: number, candidate: number | undefined) => ({
    reference: { delay: reference, late: 0.9 },
    candidate: candidate === undefined ? { late: 0.2 } : { delay: candidate, late: 0.2 },
  });
  const said = { unit: '', candidate: '2.0.0' };
  store.addExposures(
    [exposureOf(1), exposureOf(2), exposureOf(3)],
    [
      { ...said, id: idOf(1), values: values(10, 12) },
      { ...said, id: idOf(2), values: values(20, undefined) },
      // of no exposure: its unit is not in the sample
      { ...said, id: idOf(9), values: values(1, 1) },
    ],
  );
  const truths = [1, 2, 3].map((n) => checkedOf({ id: idOf(n), name: '', field: 'delay', value: 12 }));
  store.record([...truths, checkedOf({ id: idOf(1), name: 'truth', field: 'late', value: 'true' })], T0);
  const [delay, late] = readTruth(database, { rollout: 'ranker', release: RELEASE, prediction });
  expect(delay).toMatchObject({
    ...{ field: 'delay', candidate: '2.0.0', kind: 'number', truths: 2 },
    sides: { reference: { n: 1, meanAbsoluteError: 2 }, candidate: { n: 1, meanAbsoluteError: 0 } },
    candidateAlone: undefined,
  });
  expect(late?.sides?.reference).toMatchObject({ n: 1, accuracy: 1 });
  expect(late?.sides?.candidate).toMatchObject({ n: 1, accuracy: 0 });
});

test('only numbers and classes of answers with one element are kept for truths', () => {
  const element = {
    ...{ key: undefined, agree: true, measures: {}, amount: undefined },
    missing: { reference: undefined, candidate: 'no-field' as const },
    ...{ reference: 3, candidate: undefined },
  };
  const field = { name: 'delay', kind: 'number' as const, compared: true, agree: true, elements: [element], cut: 0 };
  expect(valuesOf([field])).toEqual({ reference: { delay: 3 }, candidate: {} });
  expect(valuesOf([{ ...field, elements: [element, element] }])).toBeUndefined();
  expect(valuesOf([{ ...field, kind: 'text' }])).toBeUndefined();
});
