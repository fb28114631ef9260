/** Is Envoy's edge asking Understudy in the way that cannot hurt a user? */
import { RE2JS } from 're2js';
import { DECISION_NAMESPACE } from '../extproc/answer.ts';
import { decideFilter, isOfType } from './chains.ts';
import { type Check, ofDecide, ofEdges } from './check.ts';
import { read, router } from './envoy-config.ts';

const LONGEST_TIMEOUT_MS = 200;
const SHORTEST_TIMEOUT_MS = 10;
const OUR_HEADERS = ['id', 'arm', 'capture', 'mirror-1', 'shadow-1'].map((name) => `x-understudy-${name}`);
const OTHER_HEADERS = ['host', ':path', 'authorization', 'cookie', 'x-user-id'];

export const decideFilterChecks: readonly Check[] = [
  ofEdges({
    id: 'decide-missing',
    severity: 'error',
    about: 'A listener has a route of a rollout and does not ask Understudy.',
    why: 'Every user gets the stable arm and nothing is mirrored. Nothing else shows it.',
    mend: 'Add the decide filter (ext_proc) to the http_filters of this listener.',
    needs: 'rollouts',
    find: (chain) => (decideFilter(chain) ? [] : ['no ext_proc filter leads to Understudy']),
  }),
  ofEdges({
    id: 'decide-too-late',
    severity: 'error',
    about: 'The decide filter stands behind the capture filter.',
    why: 'Capture obeys a header that decide sets: before it, nothing is captured and bodies are never compared.',
    mend: 'Put decide before capture in http_filters.',
    find(chain) {
      const decide = decideFilter(chain);
      const capture = chain.filters.findIndex(({ kind }) => kind === 'capture');
      return decide && capture !== -1 && capture < decide.index
        ? [`capture is filter ${capture + 1}, decide is filter ${decide.index + 1}`]
        : [];
    },
  }),
  ofEdges({
    id: 'decide-switched-off',
    severity: 'error',
    about: 'The decide filter is switched off on the route of a rollout.',
    why: 'Requests of this route are never decided: all go to stable and nothing is mirrored.',
    mend: 'Remove the override (typed_per_filter_config) from the route and its virtual host.',
    needs: 'rollouts',
    find(chain, { rollouts }) {
      const decide = decideFilter(chain);
      const filter = decide && chain.filters[decide.index];
      return rollouts
        .flatMap(({ routes }) => routes)
        .filter((name) =>
          chain.routes.some(({ route, disabled }) => route.name === name && disabled.includes(filter?.name ?? '')),
        )
        .map((name) => `route ${name} has it disabled`);
    },
  }),
  ofDecide({
    id: 'decide-fail-closed',
    severity: 'error',
    about: 'The decide filter refuses requests when Understudy does not answer.',
    why: 'When Understudy is stopped, slow or upgraded, every user gets an error.',
    mend: 'Set failure_mode_allow: true.',
    find: ({ failure_mode_allow }) => !failure_mode_allow && 'failure_mode_allow is false',
  }),
  ofDecide({
    id: 'decide-only-observes',
    severity: 'error',
    about: 'The decide filter does not wait for an answer.',
    why: 'In observability mode Envoy ignores what Understudy says: no canary, no shadow.',
    mend: 'Remove observability_mode.',
    find: ({ observability_mode }) => observability_mode && 'observability_mode is true',
  }),
  ofDecide({
    id: 'decide-not-asked',
    severity: 'error',
    about: 'The decide filter does not send the request headers.',
    why: 'Understudy decides on the request headers and never hears of the request.',
    mend: 'Set processing_mode.request_header_mode: SEND.',
    find: ({ processing_mode: { request_header_mode: mode } }) =>
      mode === 'SKIP' && `processing_mode.request_header_mode is ${mode}`,
  }),
  ofDecide({
    id: 'decide-sends-bodies',
    severity: 'error',
    about: 'The decide filter sends bodies to Understudy.',
    why: "A body sent out for a decision holds the user's request or answer back, and a stalled sidecar stops it.",
    mend: 'Set request_body_mode and response_body_mode of processing_mode to NONE.',
    find: ({ processing_mode: mode }) => notEqual(mode, ['request_body_mode', 'response_body_mode'], 'NONE'),
  }),
  ofDecide({
    id: 'decide-sends-too-much',
    severity: 'warning',
    about: 'The decide filter sends more than the request headers.',
    why: "The stream stays open until the model has answered, and the user's answer waits for Understudy once more.",
    mend: 'Set response_header_mode (SEND when it is not said), request_trailer_mode and response_trailer_mode to SKIP.',
    find: ({ processing_mode: mode }) =>
      notEqual(mode, ['response_header_mode', 'request_trailer_mode', 'response_trailer_mode'], 'SKIP'),
  }),
  ofDecide({
    id: 'decide-route-unsaid',
    severity: 'error',
    about: 'The decide filter does not say which route was chosen.',
    why: "The rollout is found by the route's name. Without it no request belongs to any rollout.",
    mend: 'Add xds.route_name to request_attributes.',
    find: ({ request_attributes: sent }) => !sent.includes('xds.route_name') && `request_attributes is [${sent}]`,
  }),
  ofDecide({
    id: 'decide-address-unsaid',
    severity: 'error',
    about: "A rollout uses the client's address and the decide filter does not send it.",
    why: 'Who is known only by address has no unit and no geography: everybody of them stays on stable.',
    mend: 'Add source.address to request_attributes.',
    needs: 'config',
    find: ({ request_attributes: sent }, { rollouts }) =>
      rollouts.some(({ locates }) => locates) && !sent.includes('source.address') && `request_attributes is [${sent}]`,
  }),
  ofDecide({
    id: 'decide-metadata-refused',
    severity: 'error',
    about: "Facts about the decision do not reach Envoy's log.",
    why: 'A log entry without them is rejected (no-decision): there are no pairs.',
    mend: `Add ${DECISION_NAMESPACE} to metadata_options.receiving_namespaces.untyped.`,
    find({ metadata_options }) {
      const { untyped } = metadata_options.receiving_namespaces;
      return !untyped.includes(DECISION_NAMESPACE) && `receiving_namespaces.untyped is [${untyped}]`;
    },
  }),
  ofDecide({
    id: 'decide-timeout-long',
    severity: 'warning',
    about: `Envoy waits longer than ${LONGEST_TIMEOUT_MS} ms for a decision.`,
    why: 'This is what a frozen sidecar adds to requests until the health check notices.',
    mend: 'Set message_timeout: 0.050s.',
    find: ({ message_timeout: ms }) => ms > LONGEST_TIMEOUT_MS && `message_timeout is ${ms} ms`,
  }),
  ofDecide({
    id: 'decide-timeout-short',
    severity: 'warning',
    about: `Envoy waits less than ${SHORTEST_TIMEOUT_MS} ms for a decision.`,
    why: 'A pause of a few milliseconds anywhere on the machine then loses decisions: those users get stable.',
    mend: 'Set message_timeout: 0.050s.',
    find: ({ message_timeout: ms }) => ms < SHORTEST_TIMEOUT_MS && `message_timeout is ${ms} ms`,
  }),
  ofDecide({
    id: 'decide-may-answer',
    severity: 'warning',
    about: 'Envoy would let the decider answer users itself.',
    why: 'Whoever gets hold of the decide socket could answer in place of your models.',
    mend: 'Set disable_immediate_response: true.',
    find: ({ disable_immediate_response: disabled }) => !disabled && 'disable_immediate_response is false',
  }),
  ofDecide({
    id: 'mutations-too-wide',
    severity: 'warning',
    about: 'Envoy would let the decider write headers that are not its own.',
    why: 'Whoever gets hold of the decide socket could be any user to your models.',
    mend: 'Set mutation_rules: { disallow_all: true, allow_expression: { regex: x-understudy-.* } }.',
    find({ mutation_rules: { disallow_all, allow_expression } }) {
      if (!disallow_all) return 'mutation_rules.disallow_all is false';
      const other = OTHER_HEADERS.find((header) => isAllowed(allow_expression, header));
      return other && `mutation_rules.allow_expression allows ${other}`;
    },
  }),
  ofDecide({
    id: 'mutations-too-narrow',
    severity: 'error',
    about: 'Envoy throws away headers that a decision consists of.',
    why: 'Without its headers a decision has no effect: the user gets stable, or no copy is made.',
    mend: 'Set mutation_rules: { disallow_all: true, allow_expression: { regex: x-understudy-.* } }.',
    find({ mutation_rules: { disallow_all, allow_expression } }) {
      const refused = OUR_HEADERS.filter((header) => disallow_all && !isAllowed(allow_expression, header));
      return refused.length > 0 && `mutation_rules refuse ${refused.join(', ')}`;
    },
  }),
  {
    id: 'ext-proc-upstream',
    severity: 'error',
    about: 'External processing is used as an upstream filter.',
    why: 'This was seen to crash Envoy 1.36 to 1.40, in several ways, with requests that are mirrored.',
    mend: 'Remove ext_proc from the upstream filters. Understudy needs it at the edge only.',
    find({ chains, clusters }) {
      const inClusters = [...clusters.values()].flatMap(({ name, typed_extension_protocol_options }) =>
        Object.values(typed_extension_protocol_options)
          .filter(({ http_filters }) => http_filters.some(isOfType('ExternalProcessor')))
          .map(() => ({ what: 'http_filters of the cluster hold ext_proc', where: `cluster ${name}` })),
      );
      const inRouters = chains.flatMap(({ listener, manager }) =>
        manager.http_filters
          .filter(isOfType('Router'))
          .filter(({ typed_config }) =>
            read(router, typed_config).upstream_http_filters.some(isOfType('ExternalProcessor')),
          )
          .map(() => ({ what: 'upstream_http_filters of the router hold ext_proc', where: `listener ${listener}` })),
      );
      return [...inClusters, ...inRouters];
    },
  },
];

function notEqual<Key extends string>(
  modes: Readonly<Record<Key, string>>,
  keys: readonly Key[],
  wanted: string,
): string | false {
  const wrong = keys.filter((key) => modes[key] !== wanted);
  return wrong.length > 0 && wrong.map((key) => `processing_mode.${key} is ${modes[key]}`).join(', ');
}

/** Envoy's rule: the expression must match the whole name. */
function isAllowed(expression: { readonly regex: string } | undefined, header: string): boolean {
  return expression !== undefined && RE2JS.compile(expression.regex).matches(header);
}
