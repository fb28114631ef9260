import type { HttpHeaders, ProcessingRequest } from '../gen/envoy/service/ext_proc/v3/external_processor.ts';
import { addressOf, type RequestFacts } from '../routing/facts.ts';

/** Envoy puts all attributes of an ext_proc filter under this one key. */
const ATTRIBUTES = 'envoy.filters.http.ext_proc';

/**
 * What a decision may look at, out of Envoy's request-headers message. Names are lower-cased; a header that came more
 * than once is one value, joined by commas (RFC 9110, 5.3), cookies by semicolons (RFC 9113, 8.2.3).
 */
export function factsOf(message: ProcessingRequest, request: HttpHeaders, random: number): RequestFacts {
  const values = new Map<string, string>();
  for (const { key, value, rawValue } of request.headers?.headers ?? []) {
    const name = key.toLowerCase();
    const text = rawValue.length > 0 ? rawValue.toString('utf8') : value;
    const earlier = values.get(name);
    values.set(name, earlier === undefined ? text : `${earlier}${name === 'cookie' ? '; ' : ','}${text}`);
  }
  const attribute = (name: string): string => {
    const value: unknown = message.attributes[ATTRIBUTES]?.[name];
    return typeof value === 'string' ? value : '';
  };
  return {
    route: attribute('xds.route_name'),
    method: values.get(':method') ?? '',
    path: values.get(':path') ?? '',
    header: (name) => values.get(name),
    hasBody: !request.endOfStream,
    clientAddress: addressOf(attribute('source.address')),
    random,
  };
}
