import { expect, test } from 'vitest';
import { checkOutcome } from '../../../src/outcomes/check-outcome.ts';
import type { SaidOutcome } from '../../../src/outcomes/outcome.ts';
import { hashUnit } from '../../../src/routing/unit-hash.ts';
import { checkedOf, DAY, idOf, limits, saidOf, snapshot, T0 } from './stage.ts';

const id = idOf(1);
const byUnit = { rollout: 'ranker', unit: 'ana', timeMs: T0 };

test.each<[string, Partial<SaidOutcome>]>([
  ['id, unit: expected one of them', {}],
  ['id, unit: expected one of them', { id, unit: 'ana' }],
  ['id: expected 32 hex digits, found "12"', { id: '12' }],
  ['rollout: expected one, as unit is given', { unit: 'ana' }],
  ['rollout: there is no "nobody"', { ...byUnit, rollout: 'nobody' }],
  ['unit_source: rollout "ranker" has none "header:x"', { ...byUnit, unitSource: 'header:x' }],
  ['unit_source: expected for example header:x-user-id, found "x-user-id"', { ...byUnit, unitSource: 'x-user-id' }],
  ['time_ms, key: expected one with unit: a repeat could not be told', { ...byUnit, timeMs: undefined }],
  ['name: expected a word of a-z, 0-9 and -, at most 64 characters, found "Click!"', { id, name: 'Click!' }],
  ['number: expected a finite number, found NaN', { id, value: Number.NaN }],
  ['number: expected a number, as no field is given, found a text', { id, value: 'yes' }],
  ['name: expected none or truth, as field is given, found "click"', { id, field: 'delay', value: 1 }],
  ['number, text: expected one of them, as field is given', { id, name: '', field: 'delay' }],
  ['field: expected the field that the truth is of', { id, name: 'truth', value: 1 }],
  ['time_ms: expected no time to come, found 2023-11-14T22:14:20.001Z', { id, timeMs: T0 + 60_001 }],
  [
    'time_ms: expected one since 2023-10-15T22:13:20.000Z (keep), found 2023-10-15T22:13:19.999Z',
    { id, timeMs: T0 - 30 * DAY - 1 },
  ],
  ['time_ms: expected milliseconds since 1970, found -1', { id, timeMs: -1 }],
])('%s', (reason, said) => {
  expect(checkOutcome(saidOf(said), snapshot, limits)).toEqual({ refused: reason });
});

test('a unit is hashed as decisions hash it, by the source that is named or by each', () => {
  const [header, cookie] = ['header x-user-id', 'cookie sid'].map((source) =>
    hashUnit(snapshot.unitKey, { source, value: 'ana' }),
  );
  expect(checkedOf(byUnit).units).toEqual([header, cookie]);
  expect(checkedOf({ ...byUnit, unitSource: 'cookie:sid' }).units).toEqual([cookie]);
  expect(checkedOf({ ...byUnit, unitSource: 'header:X-User-Id' }).units).toEqual([header]);
});

test('who, name and time make the key where none is given', () => {
  const key = (said: Partial<SaidOutcome>) => checkedOf(said).key;
  expect(key({ id, timeMs: T0 })).toBe(key({ id: id.toUpperCase(), timeMs: T0, value: 2 }));
  const all = [
    key({ id }),
    key({ id, timeMs: T0 }),
    key({ id, name: 'buy' }),
    key({ id: idOf(2) }),
    key({ id, key: 'a' }),
    key(byUnit),
  ];
  expect(new Set(all).size).toBe(all.length);
});

test('an outcome without a value is one', () => {
  expect(checkedOf({ id })).toMatchObject({ value: 1, timeMs: T0, name: 'click', field: '' });
});

test('outcomes of units that are not in the sample are told apart', () => {
  expect(checkOutcome(saidOf(byUnit), snapshot, { ...limits, sampleBp: 0 })).toBe('unsampled');
});
