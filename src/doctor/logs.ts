/** Does Envoy tell Understudy about both sides, with all that a pair needs? */
import { loggedFor } from '../config/logged.ts';
import type { Chain, Log } from './chains.ts';
import { type Check, ofEdges, type Sighting } from './check.ts';
import { slotCount } from './rollouts.ts';
import type { View } from './view.ts';

type LogName = 'production' | 'shadow';

export const logChecks: readonly Check[] = [
  perChain({
    id: 'log-missing',
    severity: 'error',
    about: 'The edge or the loop does not log to Understudy.',
    why: 'One side of every pair is missing: nothing is compared.',
    mend: 'Add envoy.access_loggers.http_grpc, with log_name production at the edge and shadow in the loop.',
    find: (logs) => (logs.length === 0 ? ['no gRPC access log'] : []),
  }),
  perChain({
    id: 'log-name-wrong',
    severity: 'error',
    about: 'A log has not the name of its side.',
    why: 'The name says which side it is: entries of another name are rejected, or taken for the other side.',
    mend: 'Set log_name: production at the edge and log_name: shadow in the loop.',
    find: (logs, name) =>
      logs.length === 0 || logs.some(({ common_config }) => common_config.log_name === name)
        ? []
        : [`log_name is ${logs.map(({ common_config }) => common_config.log_name)}, not ${name}`],
  }),
  perLog({
    id: 'log-unfiltered',
    severity: 'warning',
    about: 'Requests that were not decided are logged to Understudy too.',
    why: 'Each is sent, read and rejected (no-id): work for nothing.',
    mend: 'Add filter: { header_filter: { header: { name: x-understudy-id, present_match: true } } } to the log.',
    find: ({ filter }) =>
      JSON.stringify(filter ?? {}).includes('x-understudy-id') ? [] : ['no filter asks for x-understudy-id'],
  }),
  perLog({
    id: 'log-headers-missing',
    severity: 'error',
    about: 'The log leaves out a header that pairs are made from.',
    why: 'Entries without it are rejected, or their shadow is never waited for: there are no pairs.',
    mend: 'Add it to additional_request_headers_to_log.',
    find: ({ additional_request_headers_to_log: logged }, name, { rollouts }) =>
      neededHeaders(name, slotCount(rollouts))
        .filter((header) => !logged.includes(header))
        .map((header) => `${header} is not logged`),
  }),
  perLog({
    id: 'log-prediction-missing',
    severity: 'error',
    about: 'The log leaves out a response header or trailer that a prediction is read from.',
    why: 'Its field is missing in every pair, and what is missing does not agree.',
    mend: 'Add it to additional_response_headers_to_log or additional_response_trailers_to_log, at the edge and in the loop.',
    needs: 'config',
    find(log, _, { config }) {
      const { headers, trailers } = loggedFor(config?.rollouts ?? []);
      const lacking = (wanted: readonly string[], logged: readonly string[], kind: string) =>
        wanted
          .filter((name) => !logged.some((each) => each.toLowerCase() === name))
          .map((name) => `${kind} ${name} is not logged`);
      return [
        ...lacking(headers, log.additional_response_headers_to_log, 'header'),
        ...lacking(trailers, log.additional_response_trailers_to_log, 'trailer'),
      ];
    },
  }),
  perLog({
    id: 'log-trace-missing',
    severity: 'info',
    about: 'The log leaves out the trace.',
    why: 'No span of Understudy links the two model calls, and pairs do not say their trace.',
    mend: 'Add traceparent to additional_request_headers_to_log.',
    find: ({ additional_request_headers_to_log: logged }) =>
      logged.includes('traceparent') ? [] : ['traceparent is not logged'],
  }),
  ofEdges({
    id: 'sampling-full',
    severity: 'info',
    about: 'Every request is traced.',
    why: 'Each traced request costs several spans in Envoy and Understudy: fine for a demonstration.',
    mend: 'Set tracing.random_sampling to one percent or less in production.',
    find: ({ manager: { tracing } }) =>
      tracing !== undefined && (tracing.random_sampling?.value ?? 100) >= 100 ? ['random_sampling is 100 %'] : [],
  }),
  {
    id: 'spans-carry-query',
    severity: 'info',
    about: "Envoy's own spans carry the URL with its query.",
    why: 'What clients put into query strings is kept where the traces are. Spans of Understudy never hold it.',
    mend: 'Set max_path_tag_length: 0 in the tracing of both listeners, or a custom tag http.url that leaves it out.',
    find: ({ observed }) =>
      observed.flatMap(({ listener, manager: { tracing } }) => {
        const isKept =
          tracing?.max_path_tag_length !== 0 && !tracing?.custom_tags.some(({ tag }) => tag === 'http.url');
        return tracing && isKept ? [{ what: 'neither is set', where: `listener ${listener}` }] : [];
      }),
  },
];

function perChain(
  check: Omit<Check, 'find'> & { find(logs: readonly Log[], name: LogName, view: View): readonly string[] },
): Check {
  return {
    ...check,
    find: (view) =>
      sides(view).flatMap(([{ listener, logs }, name]): Sighting[] =>
        check.find(logs, name, view).map((what) => ({ what, where: `listener ${listener}` })),
      ),
  };
}

function perLog(check: Omit<Check, 'find'> & { find(log: Log, name: LogName, view: View): readonly string[] }): Check {
  return perChain({ ...check, find: (logs, name, view) => logs.flatMap((log) => check.find(log, name, view)) });
}

function sides({ edges, loop }: View): (readonly [Chain, LogName])[] {
  return [...edges.map((edge) => [edge, 'production'] as const), ...(loop ? [[loop, 'shadow'] as const] : [])];
}

function neededHeaders(name: LogName, slots: number): string[] {
  if (name === 'shadow') return ['x-understudy-id', 'x-understudy-role'];
  const shadows = Array.from({ length: slots }, (_, index) => `x-understudy-shadow-${index + 1}`);
  return ['x-understudy-id', 'x-understudy-arm', ...shadows];
}
