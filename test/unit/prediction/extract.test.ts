import { describe, expect, test } from 'vitest';
import type { Answer, Unread } from '../../../src/prediction/answer.ts';
import { compileExtractor } from '../../../src/prediction/extract.ts';
import { answerFault } from '../../../src/prediction/fault.ts';
import { answerOf, bodyOf, compare, extract, field, one, specOf } from './answers.ts';

const spec = specOf([field('score', '/score', compare.number)]);
const missing = (answer: Answer) => extract(spec, answer);

describe('an answer without a prediction', () => {
  const none = { elements: [], cut: 0, featureFetchMs: undefined };

  test.each<[string, Answer]>([
    ['no-answer', answerOf({ score: 1 }, { status: 0 })],
    ['error', answerOf({ score: 1 }, { status: 503 })],
    ['refused', answerOf({ score: 1 }, { status: 422 })],
    ['error', answerOf({ score: 1 }, { grpcStatus: 14 })],
    ['refused', answerOf({ score: 1 }, { grpcStatus: 3 })],
    ['not-captured', answerOf(undefined)],
    ['not-json', answerOf('')],
    ['not-json', answerOf('{"score":')],
    ['not-json', answerOf('{"score":NaN')],
    ['not-json', answerOf('<html>')],
    ['not-json', answerOf(Buffer.from([0x22, 0xff, 0x22]))],
  ])('says %s', (word, answer) => {
    expect(missing(answer)).toEqual({ ...none, missing: word });
  });

  test.each<Unread>(['truncated', 'encoded', 'undecodable', 'too-large', 'bad-capture'])('says %s', (unread) => {
    expect(missing(answerOf(undefined, { body: { bytes: Buffer.from('{"score":1}'), json: true, unread } }))).toEqual({
      ...none,
      missing: unread,
    });
  });

  test.each([
    [0, undefined],
    [1, 'refused'],
    [2, 'error'],
    [3, 'refused'],
    [4, 'error'],
    [5, 'refused'],
    [8, 'refused'],
    [12, 'error'],
    [13, 'error'],
    [14, 'error'],
    [15, 'error'],
    [16, 'refused'],
  ])('gRPC status %d: %s', (grpcStatus, fault) => {
    expect(answerFault(answerOf('', { grpcStatus }))).toBe(fault);
  });

  test('a status of 200 or 302 is no fault', () => {
    expect(answerFault(answerOf(''))).toBeUndefined();
    expect(answerFault(answerOf('', { status: 302 }))).toBeUndefined();
  });
});

describe('JSON as it comes', () => {
  test('with a byte order mark', () => {
    expect(one('/a', compare.number, answerOf('\uFEFF{"a":1}'))).toEqual({ value: 1 });
  });
  test('the letters NaN inside a text stay, also beside a NaN that is none', () => {
    const answer = answerOf('{"a":"NaN \\" Infinity","b":NaN,"c":-Infinity,"d":"x"}');
    expect(one('/a', compare.text, answer)).toEqual({ value: 'NaN " Infinity' });
    expect(one('/b', compare.number, answer)).toEqual({ missing: 'not-finite' });
    expect(one('/d', compare.text, answer)).toEqual({ value: 'x' });
  });
  test('a text that never ends is looked at once', () => {
    const open = `{"b":NaN,"a":"${'\\"'.repeat(2_000_000)}`;
    expect(extract(specOf([field('a', '/a')]), answerOf(open)).missing).toBe('not-json');
  });
  test('integers of 17 digits keep their last', () => {
    expect(one('/0', compare.class, answerOf('[90071992547409931, 1]'))).toEqual({ value: '90071992547409931' });
    expect(one('', compare.class, answerOf('-90071992547409931'))).toEqual({ value: '-90071992547409931' });
    expect(one('/a', compare.number, answerOf('{"a" : 90071992547409931 }'))).toEqual({
      value: Number('90071992547409931'),
    });
    expect(one('/a', compare.number, answerOf('{"a":0.12345678901234567}'))).toEqual({
      value: Number('0.12345678901234567'),
    });
  });
});

describe('sources beside the body', () => {
  const answer = answerOf(
    { predictions: [1, 2] },
    { headers: { 'x-model': 'b', 'x-score': ' 0.5 ' }, trailers: { 'x-cost': '3' } },
  );

  test('a header, a trailer, the status and the request', () => {
    expect(one({ header: 'x-model' }, compare.class, answer)).toEqual({ value: 'b' });
    expect(one({ header: 'x-score' }, compare.number, answer)).toEqual({ value: 0.5 });
    expect(one({ trailer: 'x-cost' }, compare.number, answer)).toEqual({ value: 3 });
    expect(one({ status: true }, compare.class, answer)).toEqual({ value: '200' });
    expect(one({ status: true }, compare.number, answer)).toEqual({ value: 200 });
    expect(one({ request: '/user/age' }, compare.number, answer, { user: { age: 41 } })).toEqual({ value: 41 });
  });

  test('a text that is no number is of the wrong type', () => {
    const of = (text: string) => one({ header: 'x' }, compare.number, answerOf('', { headers: { x: text } }));
    for (const text of ['', 'b', '0x10', '1,2', '1 2', '--1']) expect(of(text)).toEqual({ missing: 'wrong-type' });
    for (const text of ['NaN', ' -inf', '1e999']) expect(of(text)).toEqual({ missing: 'not-finite' });
  });

  test('a list in a header is JSON', () => {
    const of = (text: string) => one({ header: 'x' }, compare.vector, answerOf('', { headers: { x: text } }));
    expect(of('[1, 2]')).toEqual({ value: [1, 2] });
    expect(of('1, 2')).toEqual({ missing: 'wrong-type' });
  });

  test('what is not there is missing, and nothing is inherited', () => {
    expect(one({ header: 'x-none' }, compare.class, answer)).toEqual({ missing: 'no-field' });
    expect(one({ header: 'constructor' }, compare.class, answer)).toEqual({ missing: 'no-field' });
    expect(one({ request: '/a' }, compare.class, answer)).toEqual({ missing: 'not-captured' });
    expect(one({ request: '/a' }, compare.class, answer, 'a=1')).toEqual({ missing: 'not-json' });
    expect(one({ request: '/a' }, compare.class, answer, {})).toEqual({ missing: 'no-field' });
  });

  test('every element has them', () => {
    const fields = [field('p', '', compare.number), field('model', { header: 'x-model' }, compare.class)];
    const { elements } = extract(specOf(fields, { preset: 'kserve-v1' }), answer);
    expect(elements.map(({ fields }) => fields)).toEqual([
      { p: { value: 1 }, model: { value: 'b' } },
      { p: { value: 2 }, model: { value: 'b' } },
    ]);
  });

  test('without a field in the body there is exactly one element, and the body may be anything', () => {
    const fields = specOf([field('model', { header: 'x-model' }, compare.class)], { preset: 'kserve-v1' });
    for (const body of [undefined, 'no JSON', { predictions: [1, 2, 3] }]) {
      const { missing, elements } = extract(fields, answerOf(body, { headers: { 'x-model': 'c' } }));
      expect([missing, elements]).toEqual([undefined, [{ key: undefined, fields: { model: { value: 'c' } } }]]);
    }
  });

  test('of an error only its status is a value', () => {
    const fields = specOf([
      field('code', { status: true }, compare.class),
      field('model', { header: 'x-model' }, compare.class),
    ]);
    const of = (status: number) => extract(fields, answerOf('', { status, headers: { 'x-model': 'b' } }));
    expect(of(503)).toMatchObject({
      missing: 'error',
      elements: [{ fields: { code: { value: '503' }, model: { missing: 'error' } } }],
    });
    expect(of(0)).toMatchObject({
      elements: [{ fields: { code: { missing: 'no-answer' }, model: { missing: 'no-answer' } } }],
    });
  });
});

describe('a field', () => {
  test('of any name is a member of its own', () => {
    const fields = ['__proto__', 'constructor', 'toString'].map((name) => field(name, '/v', compare.number));
    const [element] = extract(specOf(fields), answerOf({ v: 1 })).elements;
    expect(Object.entries(element?.fields ?? {})).toEqual(fields.map(({ name }) => [name, { value: 1 }]));
    expect(structuredClone(element)).toEqual(element);
  });

  test('whose path is none is an error that names it', () => {
    expect(() => compileExtractor(specOf([field('a', 'a.b')]))).toThrow('path "a.b": neither "/" nor "$"');
  });
});

describe('the time of feature fetching', () => {
  const of = (source: Parameters<typeof field>[1], unitMs: number, answer: Answer) =>
    extract(
      specOf([], {
        timings: { featureFetch: { source: typeof source === 'string' ? { at: source } : source, unitMs } },
      }),
      answer,
      bodyOf({ ms: 5 }),
    ).featureFetchMs;
  const header = (text: string, name = 'x-fetch') =>
    of({ header: name }, 1, answerOf('', { headers: { [name]: text } }));

  test('is a header, a trailer or a field, in its unit', () => {
    expect(header('12.5')).toBe(12.5);
    expect(header('0')).toBe(0);
    expect(of({ trailer: 't' }, 1000, answerOf('', { trailers: { t: '0.25' } }))).toBe(250);
    expect(of('/parameters/fetch_us', 0.001, answerOf({ parameters: { fetch_us: 1500 } }))).toBe(1.5);
    expect(of('$..fetch', 1, answerOf({ parameters: { fetch: '3' } }))).toBe(3);
    expect(of({ request: '/ms' }, 1, answerOf(''))).toBe(5);
  });

  test('of a batch is told once, in the whole body', () => {
    const timings = { featureFetch: { source: { at: '/took' }, unitMs: 1 } };
    const batch = specOf([field('p', '')], { preset: 'kserve-v1', timings });
    expect(extract(batch, answerOf({ predictions: [1, 2], took: 8 })).featureFetchMs).toBe(8);
  });

  test('is there of an error, where a header says it', () => {
    expect(of({ header: 'x' }, 1, answerOf('', { status: 500, headers: { x: '9' } }))).toBe(9);
  });

  test.each(['', '-1', 'NaN', '1e999', 'soon', '1,2'])('%j is none', (text) => {
    expect(header(text)).toBeUndefined();
  });

  test.each([
    ['fetch;dur=12.5', '12.5'],
    ['db;dur=53.2, feature-fetch;desc="from, store";dur=7, total;dur=80', '7'],
    ['cache;desc="hit", db;dur="4"', '4'],
    ['Features ; Dur=3 , app;dur=9', '3'],
  ])('server-timing %s is %s', (text, ms) => {
    expect(header(text, 'server-timing')).toBe(Number(ms));
  });

  test.each(['db;dur=1, app;dur=2', 'miss', '', 'db;dur=x'])('server-timing %j says nothing of it', (text) => {
    expect(header(text, 'server-timing')).toBeUndefined();
  });
});
