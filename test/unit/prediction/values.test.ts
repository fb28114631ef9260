import { describe, expect, test } from 'vitest';
import type { Comparator } from '../../../src/prediction/spec.ts';
import { answerOf, compare, one } from './answers.ts';

const of = (comparator: Comparator, json: unknown) => one('/v', comparator, answerOf(`{"v":${json}}`));

describe('a number', () => {
  test.each(['0', '-0.5', '1e3', '12345678901234567890'])('%s is one', (json) => {
    expect(of(compare.number, json)).toEqual({ value: Number(json) });
  });
  test.each(['null', '"NaN"', '"-Infinity"', '"nan"', 'NaN', 'Infinity', '-Infinity', '1e999', '-1e999'])(
    '%s is not finite',
    (json) => {
      expect(of(compare.number, json)).toEqual({ missing: 'not-finite' });
      expect(of(compare.score, json)).toEqual({ missing: 'not-finite' });
    },
  );
  test.each(['"0.5"', '""', 'true', '[]', '[1]', '{}'])('%s is of the wrong type', (json) => {
    expect(of(compare.number, json)).toEqual({ missing: 'wrong-type' });
  });
});

describe('a class', () => {
  test.each([
    ['"late"', 'late'],
    ['true', 'true'],
    ['1.0', '1'],
    ['1e21', '1e+21'],
    ['9007199254740993', '9007199254740993'],
    ['"NaN"', 'NaN'],
  ])('%s is %s', (json, value) => {
    expect(of(compare.class, json)).toEqual({ value });
  });
  test('null, lists and maps are none', () => {
    for (const json of ['null', '["a"]', '{}']) expect(of(compare.class, json)).toEqual({ missing: 'wrong-type' });
    expect(of(compare.class, 'NaN')).toEqual({ missing: 'not-finite' });
  });
  test('has at most 256 characters', () => {
    expect(of(compare.class, `"${'x'.repeat(256)}"`)).toEqual({ value: 'x'.repeat(256) });
    expect(of(compare.class, `"${'x'.repeat(257)}"`)).toEqual({ missing: 'too-large' });
  });
  test('with a threshold is its score', () => {
    expect(of(compare.score, '0.7')).toEqual({ value: 0.7 });
    expect(of(compare.score, '"late"')).toEqual({ missing: 'wrong-type' });
  });
  test('with an amount says what it is worth, where that is a number', () => {
    const worth = { ...compare.class, amount: { request: '/sum' } } as const;
    const answer = answerOf({ v: 'fraud' });
    expect(one('/v', worth, answer, { sum: 12.5 })).toEqual({ value: 'fraud', amount: 12.5 });
    expect(one('/v', worth, answer, { sum: 'much' })).toEqual({ value: 'fraud' });
    expect(one('/v', worth, answer)).toEqual({ value: 'fraud' });
    expect(
      one('/v', { ...worth, amount: { header: 'x-sum' } }, answerOf({ v: 1 }, { headers: { 'x-sum': '7' } })),
    ).toEqual({
      value: '1',
      amount: 7,
    });
  });
});

describe('a vector', () => {
  test('is a list or a map of numbers', () => {
    expect(of(compare.vector, '[0.5,-1,2]')).toEqual({ value: [0.5, -1, 2] });
    expect(of(compare.vector, '{"age":0.5,"__proto__":2}')).toEqual({ value: JSON.parse('{"age":0.5,"__proto__":2}') });
  });
  test('one bad number spoils it', () => {
    expect(of(compare.vector, '[1,NaN]')).toEqual({ missing: 'not-finite' });
    expect(of(compare.vector, '{"a":null}')).toEqual({ missing: 'not-finite' });
    expect(of(compare.vector, '[1,"2"]')).toEqual({ missing: 'wrong-type' });
    expect(of(compare.vector, '1')).toEqual({ missing: 'wrong-type' });
  });
  test('has at most 10,000 numbers', () => {
    expect(of(compare.vector, JSON.stringify(Array(10_001).fill(1)))).toEqual({ missing: 'too-large' });
  });
});

describe('a ranking', () => {
  const items = { ...compare.ranking, item: '/id', category: '$.tags[*]' };
  test('is a list of texts or numbers', () => {
    expect(of(compare.ranking, '["a",7,true]')).toEqual({
      value: ['a', '7', 'true'].map((item) => ({ item, categories: [] })),
    });
  });
  test('or of maps with an item and categories', () => {
    expect(of(items, '[{"id":"a","tags":["x",2,null]},{"id":9},"bare"]')).toEqual({
      value: [
        { item: 'a', categories: ['x', '2'] },
        { item: '9', categories: [] },
        { item: 'bare', categories: [] },
      ],
    });
  });
  test('long ids that differ in the last digit stay different', () => {
    expect(of(compare.ranking, '[1234567890123456788, 1234567890123456789]')).toEqual({
      value: ['1234567890123456788', '1234567890123456789'].map((item) => ({ item, categories: [] })),
    });
  });
  test('anything else is of the wrong type', () => {
    for (const json of ['{}', '"a"', '[null]', '[{"id":"a"}]', '[[1]]']) {
      expect(of(compare.ranking, json)).toEqual({ missing: 'wrong-type' });
    }
    expect(of(items, '[{"name":"a"}]')).toEqual({ missing: 'wrong-type' });
    expect(of(compare.set, '[{"id":"a"}]')).toEqual({ missing: 'wrong-type' });
    expect(of(compare.set, '[1e999]')).toEqual({ missing: 'not-finite' });
  });
});

describe('a text', () => {
  test('is a text of at most 65,536 characters', () => {
    expect(of(compare.text, '""')).toEqual({ value: '' });
    expect(of(compare.text, `"${'x'.repeat(65_537)}"`)).toEqual({ missing: 'too-large' });
    expect(of(compare.text, '1')).toEqual({ missing: 'wrong-type' });
  });
});

describe('any JSON', () => {
  test.each(['null', 'false', '[1,{"a":[]}]', '"x"'])('%s is itself', (json) => {
    expect(of(compare.json, json)).toEqual({ value: JSON.parse(json) });
  });
  test('has at most 10,000 values and 64 levels', () => {
    expect(of(compare.json, JSON.stringify(Array(9_999).fill(0)))).toHaveProperty('value');
    expect(of(compare.json, JSON.stringify(Array(10_000).fill(0)))).toEqual({ missing: 'too-large' });
    expect(of(compare.json, '['.repeat(65) + ']'.repeat(65))).toHaveProperty('value');
    expect(of(compare.json, '['.repeat(66) + ']'.repeat(66))).toEqual({ missing: 'too-large' });
  });
});

describe('a path that matches many', () => {
  const answer = answerOf({
    items: [
      { id: 'a', n: 1 },
      { id: 'b', n: 2 },
    ],
    list: ['x', 'y'],
    empty: [],
  });
  test('is a list for kinds that want one', () => {
    expect(one('$.items[*].n', compare.vector, answer)).toEqual({ value: [1, 2] });
    expect(one('$.items[*].id', compare.json, answer)).toEqual({ value: ['a', 'b'] });
    expect(one('$.items[*].id', compare.set, answer)).toHaveProperty('value.length', 2);
  });
  test('and the list itself where it is the only match', () => {
    expect(one('$..list', compare.ranking, answer)).toHaveProperty('value.length', 2);
    expect(one('$..list', compare.json, answer)).toEqual({ value: [['x', 'y']] });
  });
  test('has one match for other kinds', () => {
    expect(one('$.items[?@.n == 2].id', compare.class, answer)).toEqual({ value: 'b' });
    expect(one('$.items[*].id', compare.class, answer)).toEqual({ missing: 'wrong-type' });
  });
  test('without any it is missing, for lists too: both sides without an answer do not agree', () => {
    expect(one('$.empty[*]', compare.set, answer)).toEqual({ missing: 'no-field' });
    expect(one('$.empty[*]', compare.number, answer)).toEqual({ missing: 'no-field' });
  });
});
