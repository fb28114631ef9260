import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compare, type Predicted } from '../../../src/comparison/compare.ts';
import type { Answer, Unread } from '../../../src/prediction/answer.ts';
import { element, missing, prediction, spec } from './predictions.ts';

function answer(body: string | undefined, changes: Partial<Answer> = {}): Answer {
  const bytes = Buffer.from(body ?? '');
  const captured = body === undefined ? undefined : { bytes, json: true, unread: undefined };
  return { status: 200, grpcStatus: undefined, latencyMs: 10, headers: {}, trailers: {}, body: captured, ...changes };
}

function unread(why: Unread): Answer {
  return answer('', { body: { bytes: Buffer.alloc(0), json: true, unread: why } });
}

const inference = (id: string, delay: number, late: boolean) =>
  JSON.stringify({
    id,
    outputs: [
      { name: 'delay', datatype: 'FP64', shape: [1], data: [delay] },
      { name: 'late', datatype: 'BOOL', shape: [1], data: [late] },
    ],
  });

describe('bodies', () => {
  test('of JSON are compared as values: order of members and white space do not count', () => {
    expect(compare(answer('{"a":1,"b":[2]}'), answer('{ "b": [2], "a": 1.0 }')).body).toBe('same');
    expect(compare(answer('{"a":1}'), answer('{"a":2}')).body).toBe('different');
  });

  test('that are no JSON are compared byte by byte', () => {
    expect(compare(answer('hello'), answer('hello')).body).toBe('same');
    expect(compare(answer('hello'), answer('hello ')).body).toBe('different');
  });

  test('are not compared, and it says why, when one was not captured or cannot be read', () => {
    expect(compare(answer(undefined), answer('x')).body).toBe('not-captured');
    for (const why of ['truncated', 'encoded', 'too-large', 'bad-capture'] as const) {
      expect(compare(answer('x'), unread(why))).toMatchObject({ body: why, outputs: {} });
      expect(compare(unread(why), answer('x')).body).toBe(why);
      expect(compare(unread(why), unread(why)).body).toBe(why);
    }
  });

  test('differ when no client could decode what the candidate sent, and are not compared when the reference did', () => {
    expect(compare(answer(''), unread('undecodable')).body).toBe('different');
    expect(compare(unread('undecodable'), answer('')).body).toBe('undecodable');
  });

  test('that are empty agree with each other and not with an answer that never came', () => {
    expect(compare(answer(''), answer('')).body).toBe('same');
    expect(compare(answer(''), answer(undefined)).body).toBe('different');
  });

  test('that call themselves JSON and are not are told, and compared byte by byte', () => {
    expect(compare(answer('{'), answer('{'))).toMatchObject({ body: 'same', notJson: true });
    expect(compare(answer('{}'), answer('<html>'))).toMatchObject({ body: 'different', notJson: true });
    expect(compare(answer('{}'), answer(''))).toMatchObject({ body: 'different', notJson: false });
  });

  test('nested too deep to be walked are the same only byte by byte', () => {
    const deep = (middle: string) => answer('['.repeat(30_000) + middle + ']'.repeat(30_000));
    expect(compare(deep('1'), deep('1')).body).toBe('same');
    expect(compare(deep('1'), deep('2')).body).toBe('different');
  });

  test('differ when the candidate never answered: an error is a mismatch, not an excuse', () => {
    const difference = compare(answer(inference('a', 1, true)), answer(undefined, { status: 0, latencyMs: undefined }));
    expect(difference).toEqual({
      sameStatus: false,
      body: 'different',
      notJson: false,
      outputs: { delay: false, late: false },
      latencyDifferenceMs: undefined,
      fields: [],
      refusedAlike: false,
    });
  });

  test('made of any bytes are compared without a throw, and equal bytes are the same', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (left, right) => {
        const bytes = (value: Uint8Array) =>
          answer('', { body: { bytes: Buffer.from(value), json: false, unread: undefined } });
        expect(compare(bytes(left), bytes(left)).body).toBe('same');
        expect(['same', 'different']).toContain(compare(bytes(left), bytes(right)).body);
      }),
    );
  });
});

describe('Open Inference answers', () => {
  test('have names of at most 256 characters: they are kept in memory', () => {
    const named = (length: number) => answer(JSON.stringify({ outputs: [{ name: 'n'.repeat(length), data: [1] }] }));
    expect(Object.keys(compare(named(256), named(256)).outputs)).toHaveLength(1);
    expect(compare(named(257), named(257))).toMatchObject({ body: 'same', outputs: {} });
  });

  test('agree output by output, though every answer carries another id and the number never agrees', () => {
    const difference = compare(answer(inference('a', 12.1, true)), answer(inference('b', 12.2, true)));
    expect(difference).toMatchObject({ body: 'different', outputs: { delay: false, late: true } });
  });

  test('disagree about an output the candidate does not have', () => {
    const difference = compare(answer(inference('a', 1, true)), answer('{"outputs":[]}'));
    expect(difference.outputs).toEqual({ delay: false, late: false });
  });

  test.each(['null', '[]', '{"outputs":7}', '{"outputs":[null,{"name":3}]}', 'no json'])(
    'are not seen in %s',
    (body) => {
      expect(compare(answer(body), answer(body)).outputs).toEqual({});
    },
  );
});

test('a status is the same when both HTTP and gRPC say the same', () => {
  const status = (grpcStatus: number | undefined) => answer('', { grpcStatus });
  expect(compare(status(0), status(0)).sameStatus).toBe(true);
  expect(compare(status(0), status(13)).sameStatus).toBe(false);
  // cut off before its trailers
  expect(compare(status(0), status(undefined)).sameStatus).toBe(false);
  expect(compare(answer(''), answer('', { status: 500 })).sameStatus).toBe(false);
});

test('the latency difference is candidate minus reference', () => {
  expect(compare(answer('', { latencyMs: 10 }), answer('', { latencyMs: 12.5 })).latencyDifferenceMs).toBe(2.5);
});

describe('with predictions', () => {
  const delays = spec([{ kind: 'number', abs: 1, rel: 0 }]);
  const delay = (value: number) => prediction([element({ number: value })]);
  const predicted = (changes: Partial<Predicted>): Predicted => ({
    spec: delays,
    reference: delay(12),
    candidate: delay(12),
    compared: true,
    ...changes,
  });

  test('fields say what differs, and outputs nothing', () => {
    const [reference, candidate] = [answer(inference('a', 12, true)), answer(inference('b', 14, true))];
    const difference = compare(reference, candidate, predicted({ candidate: delay(14) }));
    expect(difference).toMatchObject({ sameStatus: true, body: 'different', outputs: {}, refusedAlike: false });
    expect(difference.fields).toMatchObject([
      { name: 'number', agree: false, elements: [{ measures: { difference: 2 } }] },
    ]);
    expect(compare(reference, candidate, predicted({})).fields).toMatchObject([{ agree: true }]);
  });

  test('two sides that refuse the request alike have nothing to predict; any other two without one do not agree', () => {
    const refused = { reference: missing('refused'), candidate: missing('refused') };
    const status = (code: number, grpcStatus?: number) => answer('', { status: code, grpcStatus });
    expect(compare(status(400), status(400), predicted(refused))).toMatchObject({ refusedAlike: true, fields: [] });
    expect(compare(status(200, 3), status(200, 3), predicted(refused))).toMatchObject({
      refusedAlike: true,
      fields: [],
    });
    const mismatch = { refusedAlike: false, fields: [{ agree: false }] };
    expect(compare(status(400), status(404), predicted(refused))).toMatchObject(mismatch);
    expect(compare(status(200, 3), status(200, 5), predicted(refused))).toMatchObject(mismatch);
    const failed = { reference: missing('error'), candidate: missing('error') };
    expect(compare(status(500), status(500), predicted(failed))).toMatchObject(mismatch);
    expect(compare(status(400), status(400), predicted({ candidate: missing('refused') }))).toMatchObject(mismatch);
  });

  test('a production that is no model refuses nothing', () => {
    const refused = { reference: missing('refused'), candidate: missing('refused'), compared: false };
    expect(compare(answer(''), answer(''), predicted(refused))).toMatchObject({
      refusedAlike: false,
      fields: [{ agree: false, compared: false }],
    });
  });
});
