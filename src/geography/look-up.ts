/** What a MaxMind database knows of an address. No I/O: the database is handed over as bytes, which threads share. */
import { type CityResponse, Reader } from 'maxmind';
import type { LookUpGeo } from '../routing/segments.ts';
import type { GeoField } from '../routing/snapshot.ts';
import { publicAddress } from './address.ts';

/** The bytes of a MaxMind database; never changed once they are read. */
export type Database = SharedArrayBuffer;

/** Records and parts of records that are kept decoded: decoding takes 16 us, what is kept 1 us. */
const MAX_DECODED = 10_000;
// Source: https://maxmind.github.io/MaxMind-DB/
const METADATA_MARKER = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');
const SEPARATOR = Buffer.alloc(16);

/**
 * Throws, saying why, when `database` is no MaxMind database. The look-up itself never throws: malformed, private,
 * loopback, link-local and unknown addresses, and records without the field, are undefined.
 */
export function createLookUp(database: Database): LookUpGeo {
  const reader = openReader(database);
  return (address, field) => {
    const found = publicAddress(address);
    // an IPv4 tree would take the first 32 bits of an IPv6 address for one of its own
    if (found === undefined || found.version > reader.metadata.ipVersion) return undefined;
    try {
      const value: unknown = fieldOf(reader.get(found.text), field);
      return typeof value === 'string' ? value : undefined;
    } catch {
      return undefined; // a record that is broken
    }
  };
}

function openReader(database: Database): Reader<CityResponse> {
  const decoded = new Map<string | number, unknown>();
  const cache = {
    get: (key: string | number) => decoded.get(key),
    set(key: string | number, value: unknown) {
      if (decoded.size >= MAX_DECODED) decoded.clear();
      decoded.set(key, value);
    },
  };
  const bytes = Buffer.from(database);
  if (bytes.lastIndexOf(METADATA_MARKER) === -1)
    throw new Error('it has no MaxMind metadata: another kind of file, or cut off');
  const reader = new Reader<CityResponse>(bytes, { cache });
  const { binaryFormatMajorVersion: format, ipVersion, searchTreeSize } = reader.metadata;
  if (format !== 2) throw new Error(`expected MaxMind DB format 2, found ${format}`);
  if (ipVersion !== 4 && ipVersion !== 6) throw new Error(`expected IP version 4 or 6, found ${ipVersion}`);
  const separator = bytes.subarray(searchTreeSize, searchTreeSize + SEPARATOR.length);
  if (!separator.equals(SEPARATOR)) throw new Error('its tree does not end where its metadata says');
  return reader;
}

function fieldOf(record: CityResponse | null, field: GeoField): unknown {
  switch (field) {
    case 'continent':
      return record?.continent?.code;
    case 'country':
      return record?.country?.iso_code;
    case 'region':
      return record?.subdivisions?.[0]?.iso_code;
    case 'city':
      return record?.city?.names?.en;
  }
}
