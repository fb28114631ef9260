import { expect, test } from 'vitest';
import { urisOf } from '../../../src/admin/callers.ts';

test('the URIs of a certificate are found among its other names', () => {
  expect(urisOf('')).toEqual([]);
  expect(urisOf('DNS:a, IP Address:127.0.0.1')).toEqual([]);
  expect(urisOf('DNS:a, URI:spiffe://example.org/x, IP Address:0:0:0:0:0:0:0:1, URI:b')).toEqual([
    'spiffe://example.org/x',
    'b',
  ]);
});

test('a name that holds what looks like another name is one name', () => {
  const written = String.raw`URI:"http://x/, URI:spiffe://example.org/admin, y", DNS:"a\", URI:spiffe://example.org/admin, b"`;
  expect(urisOf(written)).toEqual(['http://x/, URI:spiffe://example.org/admin, y']);
});
