/** Which metric shows which counter (ARCHITECTURE.md, "Counters"). Every name is there from the first scrape, at 0. */
import type { Rejection } from '../accesslog/to-exchange.ts';
import type { Counters } from '../admin/observations.ts';
import type { BaselineCounter } from '../baseline/upstream.ts';
import type { EvidenceCounter } from '../evidence/collect.ts';
import type { SessionFault } from '../extproc/session.ts';
import type { JudgingCounter } from '../judging/loop.ts';
import type { NotificationCounter } from '../notifications/courier.ts';
import type { ExposureLinkCounter } from '../outcomes/exposure-link.ts';
import type { OutcomeCounter } from '../outcomes/outcome-room.ts';
import type { JoinCounter } from '../pairing/join.ts';
import type { Unread } from '../prediction/answer.ts';
import type { KeptCounter } from '../recording/kept.ts';
import type { LinkCounter } from '../recording/link.ts';
import type { RecordingCounter } from '../recording/recorder.ts';
import type { SkipReason } from '../routing/mirror.ts';
import type { Family } from './exposition.ts';
import { words } from './words.ts';

const skipReasons = words<SkipReason>({
  'other-arm': true,
  'same-version': true,
  upgrade: true,
  method: true,
  'body-too-large': true,
  'body-length-unknown': true,
  'not-sampled': true,
  'no-unit': true,
  'rate-limited': true,
});
const faults = words<SessionFault>({ unreadable: true, refused: true, failed: true });
const rejections = words<Rejection | 'unknown-revision'>({
  'no-id': true,
  'no-decision': true,
  'no-role': true,
  'unknown-log': true,
  'unknown-revision': true,
});
const unread = words<Unread>({
  truncated: true,
  'bad-capture': true,
  encoded: true,
  'too-large': true,
  undecodable: true,
});

/** `live-dropped`: control counts it. */
const evidenceLost = words<LastOf<EvidenceCounter> | 'live-dropped'>({
  'segment-overflow': true,
  'cells-dropped': true,
  'live-dropped': true,
  'noise-forgotten': true,
  capped: true,
  'units-unchecked': true,
});
const keptFull = words<KeptCounter>({ 'cells-full': true, evicted: true });
const judgingFaults = words<LastOf<JudgingCounter>>({
  gaps: true,
  'store-failed': true,
  'blocks-known': true,
  'blocks-dropped': true,
  'steps-trimmed': true,
  failed: true,
});
const notified = words<LastOf<NotificationCounter>>({
  told: true,
  failed: true,
  'given-up': true,
  skipped: true,
  gone: true,
});
const baselineFaults = words<Exclude<BaselineCounter, 'answered'>>({ 'too-large': true, 'connection-refused': true });
const rowsDropped = words<Dropped<RecordingCounter | LinkCounter>>({ busy: true, budget: true, failed: true });

const outcomesSaid = words<'recorded' | 'duplicate' | 'unsampled' | 'refused'>({
  recorded: true,
  duplicate: true,
  unsampled: true,
  refused: true,
});
const outcomesJoined = words<'joined' | 'unmatched' | 'too-late'>({ joined: true, unmatched: true, 'too-late': true });
const exposuresDropped = words<OutcomesDropped<OutcomeCounter | ExposureLinkCounter>>({ busy: true, failed: true });

/** `b` of `a.b`. */
type LastOf<Name extends string> = Name extends `${string}.${infer Last}` ? Last : never;
/** Why what outcomes are joined to was dropped. */
type OutcomesDropped<Name extends string> = Name extends `outcomes.dropped-${infer Why}` ? Why : never;
/** Why a row was dropped. */
type Dropped<Name extends string> = Name extends `recording.dropped-${infer Why}` ? Exclude<Why, 'blocks'> : never;

interface CounterFamily {
  readonly name: string;
  readonly help: string;
  readonly label?: string;
  /** Counter by label value; without a label, one counter. */
  readonly counters: Readonly<Record<string, string>>;
}

function one(name: string, counter: string, help: string): CounterFamily {
  return { name, help, counters: { '': counter } };
}

function each(name: string, label: string, prefix: string, values: readonly string[], help: string): CounterFamily {
  return { name, help, label, counters: Object.fromEntries(values.map((value) => [value, `${prefix}${value}`])) };
}

function joined(name: string, counter: JoinCounter, help: string): CounterFamily {
  return one(name, `pairing.${counter}`, help);
}

function recorded(name: string, counter: LastOf<RecordingCounter | LinkCounter>, help: string): CounterFamily {
  return one(`recording_${name}`, `recording.${counter}`, help);
}

function reloads(what: string, help: string): CounterFamily {
  const counters = { taken: `${what}.reloads`, refused: `${what}.reload-failures` };
  return { name: `${what}_reloads_total`, help, label: 'result', counters };
}

const FAMILIES: readonly CounterFamily[] = [
  one('decide_streams_total', 'decide.streams', 'ext_proc streams that Envoy opened.'),
  one('decide_streams_closed_total', 'decide.streams-closed', 'ext_proc streams that ended.'),
  one('decide_streams_cut_total', 'decide.streams-cut', 'ext_proc streams cut at a stop; the user got stable.'),
  one('mirrors_total', 'decide.mirrored', 'Copies that Envoy was asked to make.'),
  each('mirrors_skipped_total', 'reason', 'decide.mirror-skipped.', skipReasons, 'Copies that were not asked for.'),
  one('unknown_route_total', 'decide.unknown-route', 'Requests of a route that no rollout has.'),
  each(
    'decide_faults_total',
    'kind',
    'decide.',
    faults,
    'Messages we could not read or refused, and errors of our own; the user got stable.',
  ),
  one('decide_spans_dropped_total', 'decide.spans-dropped', 'Decide spans given up to stay within bounds.'),
  each('exchanges_total', 'role', 'accesslog.', ['production', 'shadow'], 'Finished requests as Envoy logged them.'),
  each('bodies_unread_total', 'reason', 'accesslog.', unread, 'Captured bodies that cannot be compared.'),
  each(
    'log_entries_rejected_total',
    'reason',
    'accesslog.rejected.',
    rejections,
    'Log entries that are no exchange, or of a decision we no longer know.',
  ),
  one('log_entries_failed_total', 'accesslog.failed', 'Log entries we failed on.'),
  each(
    'pairs_unmatched_total',
    'side',
    'pairing.unmatched-',
    ['production', 'shadow'],
    'Exchanges that never arrived, though the other side of their id did.',
  ),
  joined('pairs_late_total', 'late', 'Exchanges that came after their id was given up.'),
  joined('pairs_duplicate_total', 'duplicate', 'Exchanges of a side that was already seen.'),
  joined('pairs_unexpected_total', 'unexpected', 'Shadow exchanges in a slot that production does not name.'),
  joined('pairs_dropped_total', 'dropped', 'Ids given up early to stay within the bounds of the join.'),
  one('pairs_misrouted_total', 'pairing.misrouted', 'Pairs in which Envoy delivered another cluster than decided.'),
  one('pairs_not_json_total', 'pairing.not-json', 'Pairs with a body that called itself JSON and was not.'),
  one('pairs_not_shown_total', 'pairing.not-shown', 'Pairs that were tallied but not passed on to be looked at.'),
  each(
    'evidence_lost_total',
    'what',
    'evidence.',
    evidenceLost,
    'What is summed less finely than asked for, or not at all, to stay within bounds.',
  ),
  each(
    'kept_dropped_total',
    'reason',
    'kept.',
    keptFull,
    'Pairs not kept for people, or let go, to stay within bounds.',
  ),
  recorded('rows_offered_total', 'offered', 'Rows handed to the record thread.'),
  recorded('rows_total', 'rows', 'Rows written.'),
  recorded('blocks_total', 'blocks', 'Blocks of sums written.'),
  recorded('written_bytes_total', 'bytes', 'Bytes written, segments not counted again.'),
  recorded('segments_total', 'segments', 'Segments made of parts.'),
  recorded('files_expired_total', 'expired', 'Files deleted for their age or for want of room.'),
  recorded('files_unreadable_total', 'unreadable', 'Parts that could not be read and were set aside.'),
  each('recording_rows_dropped_total', 'reason', 'recording.dropped-', rowsDropped, 'Rows that are not recorded.'),
  recorded('rows_unconfirmed_total', 'unconfirmed', 'Rows in flight when the record thread died.'),
  each(
    'outcomes_total',
    'result',
    'outcomes.',
    outcomesSaid,
    'Outcomes that were said, by what became of them at first.',
  ),
  each(
    'outcomes_settled_total',
    'result',
    'outcomes.',
    outcomesJoined,
    'Outcomes joined to an exposure, of which none came, and joined after it was judged.',
  ),
  one('exposures_total', 'outcomes.exposures', 'Answers to users that are kept for outcomes to come.'),
  one('exposures_late_total', 'outcomes.exposures-late', 'Exposures that came after those of their time were summed.'),
  each(
    'exposures_dropped_total',
    'reason',
    'outcomes.dropped-',
    exposuresDropped,
    'Exposures, and values of pairs, that are not kept for outcomes.',
  ),
  one('outcomes_expired_total', 'outcomes.expired', 'Exposures and outcomes deleted at their age.'),
  one('outcomes_evicted_total', 'outcomes.evicted', 'Exposures and outcomes deleted early, as there were too many.'),
  one('outcomes_write_failures_total', 'outcomes.write-failed', 'Tries to read or write outcomes that failed.'),
  recorded('blocks_dropped_total', 'dropped-blocks', 'Blocks of sums that are not recorded.'),
  recorded('write_failures_total', 'write-failed', 'Tries to write or to tidy that failed.'),
  one('baseline_answers_total', 'baseline.answered', 'Requests that a baseline of ours answered.'),
  each('baseline_faults_total', 'kind', 'baseline.', baselineFaults, 'Bodies cut off and connections refused by it.'),
  each(
    'judging_events_total',
    'what',
    'judging.',
    judgingFaults,
    'What kept guards from judging as they should: time nothing is known of, evidence that could not be stored.',
  ),
  each(
    'admin_refused_calls_total',
    'reason',
    'admin.',
    ['unauthenticated', 'forbidden', 'crowded'],
    'Calls of the admin API that were not let in.',
  ),
  each(
    'breaker_trips_total',
    'result',
    'breaker.',
    ['tripped', 'environment'],
    'Releases that the circuit breaker rolled back, and those it paused because stable failed alike.',
  ),
  each(
    'prometheus_queries_total',
    'result',
    'prometheus.',
    ['answered', 'failed'],
    'Questions of guards to metrics sources.',
  ),
  each('notifications_total', 'result', 'notifications.', notified, 'What webhooks were told, and what they were not.'),
  reloads('config', 'Configurations read while running: taken, or refused for a mistake.'),
  one(
    'applied_refused_total',
    'config.made-refused',
    'Rollouts of ApplyRollout that do not fit the configuration and are not run.',
  ),
  reloads('geoip', 'Geography databases read while running: taken, or refused as unreadable.'),
];

/** Every counter that is shown. */
export const shownCounters: readonly string[] = FAMILIES.flatMap(({ counters }) => Object.values(counters));

export function counterFamilies(counted: Counters): Family[] {
  return FAMILIES.map(({ name, help, label, counters }) => ({
    name: `understudy_${name}`,
    type: 'counter',
    help,
    samples: Object.entries(counters).map(([value, counter]) => ({
      labels: label === undefined ? {} : { [label]: value },
      value: counted[counter] ?? 0,
    })),
  }));
}
