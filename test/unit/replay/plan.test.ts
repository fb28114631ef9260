import { expect, test } from 'vitest';
import type { RecordedRow } from '../../../src/recording/row.ts';
import { createPlan, type Selection } from '../../../src/replay/plan.ts';
import { element, field, rowOf, SPEC } from './rows.ts';

const ALL: Selection = { rollout: 'ranker', shadow: undefined, sinceMs: 0, untilMs: Number.POSITIVE_INFINITY };

const outcome = (changes: Partial<RecordedRow>, selection: Partial<Selection> = {}) => {
  const planned = createPlan({ ...ALL, ...selection }, SPEC)(rowOf(changes));
  return planned && ('skip' in planned ? planned.skip : 'send');
};
const request = rowOf().request;
if (request === undefined) throw new Error('the row has a request');

test('a recorded pair is sent', () => {
  expect(outcome({})).toBe('send');
  expect(outcome({ shadow: '', referenced: false })).toBe('send');
});

test.each<[string, Partial<RecordedRow>]>([
  ['unreferenced', { referenced: false }],
  ['answered-by-canary', { shadow: '', arm: 'canary' }],
  ['no-request', { request: undefined }],
  ['redacted', { request: { ...request, redacted: true } }],
  ['unsendable', { request: { ...request, method: 'CONNECT' } }],
  ['unsendable', { request: { ...request, path: 'http://elsewhere/' } }],
  ['unsendable', { request: { ...request, path: '/a b' } }],
  ['unsendable', { request: { ...request, path: '/\r\nx: y' } }],
  ['no-prediction', { fields: '[]' }],
  ['too-many-elements', { fields: JSON.stringify([{ ...field('score', 'number', element(1)), cut: 3 }]) }],
])('a row is not sent: %s', (reason, changes) => {
  expect(outcome(changes)).toBe(reason);
});

test('the same request with another shadow is sent once', () => {
  const plan = createPlan(ALL, SPEC);
  expect(plan(rowOf())).toHaveProperty('send');
  expect(plan(rowOf({ shadow: 'twin' }))).toEqual({ skip: 'duplicate' });
});

test('rows of another rollout, shadow or time are not asked for and count nowhere', () => {
  expect(outcome({ rollout: 'other' })).toBeUndefined();
  expect(outcome({}, { shadow: 'twin' })).toBeUndefined();
  expect(outcome({ timeMs: 9 }, { sinceMs: 10 })).toBeUndefined();
  expect(outcome({ timeMs: 10 }, { sinceMs: 10, untilMs: 11 })).toBe('send');
  expect(outcome({ timeMs: 11 }, { untilMs: 11 })).toBeUndefined();
});
