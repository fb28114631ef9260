import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeBody, MAX_DECODED_BYTES } from '../../../src/accesslog/decode-body.ts';

const ENCODERS = {
  gzip: gzipSync,
  'x-gzip': gzipSync,
  br: brotliCompressSync,
  deflate: deflateSync,
  zstd: zstdCompressSync,
} as const;
const text = Buffer.from('{"a":1}');

describe.each(Object.entries(ENCODERS))('%s', (name, encode: (bytes: Buffer) => Buffer) => {
  test('is taken off, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(decodeBody(encode(Buffer.from(bytes)), name)).toEqual(Buffer.from(bytes));
      }),
    );
  });

  test('that grows beyond the limit is cut off, and not before', () => {
    expect(decodeBody(encode(Buffer.alloc(MAX_DECODED_BYTES)), name)).toHaveLength(MAX_DECODED_BYTES);
    expect(decodeBody(encode(Buffer.alloc(MAX_DECODED_BYTES + 1)), name)).toBe('too-large');
    expect(decodeBody(encode(Buffer.alloc(3 * MAX_DECODED_BYTES)), name)).toBe('too-large');
  });

  test('that is broken, or not it at all, is undecodable', () => {
    expect(decodeBody(encode(text).subarray(0, -3), name)).toBe('undecodable');
    expect(decodeBody(Buffer.from('<html>garbage'), name)).toBe('undecodable');
  });
});

test('a deflate stream without the zlib header is read too', () => {
  expect(decodeBody(deflateRawSync(text), 'deflate')).toEqual(text);
});

test('two encodings are taken off in the reverse of the order they were put on, a third is not', () => {
  const twice = brotliCompressSync(gzipSync(text));
  expect(decodeBody(twice, 'gzip, br')).toEqual(text);
  expect(decodeBody(twice, ' GZIP ,identity, BR ')).toEqual(text);
  expect(decodeBody(twice, 'br, gzip')).toBe('undecodable');
  expect(decodeBody(gzipSync(twice), 'gzip, br, gzip')).toBe('encoded');
  // a bomb inside a bomb: what is between the layers is bounded too
  expect(decodeBody(gzipSync(gzipSync(Buffer.alloc(8 * MAX_DECODED_BYTES))), 'gzip, gzip')).toBe('too-large');
});

test('what has no encoding, or no bytes, is left alone', () => {
  expect(decodeBody(text, '')).toBe(text);
  expect(decodeBody(text, 'identity')).toBe(text);
  expect(decodeBody(Buffer.alloc(0), 'gzip')).toHaveLength(0);
});

test('an encoding we do not know is not guessed', () => {
  for (const name of ['compress', 'dcb', 'gzip, snappy', 'constructor']) expect(decodeBody(text, name)).toBe('encoded');
});

test('bytes and encodings of any kind end in bytes or a reason', () => {
  const names = fc.array(fc.constantFrom('gzip', 'br', 'deflate', 'zstd', 'identity', 'x', ''), { maxLength: 3 });
  fc.assert(
    fc.property(fc.uint8Array(), names, (bytes, list) => {
      const decoded = decodeBody(Buffer.from(bytes), list.join(','));
      expect(Buffer.isBuffer(decoded) || ['encoded', 'undecodable', 'too-large'].includes(decoded)).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});
