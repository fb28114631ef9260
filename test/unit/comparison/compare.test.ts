import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Answer } from '../../../src/comparison/answer.ts';
import { compare } from '../../../src/comparison/compare.ts';

function answer(body: string | undefined, changes: Partial<Answer> = {}): Answer {
  const bytes = Buffer.from(body ?? '');
  const captured = body === undefined ? undefined : { bytes, totalBytes: bytes.length, contentEncoding: '' };
  return { status: 200, latencyMs: 10, body: captured, ...changes };
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

  test('are not compared, and it says why, when one is missing, truncated or encoded', () => {
    const encoded = { bytes: Buffer.from('x'), totalBytes: 1, contentEncoding: 'gzip' };
    const truncated = { bytes: Buffer.from('x'), totalBytes: 2, contentEncoding: '' };
    expect(compare(answer(undefined), answer('x')).body).toBe('not-captured');
    expect(compare(answer('x'), answer('x', { body: encoded })).body).toBe('encoded');
    expect(compare(answer('x', { body: truncated }), answer('x')).body).toBe('truncated');
  });

  test('differ when the candidate never answered: an error is a mismatch, not an excuse', () => {
    const difference = compare(answer(inference('a', 1, true)), answer(undefined, { status: 0, latencyMs: undefined }));
    expect(difference).toEqual({
      sameStatus: false,
      body: 'different',
      outputs: { delay: false, late: false },
      latencyDifferenceMs: undefined,
    });
  });

  test('made of any bytes are compared without a throw, and equal bytes are the same', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (left, right) => {
        const bytes = (value: Uint8Array) =>
          answer('', { body: { bytes: Buffer.from(value), totalBytes: value.length, contentEncoding: '' } });
        expect(compare(bytes(left), bytes(left)).body).toBe('same');
        expect(['same', 'different']).toContain(compare(bytes(left), bytes(right)).body);
      }),
    );
  });
});

describe('Open Inference answers', () => {
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

test('the latency difference is candidate minus reference', () => {
  expect(compare(answer('', { latencyMs: 10 }), answer('', { latencyMs: 12.5 })).latencyDifferenceMs).toBe(2.5);
});
