/** Named slices of traffic that a request is in. Pure: what a database knows is passed in. */
import type { RequestFacts } from './facts.ts';
import type { GeoField, SegmentSource } from './snapshot.ts';

/** What is known of an address; undefined = private, unknown, or no database. */
export type LookUpGeo = (address: string, field: GeoField) => string | undefined;

/** Only segments the request has a non-empty value for. */
export function segmentsOf(
  sources: Readonly<Record<string, SegmentSource>>,
  facts: RequestFacts,
  lookUp: LookUpGeo,
): Record<string, string> {
  const segments: Record<string, string> = {};
  for (const [name, source] of Object.entries(sources)) {
    const value = 'header' in source ? facts.header(source.header) : byAddress(facts, source.geoip, lookUp);
    if (value !== undefined && value !== '') segments[name] = value;
  }
  return segments;
}

function byAddress({ clientAddress }: RequestFacts, field: GeoField, lookUp: LookUpGeo): string | undefined {
  return clientAddress === undefined ? undefined : lookUp(clientAddress, field);
}
