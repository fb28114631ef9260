import type { Config } from '../config/parse.ts';
import { clusters } from './clusters.ts';
import { edgeListener } from './edge.ts';
import { loopListener } from './loop.ts';
import { planEnvoy, type RenderOptions } from './plan.ts';
import { socketAddress } from './yaml.ts';

/** A whole envoy.yaml for `config`, with the reasons as comments. What must hold in it was proven on a real Envoy. */
export function renderEnvoy(config: Config, options: RenderOptions): string {
  const plan = planEnvoy(config, options);
  return `\
# How does Envoy ask Understudy who answers a request, and how does it show it what was answered?
#
#   client -> listener "edge":  strip x-understudy-*  ->  decide (ext_proc)  ->  capture (Lua)  ->  router -> model
#                                                                                                     | 0..4 copies
#             listener "understudy_loop" (inside Envoy):                         capture (Lua)  ->  router -> shadow
#
#   Both listeners log finished requests to Understudy. Only "decide" is on the user's path, and Envoy goes on without
#   it: then the catch-all route answers and nothing is mirrored, because canary and mirrors both need its headers.
#
# Runs on Envoy 1.36 to 1.40. To add it to an Envoy of your own: the stripping, the two filters, the access log and the
# tracing, the canary route and mirror slots of each model, the loop listener, and the clusters of shadows and ours.
# Printed by \`understudy render envoy\`; docs/envoy.md says what each part does and which counters to watch.

admin:
  # Whoever reaches it can stop Envoy and read its configuration. Loopback; all addresses only inside a container that
  # publishes the port on its host's loopback.
  address: ${socketAddress(plan.adminListen)}

bootstrap_extensions:
- name: envoy.bootstrap.internal_listener
  typed_config: { "@type": type.googleapis.com/envoy.extensions.bootstrap.internal_listener.v3.InternalListener }

static_resources:
  listeners:
${edgeListener(plan)}
${loopListener(plan)}
  clusters:
${clusters(plan)}`;
}
