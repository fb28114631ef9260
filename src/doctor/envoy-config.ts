/** The parts of Envoy's configuration that are examined, as its admin endpoint shows them; everything else is left out. */
import { z } from 'zod';

/** Throws with the place when Envoy's answer has not the shape that 1.36 to 1.40 give it. */
export function read<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const { data, error } = schema.safeParse(value);
  if (error) throw new Error(`Envoy's answer cannot be read: ${z.prettifyError(error)}`);
  return data;
}

const text = z.string().default('');
const flag = z.boolean().default(false);
const list = <Item extends z.ZodType>(item: Item) => z.array(item).default([]);

/** `0.050s` -> 50 */
const durationMs = z.string().transform((value) => Number.parseFloat(value) * 1_000);
const percent = z.object({ value: z.number().default(0) });
const typedConfig = z.looseObject({ '@type': text });
const extension = z.object({ name: text, typed_config: typedConfig.prefault({}) });
const grpcService = z.object({ envoy_grpc: z.object({ cluster_name: text }).optional() }).prefault({});

const headerMatcher = z.object({
  name: z.string(),
  string_match: z.object({ exact: z.string().optional() }).optional(),
});
const headerMutation = z.object({
  append: z.object({ header: z.object({ key: z.string(), value: text }) }).optional(),
  remove_on_match: z.object({ key_matcher: z.object({ prefix: z.string().optional() }) }).optional(),
});
const mirrorPolicy = z.object({
  cluster_header: text,
  disable_shadow_host_suffix_append: flag,
  request_headers_mutations: list(headerMutation),
});
const routeAction = z.object({
  cluster: text,
  cluster_header: text,
  weighted_clusters: z.object({ clusters: list(z.object({ name: text })) }).optional(),
  timeout: durationMs.default(15_000),
  max_stream_duration: z.looseObject({}).optional(),
  request_mirror_policies: list(mirrorPolicy),
});
const perFilter = z.record(z.string(), z.looseObject({ disabled: z.unknown() })).default({});
const route = z.object({
  name: text,
  match: z.looseObject({ headers: list(headerMatcher) }).prefault({}),
  route: routeAction.optional(),
  typed_per_filter_config: perFilter,
});
const virtualHost = z.object({
  name: text,
  routes: list(route),
  request_mirror_policies: list(mirrorPolicy),
  typed_per_filter_config: perFilter,
});
const routeConfiguration = z.object({
  name: text,
  virtual_hosts: list(virtualHost),
  request_mirror_policies: list(mirrorPolicy),
});

export const connectionManager = z.object({
  stat_prefix: text,
  http_filters: list(extension),
  access_log: list(extension.extend({ filter: z.unknown().optional() })),
  early_header_mutation_extensions: list(extension),
  tracing: z
    .object({
      random_sampling: percent.optional(),
      max_path_tag_length: z.number().optional(),
      custom_tags: list(z.object({ tag: text })),
    })
    .optional(),
  common_http_protocol_options: z.object({ max_stream_duration: durationMs.optional() }).prefault({}),
  route_config: routeConfiguration.optional(),
  rds: z.object({ route_config_name: text }).optional(),
});

export const earlyHeaderMutation = z.object({ mutations: list(headerMutation) });

/** Both modes that carry a body or a header out by default are said here as Envoy understands their absence. */
const processingMode = z.object({
  request_header_mode: z.string().default('SEND'),
  response_header_mode: z.string().default('SEND'),
  request_body_mode: z.string().default('NONE'),
  response_body_mode: z.string().default('NONE'),
  request_trailer_mode: z.string().default('SKIP'),
  response_trailer_mode: z.string().default('SKIP'),
});
export const extProc = z.object({
  stat_prefix: text,
  grpc_service: grpcService,
  failure_mode_allow: flag,
  observability_mode: flag,
  disable_immediate_response: flag,
  message_timeout: durationMs.default(200),
  processing_mode: processingMode.prefault({}),
  request_attributes: list(z.string()),
  mutation_rules: z.object({ disallow_all: flag, allow_expression: z.object({ regex: text }).optional() }).prefault({}),
  metadata_options: z
    .object({ receiving_namespaces: z.object({ untyped: list(z.string()) }).prefault({}) })
    .prefault({}),
});
export type ExtProc = z.output<typeof extProc>;

export const luaFilter = z.object({
  default_source_code: z.object({ filename: text, inline_string: text }).prefault({}),
});
export const router = z.object({ upstream_http_filters: list(extension) });

export const grpcAccessLog = z.object({
  common_config: z.object({ log_name: text, grpc_service: grpcService }).prefault({}),
  additional_request_headers_to_log: list(z.string()),
  additional_response_headers_to_log: list(z.string()),
  additional_response_trailers_to_log: list(z.string()),
});

const httpFilterChain = z.object({ filters: list(extension) });
const listener = z.object({
  name: text,
  internal_listener: z.looseObject({}).optional(),
  filter_chains: list(httpFilterChain),
  default_filter_chain: httpFilterChain.optional(),
});

const address = z.object({
  pipe: z.object({ path: text }).optional(),
  socket_address: z.object({ address: text, port_value: z.number().default(0) }).optional(),
  envoy_internal_address: z.object({ server_listener_name: text }).optional(),
});
export type Address = z.output<typeof address>;
const loadAssignment = z.object({
  cluster_name: text,
  endpoints: list(z.object({ lb_endpoints: list(z.object({ endpoint: z.object({ address }).optional() })) })),
});
const http2Options = z.object({ connection_keepalive: z.looseObject({}).optional() });
const httpConfig = z.object({ http2_protocol_options: http2Options.optional() }).optional();
const cluster = z.object({
  name: z.string(),
  alt_stat_name: text,
  load_assignment: loadAssignment.optional(),
  health_checks: list(z.object({ grpc_health_check: z.looseObject({}).optional() })),
  common_lb_config: z.object({ healthy_panic_threshold: percent.optional() }).prefault({}),
  circuit_breakers: z.object({ thresholds: list(z.looseObject({})) }).prefault({}),
  typed_extension_protocol_options: z
    .record(
      z.string(),
      z.object({ http_filters: list(extension), explicit_http_config: httpConfig, auto_config: httpConfig }),
    )
    .default({}),
});

/** One entry of `configs`; each kind has its own lists and none of the others'. */
export const configDump = z.object({
  configs: list(
    z.object({
      static_listeners: list(z.object({ listener })),
      dynamic_listeners: list(z.object({ active_state: z.object({ listener }).optional() })),
      static_clusters: list(z.object({ cluster })),
      dynamic_active_clusters: list(z.object({ cluster })),
      dynamic_endpoint_configs: list(z.object({ endpoint_config: loadAssignment })),
      dynamic_route_configs: list(z.object({ route_config: routeConfiguration })),
    }),
  ),
});

export const serverInfo = z.object({ version: z.string(), state: text });
export const statistics = z.object({
  stats: list(z.object({ name: text, value: z.unknown() })),
});

export type ConnectionManager = z.output<typeof connectionManager>;
export type Extension = z.output<typeof extension>;
export type RouteConfiguration = z.output<typeof routeConfiguration>;
export type Route = z.output<typeof route>;
export type RouteAction = z.output<typeof routeAction>;
export type MirrorPolicy = z.output<typeof mirrorPolicy>;
export type Listener = z.output<typeof listener>;
export type EnvoyCluster = z.output<typeof cluster>;
export type GrpcAccessLog = z.output<typeof grpcAccessLog>;
