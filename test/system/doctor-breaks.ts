/** What can be wrong, by the finding that must say so: each entry breaks exactly that. */
import type { Config } from '../../src/config/parse.ts';
import type { Facts, SocketFacts } from '../../src/doctor/facts.ts';
import type { ListRolloutsResponse } from '../../src/gen/understudy/admin/v1/admin.ts';

// biome-ignore lint/suspicious/noExplicitAny: a tree of YAML
type Tree = any;

/** Listeners and clusters, of envoy.yaml or of Envoy's own dump: they have the same shape. */
export interface EnvoyTree {
  listeners: Tree[];
  clusters: Tree[];
}

export interface EnvoyBreak {
  /** Carried out in a real Envoy too. */
  readonly real?: true;
  /** Findings that cannot but come with it. */
  readonly also?: readonly string[];
  change(envoy: EnvoyTree): void;
}

const manager = (envoy: EnvoyTree, index: number) => envoy.listeners[index].filter_chains[0].filters[0].typed_config;
const edge = (envoy: EnvoyTree) => manager(envoy, 0);
const loop = (envoy: EnvoyTree) => manager(envoy, 1);
const decide = (envoy: EnvoyTree) => edge(envoy).http_filters[0].typed_config;
const cluster = (envoy: EnvoyTree, name: string) => envoy.clusters.find((each) => each.name === name);
const routes = (chain: Tree) => chain.route_config.virtual_hosts[0].routes;
const log = (chain: Tree) => chain.access_log[0].typed_config;
const mirror = (envoy: EnvoyTree) => routes(edge(envoy))[0].route.request_mirror_policies[0];
const drop = (list: Tree[], test: (item: Tree) => boolean) => {
  const index = list.findIndex(test);
  if (index === -1) throw new Error('there is nothing to drop');
  list.splice(index, 1);
};
const http2 = (envoy: EnvoyTree, name: string) =>
  cluster(envoy, name).typed_extension_protocol_options['envoy.extensions.upstreams.http.v3.HttpProtocolOptions'];
const upstreamFilters = () => [
  {
    name: 'observe',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor',
      grpc_service: { envoy_grpc: { cluster_name: 'understudy_observe' } },
    },
  },
  {
    name: 'upstream_codec',
    typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec' },
  },
];

export const inEnvoy: Readonly<Record<string, EnvoyBreak>> = {
  'decide-missing': { real: true, change: (envoy) => edge(envoy).http_filters.shift() },
  'decide-too-late': {
    change: (envoy) => {
      const [first, second, last] = edge(envoy).http_filters;
      edge(envoy).http_filters = [second, first, last];
    },
  },
  'decide-switched-off': {
    real: true,
    change: (envoy) => {
      routes(edge(envoy))[1].typed_per_filter_config = {
        decide: {
          '@type': 'type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExtProcPerRoute',
          disabled: true,
        },
      };
    },
  },
  'decide-fail-closed': { real: true, change: (envoy) => delete decide(envoy).failure_mode_allow },
  'decide-only-observes': {
    change: (envoy) => {
      decide(envoy).observability_mode = true;
    },
  },
  'decide-not-asked': {
    change: (envoy) => {
      decide(envoy).processing_mode.request_header_mode = 'SKIP';
    },
  },
  'decide-sends-bodies': {
    real: true,
    change: (envoy) => {
      decide(envoy).processing_mode.request_body_mode = 'STREAMED';
    },
  },
  'decide-sends-too-much': { real: true, change: (envoy) => delete decide(envoy).processing_mode.response_header_mode },
  'decide-route-unsaid': { real: true, change: (envoy) => decide(envoy).request_attributes.shift() },
  'decide-metadata-refused': { real: true, change: (envoy) => delete decide(envoy).metadata_options },
  'decide-timeout-long': {
    change: (envoy) => {
      decide(envoy).message_timeout = '0.201s';
    },
  },
  'decide-timeout-short': {
    change: (envoy) => {
      decide(envoy).message_timeout = '0.009s';
    },
  },
  'decide-may-answer': { change: (envoy) => delete decide(envoy).disable_immediate_response },
  'mutations-too-wide': { real: true, change: (envoy) => delete decide(envoy).mutation_rules },
  'mutations-too-narrow': {
    real: true,
    change: (envoy) => {
      decide(envoy).mutation_rules.allow_expression.regex = 'x-understudy-(id|arm)';
    },
  },
  'ext-proc-upstream': {
    change: (envoy) => {
      http2(envoy, 'understudy_observe').http_filters = upstreamFilters();
    },
  },
  'strip-missing': { real: true, change: (envoy) => delete edge(envoy).early_header_mutation_extensions },
  'strip-takes-mark': {
    change: (envoy) => {
      const [{ typed_config }] = edge(envoy).early_header_mutation_extensions;
      typed_config.mutations[0].remove_on_match.key_matcher.prefix = 'x-';
    },
  },
  'capture-missing': {
    real: true,
    change: (envoy) => drop(loop(envoy).http_filters, ({ name }) => name === 'capture'),
  },
  'capture-not-last': {
    change: (envoy) => {
      const compressor = { name: 'compressor', typed_config: { '@type': 'type.googleapis.com/a.v3.Compressor' } };
      edge(envoy).http_filters.splice(2, 0, compressor);
    },
  },
  'route-missing': {
    real: true,
    change: (envoy) => {
      routes(edge(envoy))[1].name = 'flight_delay';
    },
  },
  'stable-route-elsewhere': {
    change: (envoy) => {
      routes(edge(envoy))[1].route.cluster = 'flight-delay-v2';
    },
  },
  'canary-route-missing': { real: true, change: (envoy) => routes(edge(envoy)).shift() },
  'canary-route-late': { real: true, change: (envoy) => routes(edge(envoy)).reverse() },
  'canary-route-elsewhere': {
    change: (envoy) => {
      routes(edge(envoy))[0].route.cluster = 'flight-delay-v1';
    },
  },
  'mirror-slot-missing': {
    real: true,
    change: (envoy) => {
      routes(edge(envoy))[1].route.request_mirror_policies.length = 1;
    },
  },
  'mirror-role-wrong': {
    change: (envoy) => {
      mirror(envoy).request_headers_mutations[0].append.header.value = 'shadow-2';
    },
  },
  'mirror-mark-missing': { real: true, change: (envoy) => mirror(envoy).request_headers_mutations.pop() },
  'mirror-changes-host': { change: (envoy) => delete mirror(envoy).disable_shadow_host_suffix_append },
  'route-outlasts-join': {
    also: ['loop-timeout-long'],
    change: (envoy) => {
      for (const { route } of routes(edge(envoy))) route.timeout = '60s';
      for (const { route } of routes(loop(envoy))) route.timeout = '60s';
    },
  },
  'cluster-missing': {
    real: true,
    change: (envoy) => {
      cluster(envoy, 'flight-delay-v3-shadow').name = 'flight-delay-v3-shadows';
    },
  },
  'shadow-cluster-shared': {
    real: true,
    change: (envoy) => {
      const extra = structuredClone(routes(edge(envoy))[1]);
      routes(edge(envoy)).splice(1, 0, { ...extra, name: 'v2', match: { prefix: '/v2-only' } });
      routes(edge(envoy))[1].route.cluster = 'flight-delay-v2-shadow';
    },
  },
  'shadow-cluster-unlimited': {
    change: (envoy) => delete cluster(envoy, 'flight-delay-v2-shadow').circuit_breakers,
  },
  'decide-cluster-missing': {
    real: true,
    change: (envoy) => {
      decide(envoy).grpc_service.envoy_grpc.cluster_name = 'understudy-decide';
    },
  },
  'decide-health-unchecked': {
    real: true,
    change: (envoy) => delete cluster(envoy, 'understudy_decide').health_checks,
  },
  'decide-panics': { real: true, change: (envoy) => delete cluster(envoy, 'understudy_decide').common_lb_config },
  'keepalive-missing': {
    change: (envoy) =>
      delete http2(envoy, 'understudy_decide').explicit_http_config.http2_protocol_options.connection_keepalive,
  },
  'observe-cluster-missing': {
    change: (envoy) => {
      log(edge(envoy)).common_config.grpc_service.envoy_grpc.cluster_name = 'understudy-observe';
    },
  },
  'observe-divided': {
    real: true,
    also: ['sockets-differ'],
    change: (envoy) => {
      const hosts = cluster(envoy, 'understudy_observe').load_assignment.endpoints[0].lb_endpoints;
      hosts.push({ endpoint: { address: { pipe: { path: '/nowhere/second.sock' } } } });
    },
  },
  'observe-not-apart': {
    also: ['sockets-differ'],
    change: (envoy) => {
      const { endpoints } = cluster(envoy, 'understudy_decide').load_assignment;
      cluster(envoy, 'understudy_observe').load_assignment.endpoints = structuredClone(endpoints);
    },
  },
  'sockets-differ': {
    change: (envoy) => {
      const [host] = cluster(envoy, 'understudy_observe').load_assignment.endpoints[0].lb_endpoints;
      host.endpoint.address.pipe.path = '/nowhere/observe.sock';
    },
  },
  'loop-cluster-missing': {
    real: true,
    change: (envoy) => drop(envoy.clusters, ({ name }) => name === 'understudy_loop'),
  },
  'loop-listener-missing': { change: (envoy) => envoy.listeners.pop() },
  'loop-route-missing': { change: (envoy) => drop(routes(loop(envoy)), ({ name }) => name === 'shadow-2') },
  'loop-timeout-long': {
    change: (envoy) => {
      delete routes(loop(envoy))[0].route.timeout;
    },
  },
  'loop-route-limits-stream': {
    real: true,
    change: (envoy) => {
      routes(loop(envoy))[0].route.max_stream_duration = { max_stream_duration: '9.5s' };
    },
  },
  'loop-unlimited': { real: true, change: (envoy) => delete loop(envoy).common_http_protocol_options },
  'loop-strips': {
    change: (envoy) => {
      loop(envoy).early_header_mutation_extensions = structuredClone(edge(envoy).early_header_mutation_extensions);
    },
  },
  'loop-decides': {
    change: (envoy) => loop(envoy).http_filters.unshift(structuredClone(edge(envoy).http_filters[0])),
  },
  'log-missing': { real: true, change: (envoy) => delete loop(envoy).access_log },
  'log-name-wrong': {
    real: true,
    change: (envoy) => {
      log(loop(envoy)).common_config.log_name = 'shadows';
    },
  },
  'log-unfiltered': { change: (envoy) => delete edge(envoy).access_log[0].filter },
  'log-headers-missing': {
    real: true,
    change: (envoy) =>
      drop(log(loop(envoy)).additional_request_headers_to_log, (header) => header === 'x-understudy-role'),
  },
  'spans-carry-query': { change: (envoy) => delete loop(envoy).tracing.max_path_tag_length },
  'log-trace-missing': {
    change: (envoy) => drop(log(edge(envoy)).additional_request_headers_to_log, (header) => header === 'traceparent'),
  },
};

/** Counters of Envoy, as changes of what a healthy one counted. */
export const inEnvoysCounters: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'decide-silent': { 'http.edge.ext_proc.decide.streams_started': 0 },
  'decide-failing-open': { 'http.edge.ext_proc.decide.failure_mode_allowed': 1 },
  'decide-timing-out': { 'http.edge.ext_proc.decide.message_timeouts': 1 },
  'decide-misunderstood': { 'http.edge.ext_proc.decide.spurious_msgs_received': 1 },
  'mutations-rejected': { 'http.edge.ext_proc.decide.rejected_header_mutations': 1 },
  'logs-dropped': { 'access_logs.grpc_access_log.logs_dropped': 1 },
  'capture-failing': { 'http.understudy_loop.lua.errors': 1 },
  'decide-unhealthy': { 'cluster.understudy_decide.membership_healthy': 0 },
  'cluster-without-hosts': { 'cluster.flight-delay-v3-shadow.membership_healthy': 0 },
};

/** Counters of Understudy, likewise; undefined = never counted. */
export const inOurCounters: Readonly<Record<string, Readonly<Record<string, number | undefined>>>> = {
  'log-silent': { 'accesslog.production': undefined, 'accesslog.shadow': undefined },
  'shadow-log-silent': { 'accesslog.shadow': undefined },
  'entries-rejected': { 'accesslog.rejected.no-role': 1 },
  'revision-unknown': { 'accesslog.rejected.unknown-revision': 1 },
  'route-without-rollout': { 'decide.unknown-route': 1 },
  'decide-faulty': { 'decide.unreadable': 1 },
  'pairs-unmatched': { 'pairing.unmatched-shadow': 1 },
  'pairs-late': { 'pairing.late': 1 },
  'pairs-dropped': { 'pairing.dropped': 1 },
  'pairs-misrouted': { 'pairing.misrouted': 1 },
};

type Changed = Partial<Omit<Facts, 'envoy'>> & { readonly envoy?: Partial<Facts['envoy']> };

/** Everything else, as facts that replace those of a healthy one. */
export const inOtherFacts: Readonly<Record<string, (facts: Facts) => Changed>> = {
  'envoy-version': () => ({ envoy: { serverInfo: { version: 'sha/1.35.9/Clean/RELEASE/BoringSSL', state: 'LIVE' } } }),
  'envoy-not-live': ({ envoy }) => ({ envoy: { serverInfo: { ...(envoy.serverInfo as object), state: 'DRAINING' } } }),
  'clock-differs': () => ({ envoy: { clockAheadMs: -1_001 } }),
  'sidecar-silent': () => ({ sidecar: { refusal: 'nobody' } }),
  'thread-not-serving': ({ sidecar }) => withThread(sidecar, { state: 'stopped' }),
  'thread-restarted': ({ sidecar }) => withThread(sidecar, { restarts: 1 }),
  'thread-behind': ({ sidecar }) => withThread(sidecar, { revision: 0 }),
  'config-not-in-use': ({ config }) =>
    withRollout(config, { canary: { cluster: 'flight-delay-v2', version: '2.0.1' } }),
  'socket-missing': ({ sockets }) => withSocket(sockets, { kind: 'missing', mode: 0 }),
  'socket-not-a-socket': ({ sockets }) => withSocket(sockets, { kind: 'other', mode: 0 }),
  'socket-mode': ({ sockets }) => withSocket(sockets, { mode: 0o666 }),
  'socket-refuses': ({ sockets }) => withSocket(sockets, { refusal: 'ECONNREFUSED' }),
  'socket-forbidden': ({ sockets }) => withSocket(sockets, { refusal: 'EACCES' }),
  'log-prediction-missing': ({ config }) =>
    withRollout(config, {
      prediction: {
        preset: 'json',
        batch: { at: undefined, key: undefined },
        fields: [{ name: 'score', source: { header: 'x-score' }, compare: { kind: 'number', abs: 0, rel: 0 } }],
        timings: { featureFetch: undefined },
      },
    }),
  // the shipped Envoy sends the address: it is taken away, from a rollout that needs it
  'decide-address-unsaid': ({ config, envoy }) => ({
    ...withRollout(config, { unit: [{ client: 'address' }] }),
    envoy: {
      configDump: JSON.parse(JSON.stringify(envoy.configDump).replaceAll('"source.address"', '"source.port"')),
    },
  }),
};

function withThread(sidecar: Facts['sidecar'], change: object): Changed {
  const answer = sidecar as ListRolloutsResponse;
  if (answer.sidecar === undefined) throw new Error('no sidecar');
  const [first, ...others] = answer.sidecar.threads;
  if (first === undefined) throw new Error('no thread');
  return { sidecar: { ...answer, sidecar: { ...answer.sidecar, threads: [{ ...first, ...change }, ...others] } } };
}

function withRollout(config: Config | undefined, change: Partial<Config['rollouts'][number]>): Changed {
  const [first, ...others] = config?.rollouts ?? [];
  if (config === undefined || first === undefined) throw new Error('no rollout');
  return { config: { ...config, rollouts: [{ ...first, ...change }, ...others] } };
}

function withSocket([first, ...others]: Facts['sockets'], change: Partial<SocketFacts>): Changed {
  if (first === undefined) throw new Error('no socket');
  return { sockets: [{ ...first, ...change }, ...others] };
}
