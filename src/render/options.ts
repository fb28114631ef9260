/** What people say on the command line about the Envoy file, read and checked against the configuration. */
import { isIP } from 'node:net';
import type { Config } from '../config/parse.ts';
import { parsePercent } from '../config/units.ts';
import { DEFAULT_LIMITS } from '../pairing/join.ts';
import {
  type Address,
  answeringClusters,
  ownClusters,
  type RenderOptions,
  routePairs,
  shadowClusters,
} from './plan.ts';

/** As text. */
export interface GivenOptions {
  /** `CLUSTER=host:port`; the same cluster may come more than once. */
  readonly endpoint: readonly string[];
  /** `ROUTE=/prefix` */
  readonly match: readonly string[];
  readonly listen: string;
  readonly adminListen: string;
  /** `host:port`; false = no spans; undefined = somewhere. */
  readonly tracing?: string | false;
  readonly traceSample: string;
  readonly responseHeaders?: boolean;
  readonly lua: string;
  readonly routeTimeout: string;
}

/** An option that cannot be used; its message names the option, what was expected and what was found. */
export class OptionError extends Error {
  override readonly name = 'OptionError';

  constructor(option: string, expected: string, found: string) {
    super(`${option}: expected ${expected}, found ${JSON.stringify(found)}`);
  }
}

const minTimeoutMs = 100;
const maxTimeoutMs = DEFAULT_LIMITS.windowMs;

/** Throws OptionError at the first option that cannot be used. */
export function readOptions(config: Config, given: GivenOptions): RenderOptions {
  return {
    endpoints: readEndpoints(config, given.endpoint),
    prefixes: readPrefixes(config, given.match),
    listen: ipAddress('--listen', given.listen),
    adminListen: ipAddress('--admin-listen', given.adminListen),
    tracing: given.tracing === false ? undefined : readTracing(given.tracing, given.traceSample),
    responseHeaders: given.responseHeaders ?? false,
    luaPath: luaPath(given.lua),
    routeTimeoutMs: timeoutMs(given.routeTimeout),
  };
}

function readEndpoints(config: Config, given: readonly string[]): RenderOptions['endpoints'] {
  const clusters = [...answeringClusters(config), ...shadowClusters(config)];
  const taken = clusters.find((name) => ownClusters.includes(name));
  if (taken !== undefined) {
    throw new OptionError(
      'the configuration',
      `clusters not named ${ownClusters.join(', ')}: the file has these itself`,
      taken,
    );
  }
  const endpoints = new Map<string, Address[]>();
  for (const text of given) {
    const equals = text.lastIndexOf('=');
    if (equals < 1) throw new OptionError('--endpoint', 'CLUSTER=host:port', text);
    const cluster = text.slice(0, equals);
    if (!clusters.includes(cluster)) throw new OptionError('--endpoint', `one of ${clusters.join(', ')}`, cluster);
    const address = tcpAddress('--endpoint', text.slice(equals + 1));
    endpoints.set(cluster, [...(endpoints.get(cluster) ?? []), address]);
  }
  return endpoints;
}

function readPrefixes(config: Config, given: readonly string[]): RenderOptions['prefixes'] {
  const routes = config.rollouts.flatMap((rollout) => rollout.routes);
  const prefixes = new Map<string, string>();
  for (const text of given) {
    // a route's name may hold `=/` too: it ends where the longest route that there is does
    const known = routes.filter((name) => text.startsWith(`${name}=/`)).sort((a, b) => b.length - a.length)[0];
    const equals = known?.length ?? text.indexOf('=/');
    const [route, prefix] = [text.slice(0, equals), text.slice(equals + 1)];
    // Envoy compares with the path as the client wrote it, without its query
    if (equals < 1 || !/^\/[!-~]*$/.test(prefix) || /[?#]/.test(prefix)) {
      throw new OptionError('--match', 'ROUTE=/prefix, a path without blanks, ? and #', text);
    }
    if (!routes.includes(route)) throw new OptionError('--match', `one of ${routes.join(', ')}`, route);
    if (prefixes.has(route)) throw new OptionError('--match', 'each route once', text);
    prefixes.set(route, prefix);
  }
  const seen = new Set<string>();
  for (const { prefix } of routePairs(config, prefixes)) {
    if (seen.has(prefix)) throw new OptionError('--match', 'a prefix of its own for each route', prefix);
    seen.add(prefix);
  }
  return prefixes;
}

function readTracing(collector: string | undefined, sample: string): RenderOptions['tracing'] {
  const sampleBp = parsePercent(sample);
  if (sampleBp === undefined) throw new OptionError('--trace-sample', 'a percentage from 0% to 100%', sample);
  return { collector: collector === undefined ? undefined : tcpAddress('--tracing', collector), sampleBp };
}

function tcpAddress(option: string, text: string): Address {
  const address = parseAddress(text);
  if (address === undefined || address.port < 1) throw new OptionError(option, 'host:port with a port from 1', text);
  return address;
}

/** Port 0 = Envoy takes a free one. */
function ipAddress(option: string, text: string): Address {
  const address = parseAddress(text);
  if (address !== undefined && isIP(address.host) !== 0) return address;
  throw new OptionError(option, 'IP:port, for example 127.0.0.1:10000 or [::]:10000', text);
}

function parseAddress(text: string): Address | undefined {
  const [, ipv6, name, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([\w.-]{1,253})):(\d{1,5})$/.exec(text) ?? [];
  const host = ipv6 ?? name;
  const port = Number(digits);
  if (host === undefined || port > 65_535 || (ipv6 !== undefined && isIP(ipv6) !== 6)) return undefined;
  return { host, port };
}

function luaPath(text: string): string {
  if (text.trim() !== '') return text;
  throw new OptionError('--lua', 'the path of capture.lua as Envoy sees it', text);
}

function timeoutMs(text: string): number {
  const [, digits, unit] = /^(\d{1,6}(?:\.\d{1,3})?)(ms|s)$/.exec(text) ?? [];
  const ms = Math.round(Number(digits) * (unit === 's' ? 1_000 : 1));
  if (ms >= minTimeoutMs && ms < maxTimeoutMs) return ms;
  const range = `from ${minTimeoutMs}ms to less than ${maxTimeoutMs / 1_000}s, when pairs are given up`;
  throw new OptionError('--route-timeout', `a time ${range}`, text);
}
