/** Each HTTP connection manager of Envoy with its filters, logs and routes read. Pure. */
import type { z } from 'zod';
import {
  type ConnectionManager,
  type configDump,
  connectionManager,
  type Extension,
  type ExtProc,
  extProc,
  type GrpcAccessLog,
  grpcAccessLog,
  type Listener,
  luaFilter,
  type MirrorPolicy,
  type Route,
  type RouteConfiguration,
  read,
} from './envoy-config.ts';

type Configs = z.output<typeof configDump>['configs'];

export type HttpFilter =
  | { readonly kind: 'decide'; readonly name: string; readonly extProc: ExtProc }
  | { readonly kind: 'capture' | 'router' | 'other'; readonly name: string };

export interface PlacedRoute {
  readonly virtualHost: string;
  readonly route: Route;
  /** Of the route, else of its virtual host, else of the whole table: as Envoy takes them. */
  readonly mirrors: readonly MirrorPolicy[];
  /** Filters that are switched off here, by name. */
  readonly disabled: readonly string[];
}

export interface Log extends GrpcAccessLog {
  /** The cluster it is sent to. */
  readonly cluster: string;
  readonly filter: unknown;
}

export interface Chain {
  /** Name of the listener. */
  readonly listener: string;
  readonly internal: boolean;
  readonly manager: ConnectionManager;
  /** In order. */
  readonly filters: readonly HttpFilter[];
  /** Those that are sent to Understudy. */
  readonly logs: readonly Log[];
  /** In order. */
  readonly routes: readonly PlacedRoute[];
}

/** Tells our filter and our logs from others of their kind. */
export interface Recognition {
  isDecide(filter: ExtProc): boolean;
  isObserve(log: Log): boolean;
}

/** All of them. */
export function httpChains(configs: Configs, { isDecide, isObserve }: Recognition): Chain[] {
  const tables = new Map(
    configs
      .flatMap(({ dynamic_route_configs }) => dynamic_route_configs)
      .map(({ route_config }) => [route_config.name, route_config]),
  );
  return configs
    .flatMap(({ static_listeners, dynamic_listeners }) => [
      ...static_listeners,
      ...dynamic_listeners.flatMap(({ active_state }) => active_state ?? []),
    ])
    .flatMap(({ listener }) => managersOf(listener).map((manager) => chainOf(listener, manager)));

  function chainOf({ name, internal_listener }: Listener, manager: ConnectionManager): Chain {
    const table = manager.route_config ?? tables.get(manager.rds?.route_config_name ?? '');
    return {
      listener: name,
      internal: internal_listener !== undefined,
      manager,
      filters: manager.http_filters.map((filter) => httpFilter(filter, isDecide)),
      logs: manager.access_log.filter(isOfType('HttpGrpcAccessLogConfig')).map(readLog).filter(isObserve),
      routes: table === undefined ? [] : placedRoutes(table),
    };
  }
}

/** Our filter and its place; undefined when there is none. */
export function decideFilter({ filters }: Chain): { readonly index: number; readonly extProc: ExtProc } | undefined {
  for (const [index, filter] of filters.entries()) {
    if (filter.kind === 'decide') return { index, extProc: filter.extProc };
  }
  return undefined;
}

export function isOfType(message: string): (extension: Extension) => boolean {
  return ({ typed_config }) => typed_config['@type'].endsWith(`.${message}`);
}

function managersOf({ filter_chains, default_filter_chain }: Listener): ConnectionManager[] {
  return [...filter_chains, ...(default_filter_chain ? [default_filter_chain] : [])]
    .flatMap(({ filters }) => filters)
    .filter(isOfType('HttpConnectionManager'))
    .map(({ typed_config }) => read(connectionManager, typed_config));
}

function readLog({ typed_config, filter }: Extension & { readonly filter?: unknown }): Log {
  const log = read(grpcAccessLog, typed_config);
  return { ...log, filter, cluster: log.common_config.grpc_service.envoy_grpc?.cluster_name ?? '' };
}

function httpFilter(filter: Extension, isDecide: (filter: ExtProc) => boolean): HttpFilter {
  const { name, typed_config } = filter;
  if (isOfType('ExternalProcessor')(filter)) {
    const config = read(extProc, typed_config);
    return isDecide(config) ? { kind: 'decide', name, extProc: config } : { kind: 'other', name };
  }
  if (isOfType('Lua')(filter)) {
    const { filename, inline_string } = read(luaFilter, typed_config).default_source_code;
    const isCapture = /capture[^/]*\.lua$/.test(filename) || inline_string.includes('x-understudy-capture');
    return { kind: isCapture ? 'capture' : 'other', name };
  }
  return { kind: isOfType('Router')(filter) ? 'router' : 'other', name };
}

function placedRoutes(table: RouteConfiguration): PlacedRoute[] {
  return table.virtual_hosts.flatMap((host) =>
    host.routes.map((route) => {
      const lists = [route.route?.request_mirror_policies ?? [], host.request_mirror_policies];
      const perFilter = Object.entries({ ...host.typed_per_filter_config, ...route.typed_per_filter_config });
      return {
        virtualHost: host.name,
        route,
        mirrors: lists.find((mirrors) => mirrors.length > 0) ?? table.request_mirror_policies,
        disabled: perFilter.filter(([, { disabled }]) => disabled === true).map(([name]) => name),
      };
    }),
  );
}
