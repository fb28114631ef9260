/** Do copies find their way through the loop, and end before they can hold production back? */
import { LOOP_CLUSTER } from '../extproc/answer.ts';
import { type Chain, decideFilter, type PlacedRoute } from './chains.ts';
import type { Check, Sighting } from './check.ts';
import { strippedPrefixes } from './edge.ts';
import { shortestTimeoutMs } from './places.ts';
import { slotCount } from './rollouts.ts';
import type { View } from './view.ts';

export const loopChecks: readonly Check[] = [
  {
    id: 'loop-cluster-missing',
    severity: 'error',
    about: `There is no cluster ${LOOP_CLUSTER}.`,
    why: 'Every copy is sent there. A mirror to a cluster that does not exist is no copy and no error.',
    mend: `Add the cluster ${LOOP_CLUSTER}, leading to the internal listener.`,
    find: ({ clusters }) => (clusters.has(LOOP_CLUSTER) ? [] : [{ what: `no cluster is named ${LOOP_CLUSTER}` }]),
  },
  {
    id: 'loop-listener-missing',
    severity: 'error',
    about: `The cluster ${LOOP_CLUSTER} leads to no internal listener.`,
    why: 'Copies end nowhere, or reach a shadow past the log: there are no pairs.',
    mend: 'Add an internal listener with the log, the capture filter and a route per shadow, and lead the cluster there.',
    find: ({ clusters, loop }) =>
      clusters.has(LOOP_CLUSTER) && loop === undefined
        ? [{ what: `it leads to ${clusters.get(LOOP_CLUSTER)?.addresses.join(', ') || 'no host'}` }]
        : [],
  },
  perLoop({
    id: 'loop-route-missing',
    severity: 'error',
    about: 'The loop has no route for a shadow.',
    why: 'Its copies are answered with 404 inside Envoy and never reach it.',
    mend: 'Add a route for x-understudy-role: shadow-n with cluster_header: x-understudy-shadow-n.',
    find: (loop, { rollouts }) =>
      Array.from({ length: slotCount(rollouts) }, (_, index) => index + 1)
        .filter((slot) => !loop.routes.some((placed) => isForSlot(placed, slot)))
        .map((slot) => `no route leads shadow-${slot} to the cluster that x-understudy-shadow-${slot} names`),
  }),
  perLoop({
    id: 'loop-timeout-long',
    severity: 'warning',
    about: "A shadow may take as long as production's route or longer.",
    why: "Production's timeout ends the copy too: a slow shadow vanishes without a status, and is unmatched.",
    mend: "Give the routes of the loop a timeout below production's.",
    find(loop, view) {
      const limitMs = shortestTimeoutMs(view);
      if (limitMs === undefined) return [];
      return loop.routes.flatMap(({ route }) => {
        const timeoutMs = route.route?.timeout;
        if (timeoutMs === undefined || (timeoutMs > 0 && timeoutMs < limitMs)) return [];
        return `route ${route.name}: ${timeoutMs === 0 ? 'none' : `${timeoutMs / 1_000} s`}, production ${limitMs / 1_000} s`;
      });
    },
  }),
  perLoop({
    id: 'loop-route-limits-stream',
    severity: 'warning',
    about: 'A route of the loop has max_stream_duration.',
    why: "There it silently switches the route's timeout off: a slow shadow is no longer a 504 with its reason.",
    mend: "Set max_stream_duration in the connection manager's common_http_protocol_options instead.",
    find: (loop) =>
      loop.routes
        .filter(({ route }) => route.route?.max_stream_duration !== undefined)
        .map(({ route }) => `route ${route.name} has it`),
  }),
  perLoop({
    id: 'loop-unlimited',
    severity: 'error',
    about: 'Nothing ends a copy whose shadow stopped reading.',
    why: "A shadow that stops reading holds production's upload back until the copy ends.",
    mend: "Set max_stream_duration in the loop's common_http_protocol_options, a little above its routes' timeout.",
    find: ({ manager }) =>
      manager.common_http_protocol_options.max_stream_duration === undefined
        ? ['common_http_protocol_options.max_stream_duration is not set']
        : [],
  }),
  perLoop({
    id: 'loop-strips',
    severity: 'error',
    about: 'The loop removes the headers that copies are led and joined by.',
    why: 'Copies then have no shadow and no id: there are no pairs.',
    mend: 'Remove the early_header_mutation from the loop; it belongs to the edge.',
    find: ({ manager }) => strippedPrefixes(manager).map((prefix) => `the prefix "${prefix}" is removed`),
  }),
  perLoop({
    id: 'loop-decides',
    severity: 'error',
    about: 'The loop asks Understudy about copies.',
    why: 'A second decision gives the copy another id: it never finds its pair.',
    mend: 'Remove the decide filter from the loop; it belongs to the edge.',
    find: (loop) => (decideFilter(loop) ? ['the decide filter is among its http_filters'] : []),
  }),
];

function perLoop(check: Omit<Check, 'find'> & { find(loop: Chain, view: View): readonly string[] }): Check {
  return {
    ...check,
    find: (view): Sighting[] => {
      const { loop } = view;
      return loop ? check.find(loop, view).map((what) => ({ what, where: `listener ${loop.listener}` })) : [];
    },
  };
}

function isForSlot({ route }: PlacedRoute, slot: number): boolean {
  return (
    route.route?.cluster_header === `x-understudy-shadow-${slot}` &&
    route.match.headers.some(
      ({ name, string_match }) => name === 'x-understudy-role' && string_match?.exact === `shadow-${slot}`,
    )
  );
}
