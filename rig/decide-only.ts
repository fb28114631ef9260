/**
 * Changes a parsed envoy.yaml so that deciding is all it does, and a lost decision shows: fail-closed, with a timeout
 * that scheduling on two cores never takes, and Envoy itself answering 200 on the canary's route and 418 on the other.
 */
// biome-ignore lint/suspicious/noExplicitAny: a tree of YAML
export function decideOnly(config: any): void {
  const manager = config.static_resources.listeners[0].filter_chains[0].filters[0].typed_config;
  const decide = manager.http_filters[0].typed_config;
  decide.failure_mode_allow = false;
  decide.message_timeout = '3s';
  for (const route of manager.route_config.virtual_hosts[0].routes) {
    delete route.route;
    const status = route.name === 'flight-delay-canary' ? 200 : 418;
    route.direct_response = { status, body: { inline_string: 'x' } };
  }
  // spans would only fill a collector nobody runs
  manager.tracing.random_sampling = { value: 0 };
}
