/** Databases for tests: a few networks, each with what is known of it. */
import type { Database } from '../../../src/geography/look-up.ts';
import { type MmdbValue, prefixOf, writeMmdb } from '../../fixtures/geoip/write-mmdb.ts';

/** The shape of a City record, as far as it is read. */
export function place(continent: string, country: string, region: string, city: string): MmdbValue {
  return {
    continent: { code: continent, names: { en: `continent ${continent}` } },
    country: { iso_code: country, geoname_id: 2_635_167, names: { en: `country ${country}` } },
    subdivisions: [{ iso_code: region }, { iso_code: 'second' }],
    city: { names: { de: `${city} (de)`, en: city } },
  };
}

export const PLACES: Readonly<Record<string, MmdbValue>> = {
  '81.2.69.0/24': place('EU', 'GB', 'ENG', 'London'),
  '203.97.0.0/16': place('OC', 'NZ', 'AUK', 'Auckland'),
  '2001:db8::/32': place('EU', 'CH', 'ZH', 'Zürich'),
  '198.51.100.0/24': { country: { iso_code: 'IE' } },
};

export function bytesOf(places: Readonly<Record<string, MmdbValue>> = PLACES, ipVersion: 4 | 6 = 6): Buffer {
  return writeMmdb(
    Object.entries(places).map(([network, value]) => [prefixOf(network, ipVersion), value]),
    { ipVersion },
  );
}

export function sharedOf(bytes: Buffer): Database {
  const shared = new SharedArrayBuffer(bytes.length);
  bytes.copy(Buffer.from(shared));
  return shared;
}
