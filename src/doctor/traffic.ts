/** What Envoy itself counted since it started. */
import { decideFilter } from './chains.ts';
import { type Check, ofEdges, percentOf } from './check.ts';
import type { View } from './view.ts';

/** Fewer say nothing. */
const LEAST_REQUESTS = 10;
const TOLERATED_SHARE = 0.001;

export const trafficChecks: readonly Check[] = [
  perEdge({
    id: 'decide-silent',
    severity: 'error',
    about: 'The edge had requests and Envoy opened no stream to Understudy.',
    why: 'Nobody is ever asked: all users get stable and nothing is mirrored.',
    mend: 'Look whether the requests took another listener, or a filter before decide answered them.',
    find: (count) =>
      count('streams_started') === 0 && count.requests >= LEAST_REQUESTS && `${count.requests} requests, no stream`,
  }),
  perEdge({
    id: 'decide-failing-open',
    severity: 'warning',
    about: 'Envoy went on without a decision.',
    why: 'Those users got stable and were not mirrored: they are missing from every comparison.',
    mend: "Look at Understudy's threads and log at the time; `decide-timing-out` says whether it was too slow.",
    find: (count) => tooMany(count('failure_mode_allowed'), count('streams_started'), 'requests went on without one'),
  }),
  perEdge({
    id: 'decide-timing-out',
    severity: 'warning',
    about: 'Decisions came later than Envoy waits.',
    why: 'Those users waited for the whole message_timeout, and were not mirrored.',
    mend: 'Give Understudy more processor time, or a second decide socket; if the machine pauses, a longer message_timeout.',
    find: (count) => tooMany(count('message_timeouts'), count('stream_msgs_sent'), 'questions timed out'),
  }),
  perEdge({
    id: 'decide-misunderstood',
    severity: 'warning',
    about: 'Envoy got messages from Understudy that it did not expect.',
    why: 'Envoy goes on without the decision. The versions do not fit, or the filter is set up for another protocol.',
    mend: "Compare the filter's processing_mode with envoy/envoy.yaml, and report it with both versions.",
    find: (count) => count('spurious_msgs_received') > 0 && `${count('spurious_msgs_received')} messages`,
  }),
  perEdge({
    id: 'mutations-rejected',
    severity: 'error',
    about: 'Envoy refused headers that Understudy set.',
    why: 'A refused header is a decision without effect; a refused character is an error for the user.',
    mend: 'Allow x-understudy-.* in mutation_rules; if it is allowed, report it.',
    find: (count) => count('rejected_header_mutations') > 0 && `${count('rejected_header_mutations')} headers`,
  }),
  {
    id: 'logs-dropped',
    severity: 'warning',
    about: 'Envoy dropped log entries.',
    why: 'Missing evidence: pairs stay unmatched. Users are not affected.',
    mend: 'Look whether the observe thread keeps up; `understudy status` shows it. Less `capture` makes entries smaller.',
    find({ stats }) {
      const dropped = stats.get('access_logs.grpc_access_log.logs_dropped') ?? 0;
      const written = stats.get('access_logs.grpc_access_log.logs_written') ?? 0;
      const what = tooMany(dropped, dropped + written, 'entries were dropped');
      return what ? [{ what }] : [];
    },
  },
  {
    id: 'capture-failing',
    severity: 'warning',
    about: 'The capture filter raised errors.',
    why: 'Those answers have no body in the log and are not compared.',
    mend: "Use the capture.lua of this version; Envoy's log names the line.",
    find: ({ observed, stats }) =>
      observed.flatMap(({ listener, manager }) => {
        const errors = stats.get(`http.${manager.stat_prefix}.lua.errors`) ?? 0;
        return errors > 0 ? [{ what: `${errors} errors`, where: `listener ${listener}` }] : [];
      }),
  },
];

/** Reads a counter of the decide filter. */
type Count = ((name: string) => number) & {
  /** Of the whole listener. */
  readonly requests: number;
};

function perEdge(check: Omit<Check, 'find'> & { find(count: Count, view: View): string | false }): Check {
  return ofEdges({
    ...check,
    find(chain, view) {
      const decide = decideFilter(chain);
      if (decide === undefined) return [];
      const edge = `http.${chain.manager.stat_prefix}`;
      const prefix = [edge, 'ext_proc', decide.extProc.stat_prefix].filter(Boolean).join('.');
      const requests = view.stats.get(`${edge}.downstream_rq_total`) ?? 0;
      const count = Object.assign((name: string) => view.stats.get(`${prefix}.${name}`) ?? 0, { requests });
      const what = check.find(count, view);
      return what ? [what] : [];
    },
  });
}

function tooMany(part: number, whole: number, verb: string): string | false {
  return part > whole * TOLERATED_SHARE && `${part} of ${whole} (${percentOf(part, whole)}) ${verb}`;
}
