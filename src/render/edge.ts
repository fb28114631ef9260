/** The listener of users: what is stripped, asked, captured and logged. */
import type { EnvoyPlan } from './plan.ts';
import { routes, SLOTS } from './routes.ts';
import { scalar, socketAddress } from './yaml.ts';

export function edgeListener(plan: EnvoyPlan): string {
  return `\
  - name: edge
    address: ${socketAddress(plan.listen)}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: edge
          use_remote_address: true
          # Our headers choose clusters. A client that could send them would choose its own model and fire shadows.
          # x-shadowed is not among them: a shadow that leads back here must arrive with its mark, or is mirrored again.
          early_header_mutation_extensions:
          - name: strip
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation
              mutations:
              - remove_on_match: { key_matcher: { prefix: x-understudy- } }
${tracing(plan)}\
          access_log:
          - name: envoy.access_loggers.http_grpc
            # Only what was decided: everything else is counted by Envoy's own statistics.
            filter: &decided { header_filter: { header: { name: x-understudy-id, present_match: true } } }
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig
              common_config:
                log_name: production
                transport_api_version: V3
                # Batches, so that a log entry costs far less than a call. When Understudy does not read, Envoy never
                # waits: it drops entries and counts them in access_logs.grpc_access_log.logs_dropped. A rising count
                # means missing evidence, not slower users.
                buffer_flush_interval: 0.2s
                buffer_size_bytes: 65536
                grpc_service: &observe { envoy_grpc: { cluster_name: understudy_observe } }
              additional_request_headers_to_log: &request_headers
              - x-understudy-id
              - x-understudy-arm
              - x-understudy-role
${SLOTS.map((slot) => `              - x-understudy-shadow-${slot}\n`).join('')}\
              - traceparent
              # What predictions are read from must be here too: a header that is not logged is missing in every pair.
              additional_response_headers_to_log: &response_headers
${plan.logged.headers.map((header) => `              - ${scalar(header)}\n`).join('')}\
              additional_response_trailers_to_log: &response_trailers [${plan.logged.trailers.map(scalar).join(', ')}]
          http_filters:
          - name: decide
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor
              stat_prefix: decide
              grpc_service: { envoy_grpc: { cluster_name: understudy_decide } }
              # Dead, slow or wrong, the decider costs the user at most this long.
              failure_mode_allow: true
              message_timeout: 0.050s
              # It may choose a model. It may not answer in its place, ...
              disable_immediate_response: true
              # ... nor touch any header but its own (the allowed expression wins over disallow_all).
              mutation_rules: { disallow_all: true, allow_expression: { regex: x-understudy-.* } }
              # Request headers only: a body sent out for a decision would hold the user's request back.
              processing_mode:
                request_header_mode: SEND
                request_body_mode: NONE
                request_trailer_mode: SKIP
                response_header_mode: SKIP
                response_body_mode: NONE
                response_trailer_mode: SKIP
              # The rollout is found by the route; the address is the trusted one, behind proxies too.
              request_attributes: [xds.route_name, source.address]
              # Facts about the decision go to the log entry this way, and to no model.
              metadata_options: { receiving_namespaces: { untyped: [understudy.decision] } }
          # Last before the router: it sees the bytes as the model got and sent them. It copies nothing unless a
          # rollout's \`capture\` asks for it, so that can be changed without changing this file.
          - &capture
            name: capture
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua
              default_source_code: { filename: ${scalar(plan.luaPath)} }
          - &router
            name: envoy.filters.http.router
            typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }
${routes(plan)}`;
}

function tracing({ tracing }: EnvoyPlan): string {
  if (tracing === undefined) return '';
  const { sampleBp } = tracing;
  const share =
    sampleBp === 10_000
      ? 'Every request, for a demonstration; in production one percent or less.'
      : 'A part of the requests.';
  return `\
          tracing: &tracing
            # One span per model call: its traceparent is what the model sees and what the log entry carries.
            spawn_upstream_span: true
            # ${share} A shadow follows its request.
            random_sampling: { value: ${sampleBp / 100} }
            # Spans would carry the URL with its query, which may be anybody's secret: so they carry the host alone. From
            # Envoy 1.37 on, this in its place keeps the path:
            #   custom_tags: [{ tag: http.url, value: "%REQ(:SCHEME)%://%REQ(:AUTHORITY)%%PATH(NQ)%" }]
            max_path_tag_length: 0
            provider:
              name: envoy.tracers.opentelemetry
              typed_config:
                "@type": type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig
                service_name: edge
                grpc_service: { envoy_grpc: { cluster_name: otlp }, timeout: 1s }
`;
}
