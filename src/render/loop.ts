/** The listener inside Envoy through which every copy goes to its shadow. */
import type { EnvoyPlan } from './plan.ts';
import { SLOTS } from './routes.ts';
import { seconds } from './yaml.ts';

export function loopListener(plan: EnvoyPlan): string {
  const shadowTimeout = seconds(plan.shadowTimeoutMs);
  return `\
  # A mirrored copy has no filters and no log entry of its own. Led through a listener, it has both.
  - name: understudy_loop
    internal_listener: {}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: understudy_loop
          # A shadow sees what production saw: the same request id, and no more addresses than the mirror itself adds.
          generate_request_id: false
          preserve_external_request_id: true
          skip_xff_append: true
          # A route's timeout starts when the request is complete. This one starts with it, for a shadow that stops
          # reading an upload: it holds production's upload back until then. Above the routes' ${plan.shadowTimeoutMs / 1_000} s, so that it is only
          # the backstop; and not on the routes, where it would silently switch their timeout off.
          common_http_protocol_options: { max_stream_duration: ${seconds(plan.maxCopyMs)} }
${plan.tracing === undefined ? '' : '          tracing: *tracing\n'}\
          access_log:
          - name: envoy.access_loggers.http_grpc
            filter: *decided
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig
              common_config:
                log_name: shadow
                transport_api_version: V3
                buffer_flush_interval: 0.2s
                buffer_size_bytes: 65536
                grpc_service: *observe
              additional_request_headers_to_log: *request_headers
              additional_response_headers_to_log: *response_headers
              additional_response_trailers_to_log: *response_trailers
          http_filters: [*capture, *router]
          route_config:
            name: understudy_loop
            virtual_hosts:
            - name: shadows
              domains: ["*"]
              routes:
              # Shorter than production's ${plan.routeTimeoutMs / 1_000} s, which also ends the mirror: so a slow shadow is logged as a 504 with its
              # reason, where it would otherwise vanish without a status.
${SLOTS.map((slot) => shadowRoute(slot, shadowTimeout)).join('')}`;
}

function shadowRoute(slot: number, timeout: string): string {
  return `\
              - name: shadow-${slot}
                match: { prefix: /, headers: [{ name: x-understudy-role, string_match: { exact: shadow-${slot} } }] }
                route: { cluster_header: x-understudy-shadow-${slot}, timeout: ${timeout} }
`;
}
