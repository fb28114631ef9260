/** Where everything is: models, shadows, the loop, Understudy and the collector of spans. */
import { socketAddressOf } from '../sockets/address.ts';
import type { Cluster, EnvoyPlan } from './plan.ts';
import { SLOTS } from './routes.ts';
import { scalar, socketAddress } from './yaml.ts';

/** Copies in flight to one shadow. */
const maxCopies = 256;

export function clusters(plan: EnvoyPlan): string {
  return [
    plan.answering.map((cluster) => modelCluster(cluster)).join(''),
    shadowClusters(plan.shadows),
    loopCluster(plan),
    ownClusters(plan),
    plan.tracing === undefined ? '' : collector(plan.tracing.collector),
  ].join('');
}

function modelCluster(cluster: Cluster, breakers = ''): string {
  return `\
${placeholderHint(cluster, '--endpoint CLUSTER=host:port')}\
  - name: ${scalar(cluster.name)}
    type: STRICT_DNS
    connect_timeout: 0.5s
${breakers}\
${loadAssignment(cluster.name, cluster.endpoints.map(socketAddress))}`;
}

function shadowClusters(shadows: readonly Cluster[]): string {
  if (shadows.length === 0) return '';
  const [first, ...others] = shadows.map((cluster, index) =>
    modelCluster(cluster, index === 0 ? shadowBreakers : '    circuit_breakers: *shadow_breakers\n'),
  );
  return `
  # A shadow never shares a cluster with users, even where it shares the machine: copies that fill a breaker would
  # otherwise give users a 503. Small breakers, so that a hanging shadow sheds its copies and holds little.
${first}${others.join('')}`;
}

const shadowBreakers = `\
    circuit_breakers: &shadow_breakers
      thresholds: [{ max_connections: 64, max_pending_requests: 64, max_requests: ${maxCopies} }]
`;

function loopCluster({ shadows }: EnvoyPlan): string {
  const most = Math.max(SLOTS.length, shadows.length);
  return `
  # The way into the loop, for all shadows together. One connection carries one copy at a time, so connections are the
  # limit: ${most} shadows with ${maxCopies} requests each fit, and a flood of copies ends here.
  - name: understudy_loop
    connect_timeout: 0.5s
    circuit_breakers:
      thresholds: [{ max_connections: ${most * maxCopies}, max_pending_requests: 256, max_requests: ${most * maxCopies} }]
${loadAssignment('understudy_loop', ['{ envoy_internal_address: { server_listener_name: understudy_loop } }'])}`;
}

function ownClusters({ decideSockets, observeSocket, observeTls }: EnvoyPlan): string {
  return `
  # Sockets of their own for deciding and observing: a burst of log entries must not stand before a decision.
  - name: understudy_decide
    type: STATIC
    connect_timeout: 0.25s
    circuit_breakers:
      thresholds: [{ max_requests: 16384, max_pending_requests: 4096 }]
    # A frozen decider costs every request its message_timeout until this check leaves it out, within a second or two.
    health_checks:
    - timeout: 0.5s
      interval: 1s
      no_traffic_interval: 1s
      unhealthy_threshold: 1
      healthy_threshold: 1
      grpc_health_check: { service_name: envoy.service.ext_proc.v3.ExternalProcessor }
    # Without this the check does nothing: with all hosts unhealthy, Envoy "panics" and asks them all the same.
    common_lb_config: { healthy_panic_threshold: { value: 0 } }
    typed_extension_protocol_options: &http2
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config:
          # A frozen peer keeps its connection open. Only a ping without an answer frees what waits on it.
          http2_protocol_options: { connection_keepalive: { interval: 1s, timeout: 1s } }
${loadAssignment('understudy_decide', decideSockets.map(ownSocket))}\
  # One socket and no more: Envoy spreads log streams over hosts, and the two sides of a pair would part.
  - name: understudy_observe
    type: STATIC
    connect_timeout: 0.25s
    typed_extension_protocol_options: *http2
${loadAssignment('understudy_observe', [ownSocket(observeSocket)])}${observeTls ? CERTIFICATE : ''}`;
}

const CERTIFICATE = `\
    # Whoever writes log entries moves traffic: Envoy shows a certificate. Put yours here, and the name in Understudy's.
    transport_socket:
      name: envoy.transport_sockets.tls
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
        sni: understudy.internal
        common_tls_context:
          alpn_protocols: [h2]
          tls_certificates:
          - { certificate_chain: { filename: /etc/envoy/cert.pem }, private_key: { filename: /etc/envoy/key.pem } }
          validation_context:
            trusted_ca: { filename: /etc/envoy/ca.pem }
            match_typed_subject_alt_names: [{ san_type: DNS, matcher: { exact: understudy.internal } }]
`;

function collector(cluster: Cluster): string {
  return `\
${placeholderHint(cluster, '--tracing host:port')}\
  - name: otlp
    type: STRICT_DNS
    connect_timeout: 0.25s
    typed_extension_protocol_options: *http2
${loadAssignment('otlp', cluster.endpoints.map(socketAddress))}`;
}

function placeholderHint({ guessed }: Cluster, option: string): string {
  return guessed ? `  # Where is it? This address is a guess: ${option}, or set it here.\n` : '';
}

function loadAssignment(cluster: string, addresses: readonly string[]): string {
  const endpoints = addresses.map((address) => `{ endpoint: { address: ${address} } }`);
  const list =
    endpoints.length === 1 ? ` [${endpoints[0]}]` : endpoints.map((endpoint) => `\n        - ${endpoint}`).join('');
  return `\
    load_assignment:
      cluster_name: ${scalar(cluster)}
      endpoints:
      - lb_endpoints:${list}
`;
}

/** A STATIC cluster takes no names; the only one a socket may have, localhost, is read as an address. */
function ownSocket(socket: string): string {
  const address = socketAddressOf(socket);
  return 'path' in address ? `{ pipe: { path: ${scalar(address.path)} } }` : socketAddress(address);
}
