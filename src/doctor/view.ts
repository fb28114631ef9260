/** The facts in the shape that checks ask about: which chain is the edge, which the loop, what leads where. Pure. */
import type { Config } from '../config/parse.ts';
import { DECISION_NAMESPACE, LOOP_CLUSTER } from '../extproc/answer.ts';
import type { ListRolloutsResponse } from '../gen/understudy/admin/v1/admin.ts';
import { type Chain, decideFilter, httpChains } from './chains.ts';
import { type Address, configDump, type EnvoyCluster, read, serverInfo, statistics } from './envoy-config.ts';
import type { Facts, SocketFacts } from './facts.ts';
import { type RolloutFacts, rolloutsOf } from './rollouts.ts';

export interface Cluster extends EnvoyCluster {
  /** Addresses of its hosts, written as understudy.yaml does; of an internal listener, the name. */
  readonly addresses: readonly string[];
}

export interface View {
  /** Such as `1.40.0`. */
  readonly version: string;
  /** `LIVE`, `DRAINING`, ... */
  readonly state: string;
  readonly clockAheadMs: number;
  readonly chains: readonly Chain[];
  /** Chains that ask Understudy, or that hold a route of a rollout and should. */
  readonly edges: readonly Chain[];
  /** The chain that mirrored copies run through. */
  readonly loop: Chain | undefined;
  /** The edges and the loop: all that Understudy hears of. */
  readonly observed: readonly Chain[];
  readonly clusters: ReadonlyMap<string, Cluster>;
  /** Counters and gauges by full name. */
  readonly stats: ReadonlyMap<string, number>;
  readonly rollouts: readonly RolloutFacts[];
  readonly config: Config | undefined;
  readonly sidecar: ListRolloutsResponse | undefined;
  /** Why the sidecar says nothing. */
  readonly refusal: string | undefined;
  readonly sockets: readonly SocketFacts[];
}

/** Throws when Envoy's answers have not the shape that 1.36 to 1.40 give them. */
export function viewOf({ envoy, config, sidecar, sockets }: Facts): View {
  const { configs } = read(configDump, envoy.configDump);
  const { version, state } = read(serverInfo, envoy.serverInfo);
  const answered = 'refusal' in sidecar ? undefined : sidecar;
  const rollouts = rolloutsOf(config, answered);
  const named = new Set(rollouts.flatMap(({ routes }) => routes));

  const assigned = new Map(
    configs
      .flatMap(({ dynamic_endpoint_configs }) => dynamic_endpoint_configs)
      .map(({ endpoint_config }) => [endpoint_config.cluster_name, endpoint_config]),
  );
  const clusters = new Map(
    configs
      .flatMap(({ static_clusters, dynamic_active_clusters }) => [...static_clusters, ...dynamic_active_clusters])
      .map(({ cluster }) => {
        const { endpoints = [] } = cluster.load_assignment ?? assigned.get(cluster.name) ?? {};
        const hosts = endpoints.flatMap(({ lb_endpoints }) => lb_endpoints);
        return [cluster.name, { ...cluster, addresses: hosts.map(({ endpoint }) => addressText(endpoint?.address)) }];
      }),
  );

  const isServed = (name: string, sockets: readonly string[] = []) =>
    (clusters.get(name)?.addresses ?? []).some((address) => sockets.includes(address));
  const chains = httpChains(configs, {
    isDecide({ grpc_service, metadata_options }) {
      const name = grpc_service.envoy_grpc?.cluster_name ?? '';
      if (metadata_options.receiving_namespaces.untyped.includes(DECISION_NAMESPACE)) return true;
      return name === 'understudy_decide' || isServed(name, config?.sockets.decide);
    },
    isObserve({ cluster, common_config: { log_name } }) {
      if (log_name === 'production' || log_name === 'shadow') return true;
      return cluster === 'understudy_observe' || isServed(cluster, config && [config.sockets.observe]);
    },
  });
  const loopListener = clusters.get(LOOP_CLUSTER)?.addresses[0] ?? LOOP_CLUSTER;
  const loop = chains.find(({ internal, listener }) => internal && listener === loopListener);
  const isEdge = (chain: Chain) =>
    chain !== loop && (decideFilter(chain) !== undefined || chain.routes.some(({ route }) => named.has(route.name)));

  const edges = chains.filter(isEdge);
  return {
    version: version.split('/')[1] ?? version,
    state,
    clockAheadMs: envoy.clockAheadMs,
    chains,
    edges,
    loop,
    observed: loop ? [...edges, loop] : edges,
    clusters,
    stats: new Map(
      read(statistics, envoy.stats).stats.flatMap(({ name, value }) =>
        typeof value === 'number' ? [[name, value] as const] : [],
      ),
    ),
    rollouts,
    config,
    sidecar: answered,
    refusal: 'refusal' in sidecar ? sidecar.refusal : undefined,
    sockets,
  };
}

function addressText(address: Address | undefined): string {
  const { pipe, socket_address: socket, envoy_internal_address: internal } = address ?? {};
  if (pipe !== undefined) return pipe.path;
  if (socket !== undefined) return `${socket.address}:${socket.port_value}`;
  return internal?.server_listener_name ?? '';
}

/** As Envoy's counters name it. */
export function statName({ name, alt_stat_name }: Cluster): string {
  return alt_stat_name === '' ? name : alt_stat_name;
}
