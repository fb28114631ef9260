/** What a decision may look at, and how values are read out of it. */

export interface RequestFacts {
  /** Envoy's route name. */
  readonly route: string;
  readonly method: string;
  /** Path with query, as `:path`; `` when there is none. */
  readonly path: string;
  /** Value by lower-case name. */
  readonly header: (name: string) => string | undefined;
  readonly hasBody: boolean;
  /** The trusted client address, without a port; undefined when Envoy did not say. */
  readonly clientAddress: string | undefined;
  /** Uniform in [0, 1), drawn for this request: what is sampled by request is sampled by it. */
  readonly random: number;
}

/** The value of a cookie; the first one when there are several of the name (RFC 6265, 5.4). */
export function cookieOf(facts: RequestFacts, name: string): string | undefined {
  for (const part of (facts.header('cookie') ?? '').split(';')) {
    const equals = part.indexOf('=');
    if (equals !== -1 && part.slice(0, equals).trim() === name) return unquoted(part.slice(equals + 1).trim());
  }
  return undefined;
}

function unquoted(value: string): string {
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}

/** The decoded value of a query parameter; the first one when there are several of the name. */
export function queryOf({ path }: RequestFacts, name: string): string | undefined {
  const mark = path.indexOf('?');
  return mark === -1 ? undefined : (new URLSearchParams(path.slice(mark + 1)).get(name) ?? undefined);
}

/** The path without its query. */
export function barePath({ path }: RequestFacts): string {
  const mark = path.indexOf('?');
  return mark === -1 ? path : path.slice(0, mark);
}

/** `ip:port` or `[v6]:port`, as Envoy's `source.address` says it, without the port; IPv4 inside IPv6 as IPv4. */
export function addressOf(source: string): string | undefined {
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(source)?.[1] ?? /^([^:]+):\d+$/.exec(source)?.[1] ?? source;
  return bare === '' ? undefined : bare.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
}
