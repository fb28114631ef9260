/** What an Envoy file must say for a configuration, before any text. */
import { type LoggedNames, loggedFor } from '../config/logged.ts';
import type { Config } from '../config/parse.ts';
import { socketAddressOf } from '../sockets/address.ts';

export interface Address {
  /** Name or IP address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

export interface RenderOptions {
  /** Where a cluster is, by its name; one that is missing gets a placeholder. */
  readonly endpoints: ReadonlyMap<string, readonly Address[]>;
  /** Path prefixes by route name; one that is missing is guessed. */
  readonly prefixes: ReadonlyMap<string, string>;
  /** An IP address. */
  readonly listen: Address;
  /** An IP address. */
  readonly adminListen: Address;
  /** Without a collector it is a placeholder; undefined = Envoy makes no spans. */
  readonly tracing: { readonly collector: Address | undefined; readonly sampleBp: number } | undefined;
  /** Tell the user which id and arm the request had. */
  readonly responseHeaders: boolean;
  /** Of capture.lua, as Envoy sees it. */
  readonly luaPath: string;
  readonly routeTimeoutMs: number;
}

/** A route of a rollout: its catch-all to stable, and before it one to canary. */
export interface RoutePair {
  readonly name: string;
  readonly prefix: string;
  /** Nobody said which prefix it has, and there is more than one route. */
  readonly guessed: boolean;
  readonly stable: string;
  readonly canary: string;
}

export interface Cluster {
  readonly name: string;
  /** At least one. */
  readonly endpoints: readonly Address[];
  /** Nobody said where it is. */
  readonly guessed: boolean;
}

export interface EnvoyPlan extends Omit<RenderOptions, 'endpoints' | 'prefixes' | 'tracing'> {
  /** No route hides one after it: longer prefixes come first. */
  readonly routes: readonly RoutePair[];
  /** Clusters that answer users, each once. */
  readonly answering: readonly Cluster[];
  /** Clusters of shadows, each once. */
  readonly shadows: readonly Cluster[];
  readonly tracing: { readonly collector: Cluster; readonly sampleBp: number } | undefined;
  /** Socket paths or `host:port`. */
  readonly decideSockets: readonly string[];
  readonly observeSocket: string;
  /** Envoy has to show a certificate there. */
  readonly observeTls: boolean;
  /** Response headers and trailers that Envoy logs, each once. */
  readonly logged: LoggedNames;
  readonly shadowTimeoutMs: number;
  readonly maxCopyMs: number;
}

/** Names of clusters that the file itself needs. */
export const ownClusters: readonly string[] = ['understudy_loop', 'understudy_decide', 'understudy_observe', 'otlp'];

export function planEnvoy(config: Config, { endpoints, prefixes, tracing, ...options }: RenderOptions): EnvoyPlan {
  const baselines = baselineAddresses(config);
  const placed = (name: string): Cluster => {
    const known = endpoints.get(name) ?? baselines.get(name) ?? [];
    return { name, endpoints: known.length > 0 ? known : [placeholder(name)], guessed: known.length === 0 };
  };
  return {
    ...options,
    routes: routePairs(config, prefixes),
    answering: answeringClusters(config).map(placed),
    shadows: shadowClusters(config).map(placed),
    tracing: tracing && { collector: collector(tracing.collector), sampleBp: tracing.sampleBp },
    decideSockets: config.sockets.decide,
    observeSocket: config.sockets.observe,
    observeTls: config.observe?.tls !== undefined,
    logged: loggedNames(config),
    // a production route's timeout also ends its copies: a shadow's own must come before it to be logged
    shadowTimeoutMs: Math.floor(options.routeTimeoutMs * 0.9),
    maxCopyMs: Math.floor(options.routeTimeoutMs * 0.95),
  };
}

const alwaysLogged: LoggedNames = {
  headers: ['content-type', 'content-encoding', 'x-feature-fetch-ms', 'x-model-version', 'grpc-status'],
  trailers: ['grpc-status'],
};

function loggedNames({ rollouts }: Config): LoggedNames {
  const { headers, trailers } = loggedFor(rollouts);
  return {
    headers: [...new Set([...alwaysLogged.headers, ...headers])],
    trailers: [...new Set([...alwaysLogged.trailers, ...trailers])],
  };
}

/** Where Understudy itself answers in place of a model, by cluster. */
function baselineAddresses({ rollouts }: Config): ReadonlyMap<string, readonly Address[]> {
  return new Map(
    rollouts.flatMap(({ stable, baseline }): [string, Address[]][] => {
      const address = baseline && 'listen' in baseline ? socketAddressOf(baseline.listen) : undefined;
      return address && 'host' in address ? [[stable.cluster, [address]]] : [];
    }),
  );
}

export function answeringClusters({ rollouts }: Config): string[] {
  return [...new Set(rollouts.flatMap(({ stable, canary }) => [stable.cluster, canary.cluster]))];
}

export function shadowClusters({ rollouts }: Config): string[] {
  return [...new Set(rollouts.flatMap(({ shadows }) => shadows.map(({ cluster }) => cluster)))];
}

/** The only route takes everything; of several, each is given a folder of its own. */
export function routePairs({ rollouts }: Config, prefixes: ReadonlyMap<string, string>): RoutePair[] {
  const alone = rollouts.flatMap(({ routes }) => routes).length === 1;
  const guess = (route: string) => (alone ? '/' : `/${encodeURIComponent(route)}/`);
  return rollouts
    .flatMap(({ routes, stable, canary }) =>
      routes.map((name) => ({
        name,
        prefix: prefixes.get(name) ?? guess(name),
        guessed: !alone && !prefixes.has(name),
        stable: stable.cluster,
        canary: canary.cluster,
      })),
    )
    .sort((a, b) => b.prefix.length - a.prefix.length);
}

function placeholder(cluster: string): Address {
  return { host: cluster.replaceAll(/[^\w.-]/g, '-'), port: 8080 };
}

function collector(address: Address | undefined): Cluster {
  return { name: 'otlp', endpoints: [address ?? { host: 'otlp', port: 4317 }], guessed: address === undefined };
}
