import type { HttpHeaders, ProcessingRequest } from '../gen/envoy/service/ext_proc/v3/external_processor.ts';
import type { RequestFacts } from '../routing/decide.ts';

/** Envoy puts all attributes of an ext_proc filter under this one key. */
const ATTRIBUTES = 'envoy.filters.http.ext_proc';

/**
 * What a decision may look at, out of Envoy's request-headers message. Names are lower-cased; a header that came more
 * than once is one value, joined by commas (RFC 9110, 5.3).
 */
export function factsOf(message: ProcessingRequest, request: HttpHeaders): RequestFacts {
  const values = new Map<string, string>();
  for (const { key, value, rawValue } of request.headers?.headers ?? []) {
    const name = key.toLowerCase();
    const text = rawValue.length > 0 ? rawValue.toString('utf8') : value;
    const earlier = values.get(name);
    values.set(name, earlier === undefined ? text : `${earlier},${text}`);
  }
  const route: unknown = message.attributes[ATTRIBUTES]?.['xds.route_name'];
  return {
    route: typeof route === 'string' ? route : '',
    method: values.get(':method') ?? '',
    header: (name) => values.get(name),
    hasBody: !request.endOfStream,
  };
}
