/** What Understudy counted since it started. */
import type { ListRolloutsResponse } from '../gen/understudy/admin/v1/admin.ts';
import { type Check, ofSidecar, percentOf } from './check.ts';

/** Fewer may still be on their way. */
const LEAST_DECISIONS = 10;
/** Evidence with more of its pairs incomplete is not covered. */
const TOLERATED_SHARE = 0.01;

export const observedChecks: readonly Check[] = [
  perCounters({
    id: 'log-silent',
    severity: 'error',
    about: 'Understudy decided and no log entry ever came.',
    why: 'Without them there are no exchanges and no pairs.',
    mend: "Look at the access log of the edge, its cluster, and the observe socket's path and mode.",
    find: (count, { decided }) =>
      decided >= LEAST_DECISIONS && count('accesslog.') === 0 && `${decided} decisions, no entry`,
  }),
  perCounters({
    id: 'shadow-log-silent',
    severity: 'error',
    about: 'Copies were asked for and no shadow was ever heard of.',
    why: 'The copies are not made, or their way through the loop does not log: there are no pairs.',
    mend: 'Look at the mirror slots, the cluster and listener of the loop, its routes and its access log.',
    find: (count) =>
      count('accesslog.production') >= LEAST_DECISIONS &&
      count('decide.mirrored') >= LEAST_DECISIONS &&
      count('accesslog.shadow') === 0 &&
      `${count('decide.mirrored')} copies asked for, no shadow answered`,
  }),
  perCounters({
    id: 'entries-rejected',
    severity: 'warning',
    about: 'Log entries came that say too little.',
    why: 'Each is one side of a pair that is lost, unless it is of a request that was not decided.',
    mend: 'no-id: filter the log; no-decision: metadata_options; no-role: the mirror slots; unknown-log: log_name.',
    find(count, { names }) {
      const reasons = names('accesslog.rejected.').filter((name) => !name.endsWith('.unknown-revision'));
      return reasons.length > 0 && reasons.map((name) => `${name.split('.').at(-1)}: ${count(name)}`).join(', ');
    },
  }),
  perCounters({
    id: 'revision-unknown',
    severity: 'warning',
    about: 'Log entries came whose decision nobody remembers.',
    why: 'Only the last 16 revisions are kept, and none of before a restart: those pairs are lost.',
    mend: 'After a restart this is as it must be. If it rises, the log arrives late, or another sidecar decides.',
    find: (count) =>
      count('accesslog.rejected.unknown-revision') > 0 && `${count('accesslog.rejected.unknown-revision')} entries`,
  }),
  perCounters({
    id: 'route-without-rollout',
    severity: 'info',
    about: 'Envoy asks about routes that no rollout has.',
    why: 'Those requests wait for a decision that says nothing.',
    mend: 'Switch the decide filter off on these routes (ExtProcPerRoute, disabled: true).',
    find: (count) => count('decide.unknown-route') > 0 && `${count('decide.unknown-route')} requests`,
  }),
  perCounters({
    id: 'decide-faulty',
    severity: 'warning',
    about: 'Understudy could not read a question, refused it, or failed on it.',
    why: 'Those users got stable and were not mirrored.',
    mend: "Compare the filter with envoy/envoy.yaml; report what Understudy's log says.",
    find: (count) => {
      const kinds = ['unreadable', 'refused', 'failed'].filter((kind) => count(`decide.${kind}`) > 0);
      return kinds.length > 0 && kinds.map((kind) => `${kind}: ${count(`decide.${kind}`)}`).join(', ');
    },
  }),
  perCounters({
    id: 'pairs-unmatched',
    severity: 'warning',
    about: 'One side of many pairs never arrived.',
    why: 'What is missing is not missing by chance: comparisons of the rest may be wrong.',
    mend: 'Shadow missing: timeouts of the loop, breakers, dropped entries. Production missing: the log of the edge.',
    find(count) {
      const [shadow, production] = [count('pairing.unmatched-shadow'), count('pairing.unmatched-production')];
      const whole = count('pairing.pairs') + shadow + production;
      if (shadow + production <= whole * TOLERATED_SHARE) return false;
      return `${percentOf(shadow + production, whole)} of ${whole}: shadow missing ${shadow}, production missing ${production}`;
    },
  }),
  perCounters({
    id: 'pairs-late',
    severity: 'warning',
    about: 'One side of many pairs came too late.',
    why: 'Slow requests are left out, and the comparison looks better than it is.',
    mend: 'Keep the timeouts of routes and loop below the 60 s that pairs are joined within.',
    find: (count) =>
      count('pairing.late') > count('pairing.pairs') * TOLERATED_SHARE &&
      `${count('pairing.late')} beside ${count('pairing.pairs')} pairs`,
  }),
  perCounters({
    id: 'pairs-dropped',
    severity: 'warning',
    about: 'Understudy gave requests up to stay within its memory.',
    why: 'Those pairs are lost.',
    mend: 'Capture less, sample shadows, or shorten timeouts, so that fewer wait at a time.',
    find: (count) => count('pairing.dropped') > 0 && `${count('pairing.dropped')} requests`,
  }),
  perCounters({
    id: 'pairs-misrouted',
    severity: 'error',
    about: 'Envoy delivered to another cluster than was decided.',
    why: 'Users or copies went to another version than the one they are counted for.',
    mend: "Compare the clusters of the rollout's routes in Envoy with the rollout; look for routes that match earlier.",
    find: (count) =>
      count('pairing.misrouted') > 0 && `${count('pairing.misrouted')} of ${count('pairing.pairs')} pairs`,
  }),
];

/** Reads a counter; a name that ends in a dot, the sum of all below it. */
type Count = (name: string) => number;
interface Known {
  readonly decided: number;
  names(prefix: string): string[];
}

function perCounters(check: Omit<Check, 'find'> & { find(count: Count, known: Known): string | false }): Check {
  return ofSidecar({
    ...check,
    find({ sidecar, rollouts }: ListRolloutsResponse) {
      const counters = sidecar?.counters ?? {};
      const names = (prefix: string) => Object.keys(counters).filter((name) => name.startsWith(prefix));
      const count = (name: string) =>
        (name.endsWith('.') ? names(name) : [name]).reduce((sum, each) => sum + (counters[each] ?? 0), 0);
      const decisions = rollouts.flatMap((rollout) => rollout.decisions);
      const decided = decisions.reduce((sum, decision) => sum + decision.count, 0);
      const what = check.find(count, { decided, names });
      return what ? [{ what }] : [];
    },
  });
}
