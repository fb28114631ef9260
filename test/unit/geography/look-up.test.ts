import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLookUp } from '../../../src/geography/look-up.ts';
import { segmentsOf } from '../../../src/routing/segments.ts';
import type { GeoField } from '../../../src/routing/snapshot.ts';
import { facts } from '../routing/rollout.ts';
import { bytesOf, place, sharedOf } from './databases.ts';

const FIELDS: readonly GeoField[] = ['continent', 'country', 'region', 'city'];
const lookUp = createLookUp(sharedOf(bytesOf()));
const allOf = (address: string, by = lookUp) => FIELDS.map((field) => by(address, field));
const UNKNOWN = FIELDS.map(() => undefined);

test('a database knows continent, country, first subdivision and the English name of the city', () => {
  expect(allOf('81.2.69.142')).toEqual(['EU', 'GB', 'ENG', 'London']);
  expect(allOf('203.97.255.255')).toEqual(['OC', 'NZ', 'AUK', 'Auckland']);
  expect(allOf('2001:db8:ffff::1')).toEqual(['EU', 'CH', 'ZH', 'Zürich']);
});

test('what a record does not say is no segment', () => {
  expect(allOf('198.51.100.7')).toEqual([undefined, 'IE', undefined, undefined]);
});

test.each(['::ffff:81.2.69.142', '::FFFF:81.2.69.142', '::ffff:5102:458e', '0:0:0:0:0:ffff:5102:458e'])(
  'IPv4 inside IPv6 is looked up as IPv4: %s',
  (address) => {
    expect(lookUp(address, 'country')).toBe('GB');
  },
);

test.each(['81.2.70.1', '8.8.8.8', '2001:db9::1', '64:ff9b::5102:458e'])('%s, of which nothing is known', (address) => {
  expect(allOf(address)).toEqual(UNKNOWN);
});

/** Knows something of every address there is, also of those that lie nowhere. */
const everywhere = createLookUp(
  sharedOf(bytesOf({ '::/1': place('XX', 'XX', 'XX', 'XX'), '8000::/1': place('XX', 'XX', 'XX', 'XX') })),
);

test.each([
  ...['10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', 'fd00::1', 'fc00::1'],
  ...['127.0.0.1', '127.255.0.1', '::1', '0.0.0.0', '::', '169.254.1.1', 'fe80::1', 'fe80::1%eth0'],
  ...['::ffff:10.0.0.1', '::ffff:7f00:1', '::ffff:127.0.0.1', '::8.8.8.8'],
])('%s is private, loopback or link-local: no segment, whatever a database says', (address) => {
  expect(allOf(address, everywhere)).toEqual(UNKNOWN);
});

test.each(['9.255.255.255', '172.32.0.0', '192.169.0.1', '100.128.0.1', '126.255.255.255', '2000::1'])(
  '%s, just beside what is private, has its segment',
  (address) => {
    expect(everywhere(address, 'country')).toBe('XX');
  },
);

describe('a malformed address has no segment', () => {
  test.each([
    '',
    ' ',
    'somebody',
    '81.2.69',
    '81.2.69.142:80',
    '81.2.69.256',
    '081.2.69.142',
    '81.2.69.142 ',
    '[::1]',
    ':::',
  ])('%j', (address) => expect(allOf(address, everywhere)).toEqual(UNKNOWN));

  test('nor does any other text throw', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.ipV4(),
      fc.ipV4Extended(),
      fc.ipV6(),
      fc.ipV6().map((address) => `${address}%1`),
      fc.string({ unit: fc.constantFrom(...'0123456789abcdef:.%'), maxLength: 40 }),
    );
    fc.assert(
      fc.property(anything, fc.constantFrom(...FIELDS), (address, field) => {
        const value = everywhere(address, field);
        return value === undefined || value === 'XX';
      }),
      { numRuns: 2_000 },
    );
  });
});

test('a database of IPv4 only knows nothing of IPv6, and does not take one for the other', () => {
  // the first 32 bits of 2001:db8:: are 32.1.13.184
  const ipv4Only = createLookUp(sharedOf(bytesOf({ '32.1.0.0/16': place('XX', 'XX', 'XX', 'XX') }, 4)));
  expect(ipv4Only('32.1.13.184', 'country')).toBe('XX');
  expect(ipv4Only('2001:db8::1', 'country')).toBeUndefined();
  expect(ipv4Only('::ffff:32.1.13.184', 'country')).toBe('XX');
});

test('every address of a network has what is known of it, and no other address has', () => {
  const address = fc.oneof(
    fc.ipV4(),
    fc.tuple(fc.nat(255)).map(([last]) => `81.2.69.${last}`),
    fc.tuple(fc.nat(255), fc.nat(255)).map(([third, last]) => `203.97.${third}.${last}`),
  );
  fc.assert(
    fc.property(address, (text) => {
      const expected = [
        ['81.2.69.', 'GB'],
        ['203.97.', 'NZ'],
        ['198.51.100.', 'IE'],
      ].find(([net = '']) => text.startsWith(net));
      expect(lookUp(text, 'country')).toBe(expected?.[1]);
    }),
    { numRuns: 1_000 },
  );
});

test('more records than are kept decoded are still all found', () => {
  const many = Object.fromEntries(
    Array.from({ length: 11_000 }, (_, i) => [`20.${i >> 8}.${i & 255}.0/24`, { country: { iso_code: `C${i}` } }]),
  );
  const byMany = createLookUp(sharedOf(bytesOf(many)));
  const countries = () => Array.from({ length: 11_000 }, (_, i) => byMany(`20.${i >> 8}.${i & 255}.9`, 'country'));
  const expected = Object.keys(many).map((_, i) => `C${i}`);
  expect(countries()).toEqual(expected);
  expect(countries()).toEqual(expected);
});

test('segments of a request come from its address; without one there are none', () => {
  const sources = { country: { geoip: 'country' }, city: { geoip: 'city' } } as const;
  const of = (clientAddress: string | undefined) => segmentsOf(sources, facts({}, { clientAddress }), lookUp);
  expect(of('2001:db8::1')).toEqual({ country: 'CH', city: 'Zürich' });
  expect(of('198.51.100.7')).toEqual({ country: 'IE' });
  expect(of('10.0.0.1')).toEqual({});
  expect(of(undefined)).toEqual({});
});

describe('what is no database is refused with the reason', () => {
  const good = bytesOf();
  test.each<[string, Buffer, string]>([
    ['nothing', Buffer.alloc(0), 'no MaxMind metadata'],
    ['text', Buffer.from('country: NZ\n'.repeat(100)), 'no MaxMind metadata'],
    ['a compressed one', gzipSync(good), 'no MaxMind metadata'],
    ['one cut off', good.subarray(0, good.length / 2), 'no MaxMind metadata'],
    ['one cut off in its metadata', good.subarray(0, good.length - 1), 'out of range'],
    ['one without its beginning', good.subarray(8), 'its tree does not end where its metadata says'],
    ['one with another in its place', Buffer.concat([Buffer.alloc(64, 1), good]), 'its tree does not end'],
  ])('%s', (_, bytes, reason) => {
    expect(() => createLookUp(sharedOf(bytes))).toThrow(reason);
  });

  test('one of another format or IP version', () => {
    const changed = (key: string, value: number) => {
      const bytes = Buffer.from(good);
      // a number follows its key: one byte of type and size, four of value
      bytes.writeUInt32BE(value, bytes.lastIndexOf(key) + key.length + 1);
      return () => createLookUp(sharedOf(bytes));
    };
    expect(changed('binary_format_major_version', 3)).toThrow('expected MaxMind DB format 2, found 3');
    expect(changed('ip_version', 5)).toThrow('expected IP version 4 or 6, found 5');
  });

  test('one that is broken within is refused, or has no segment where it is broken; never a throw later', () => {
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
        const bytes = Buffer.from(good);
        bytes[at] = byte;
        let broken: typeof lookUp;
        try {
          broken = createLookUp(sharedOf(bytes));
        } catch {
          return true;
        }
        const values = ['81.2.69.1', '203.97.0.1', '2001:db8::1', '8.8.8.8'].flatMap((address) =>
          allOf(address, broken),
        );
        return values.every((value) => value === undefined || typeof value === 'string');
      }),
      { numRuns: 1_000 },
    );
  });
});

test('fields of an unexpected kind are no segment', () => {
  const odd = createLookUp(
    sharedOf(
      bytesOf({ '81.2.69.0/24': { country: 'GB', continent: { code: 7 }, city: { names: 'x' }, subdivisions: [] } }),
    ),
  );
  expect(allOf('81.2.69.1', odd)).toEqual(UNKNOWN);
});
