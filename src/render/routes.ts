/** Which request goes to which model, and where its copies go. */
import type { EnvoyPlan, RoutePair } from './plan.ts';
import { scalar, seconds } from './yaml.ts';

/** As many as a rollout may have shadows, and not only as it has now: a new shadow then needs no new route. */
export const SLOTS = [1, 2, 3, 4] as const;

export function routes(plan: EnvoyPlan): string {
  return `\
          route_config:
            name: edge
            virtual_hosts:
            - name: models
              domains: ["*"]
${plan.responseHeaders ? responseHeaders : ''}\
              routes:
${plan.routes.some(({ prefix }) => prefix === '/') ? '' : noCatchAll}\
${plan.routes.map((pair, index) => routePair(pair, index, plan)).join('')}`;
}

const responseHeaders = `\
              # Who answered, and the id by which a user's reaction can be told later. Without a decision there are none.
              response_headers_to_add:
              - header: { key: x-understudy-id, value: "%REQ(x-understudy-id)%" }
                append_action: OVERWRITE_IF_EXISTS_OR_ADD
              - header: { key: x-understudy-arm, value: "%REQ(x-understudy-arm)%" }
                append_action: OVERWRITE_IF_EXISTS_OR_ADD
`;

const noCatchAll = `\
              # The first that matches wins. A path that none of them takes gets a 404 from Envoy.
`;

function routePair(pair: RoutePair, index: number, plan: EnvoyPlan): string {
  return `\
${pair.guessed ? guess : ''}\
              - name: ${scalar(`${pair.name}-canary`)}
                match:
                  prefix: ${scalar(pair.prefix)}
                  headers:
                  - { name: x-understudy-arm, string_match: { exact: canary } }
                route:${index === 0 ? firstTarget(pair.canary, plan) : ` ${target(pair.canary, plan)}\n`}\
${index === 0 ? routeName : ''}\
              - name: ${scalar(pair.name)}
                match: { prefix: ${scalar(pair.prefix)} }
                route: ${target(pair.stable, plan)}
`;
}

const guess = `\
              # The prefix is a guess: --match ROUTE=/prefix, or set it in both routes that follow.
`;

const routeName = `\
              # Understudy finds the rollout by the name of this route: when it is asked, no arm is known yet.
`;

function firstTarget(cluster: string, { routeTimeoutMs }: EnvoyPlan): string {
  return `
                  cluster: ${scalar(cluster)}
                  timeout: ${seconds(routeTimeoutMs)}
                  # Four slots, each empty until a request carries its header. Cookies and authorization are copied too;
                  # where a shadow must not have them, add { remove: cookie } to its mutations.
                  request_mirror_policies: &mirrors
${SLOTS.map(mirrorSlot).join('')}`;
}

function target(cluster: string, { routeTimeoutMs }: EnvoyPlan): string {
  return `{ cluster: ${scalar(cluster)}, timeout: ${seconds(routeTimeoutMs)}, request_mirror_policies: *mirrors }`;
}

function mirrorSlot(slot: number): string {
  return `\
                  - cluster_header: x-understudy-mirror-${slot}
                    disable_shadow_host_suffix_append: true
                    request_headers_mutations:
                    - append:
                        header: { key: x-understudy-role, value: shadow-${slot} }
                        append_action: OVERWRITE_IF_EXISTS_OR_ADD
${slot === 1 ? mark : '                    - *shadowed\n'}`;
}

const mark = `\
                    # The mark that ends a circle: a shadow leading back here would otherwise be mirrored without end.
                    - &shadowed
                      append: { header: { key: x-shadowed, value: "1" }, append_action: OVERWRITE_IF_EXISTS_OR_ADD }
`;
