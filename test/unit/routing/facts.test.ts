import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressOf, barePath, cookieOf, queryOf } from '../../../src/routing/facts.ts';
import { facts } from './rollout.ts';

describe('a cookie', () => {
  test.each([
    ['sid=1', '1'],
    ['a=2; sid=1', '1'],
    ['sid="1"', '1'],
    ['sid=1=2', '1=2'],
    ['sid=1; sid=2', '1'],
    ['SID=1', undefined],
    ['xsid=1', undefined],
    ['sid', undefined],
    ['', undefined],
  ])('sid in %j is %j', (cookie, value) => {
    expect(cookieOf(facts({ cookie }), 'sid')).toBe(value);
  });
});

describe('a query parameter', () => {
  test.each([
    ['/p?beta=1', '1'],
    ['/p?x=0&beta=a%20b+c', 'a b c'],
    ['/p?beta=1&beta=2', '1'],
    ['/p?beta', ''],
    ['/p?Beta=1', undefined],
    ['/beta=1', undefined],
    ['/p?beta=%zz', '%zz'],
  ])('beta of %j is %j', (path, value) => {
    expect(queryOf(facts({}, { path }), 'beta')).toBe(value);
  });

  test('is no part of the path', () => {
    expect([barePath(facts({}, { path: '/p?q=1?2' })), barePath(facts({}, { path: '/p' }))]).toEqual(['/p', '/p']);
  });
});

describe('the client address', () => {
  test.each([
    ['203.0.113.9:5000', '203.0.113.9'],
    ['[2001:db8::1]:5000', '2001:db8::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['2001:db8::1', '2001:db8::1'],
    ['203.0.113.9', '203.0.113.9'],
    ['[::ffff:203.0.113.9]:5000', '203.0.113.9'],
    ['', undefined],
  ])('of %j is %j', (source, address) => {
    expect(addressOf(source)).toBe(address);
  });
});

test('nothing a client sends makes reading throw', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (cookie, path, address) => {
      cookieOf(facts({ cookie }), 'sid');
      queryOf(facts({}, { path: `/p?${path}` }), 'beta');
      addressOf(address);
    }),
  );
});
