/** Everything /metrics shows, from what control knows. Labels are closed: by the code, by the configuration, by threads. */
import type { Observations } from '../admin/observations.ts';
import { DECISION_TIME_BOUNDS } from '../extproc/decision-times.ts';
import { NO_VERDICTS, type Verdicts } from '../judging/verdicts.ts';
import type { Controller } from '../rollout/controller.ts';
import type { RolloutView } from '../rollout/state.ts';
import type { Reason } from '../routing/decide.ts';
import type { Arm } from '../routing/snapshot.ts';
import type { LoopDelay } from '../telemetry/loop-delay.ts';
import { armFamilies } from './arm-families.ts';
import { counterFamilies } from './counters.ts';
import type { Family, Sample } from './exposition.ts';
import { fieldFamilies } from './field-families.ts';
import { family, quantiles } from './make-family.ts';
import { pairFamilies, seenShadows } from './pair-families.ts';
import { recorderFamilies } from './recorder-families.ts';
import { rolloutFamilies } from './rollout-families.ts';
import { verdictFamilies } from './verdict-families.ts';
import type { Vitals } from './vitals.ts';

export interface MetricsSource {
  readonly observations: Pick<Observations, 'threads' | 'decisions' | 'evidence' | 'counters' | 'recorder'>;
  readonly vitals: Vitals;
  readonly controller: Pick<Controller, 'views' | 'snapshot'>;
  /** Default: nothing is judged. */
  readonly verdicts?: Verdicts;
  /** Of the thread that serves metrics. */
  readonly controlDelay: () => LoopDelay;
  /** Of Understudy. */
  readonly version: string;
  /** Since the epoch. */
  readonly startedAtMs: number;
}

export function families(source: MetricsSource): Family[] {
  const { observations, controller } = source;
  const views = controller.views();
  const cells = observations.evidence();
  const shadows = seenShadows(views, cells);
  return [
    ...decisionFamilies(source, views),
    ...counterFamilies(observations.counters()),
    ...armFamilies(views, cells),
    ...pairFamilies(shadows),
    ...fieldFamilies(shadows),
    ...verdictFamilies(views, source.verdicts ?? NO_VERDICTS),
    ...joinFamilies(source.vitals.join()),
    ...recorderFamilies(observations.recorder()),
    ...threadFamilies(source),
    family('weight_basis_points', 'gauge', 'Share of buckets on canary, 0 to 10000.', [
      ...views.map(({ name, weightBp }) => ({ labels: { rollout: name }, value: weightBp })),
    ]),
    family('build_info', 'gauge', 'Always 1; the labels say what runs.', [
      { labels: { version: source.version, node: process.version }, value: 1 },
    ]),
    ...rolloutFamilies(views),
    ...processFamilies(source.startedAtMs),
  ];
}

/** Which arms a reason can lead to. */
const ARMS_OF: Readonly<Record<Reason, readonly Arm[]>> = {
  hash: ['stable', 'canary'],
  rule: ['stable', 'canary'],
  'no-unit': ['stable'],
  'already-shadow': ['stable'],
  'kill-switch': ['stable'],
};

function decisionFamilies({ observations, vitals }: MetricsSource, views: readonly RolloutView[]): Family[] {
  const counted = observations.decisions();
  const count = (rollout: string, arm: Arm, reason: string) =>
    counted.find((known) => known.rollout === rollout && known.arm === arm && known.reason === reason)?.count ?? 0;
  const decisions = views.flatMap(({ name: rollout }) =>
    Object.entries(ARMS_OF).flatMap(([reason, arms]) =>
      arms.map((arm) => ({ labels: { rollout, arm, reason }, value: count(rollout, arm, reason) })),
    ),
  );
  const inFlight = [...vitals.streamsInFlight()].map(([thread, value]) => ({ labels: { thread }, value }));
  return [
    family('decisions_total', 'counter', 'Answers to Envoy about requests of a rollout.', decisions),
    family(
      'decision_seconds',
      'histogram',
      "From the request's message to the answer handed to the transport.",
      histogram(DECISION_TIME_BOUNDS, vitals.decisionTimes()),
    ),
    family('decide_streams_in_flight', 'gauge', 'ext_proc streams that are open.', inFlight),
  ];
}

/** `counts` has one number a bucket and one for what is longer than the last bound. */
function histogram(bounds: readonly number[], times: { counts: readonly number[]; sumSeconds: number }): Sample[] {
  let total = 0;
  const buckets = [...bounds, Number.POSITIVE_INFINITY].map((bound, index) => {
    total += times.counts[index] ?? 0;
    return {
      suffix: '_bucket',
      labels: { le: bound === Number.POSITIVE_INFINITY ? '+Inf' : `${bound}` },
      value: total,
    };
  });
  return [...buckets, { suffix: '_sum', value: times.sumSeconds }, { suffix: '_count', value: total }];
}

function joinFamilies({ waitingIds, maxIds, waitingBytes, maxBytes }: ReturnType<Vitals['join']>): Family[] {
  return [
    family('join_waiting_ids', 'gauge', 'Ids whose other side has not arrived yet.', [{ value: waitingIds }]),
    family('join_waiting_ids_limit', 'gauge', 'Ids that may wait; beyond it the oldest is dropped.', [
      { value: maxIds },
    ]),
    family('join_waiting_bytes', 'gauge', 'Captured bytes of the ids that wait.', [{ value: waitingBytes }]),
    family('join_waiting_bytes_limit', 'gauge', 'Captured bytes that may wait.', [{ value: maxBytes }]),
  ];
}

function threadFamilies({ observations, vitals, controller, controlDelay }: MetricsSource): Family[] {
  const threads = observations.threads();
  const revisions = [
    { labels: { thread: 'control' }, value: controller.snapshot().revision },
    ...threads.map(({ name: thread, revision }) => ({ labels: { thread }, value: revision })),
  ];
  const delays = [['control', controlDelay()] as const, ...vitals.loopDelays()].flatMap(([thread, delay]) =>
    quantiles({ thread }, [
      ['0.5', delay.p50Ms],
      ['0.99', delay.p99Ms],
      ['1', delay.maxMs],
    ]),
  );
  return [
    family(
      'snapshot_revision',
      'gauge',
      'The snapshot control has published, and the newest each thread confirmed; 0 = none.',
      revisions,
    ),
    family('thread_up', 'gauge', '1 while the thread serves its socket.', [
      ...threads.map(({ name: thread, state }) => ({ labels: { thread }, value: state === 'serving' ? 1 : 0 })),
    ]),
    family('thread_restarts_total', 'counter', 'Times the thread died and was started again.', [
      ...threads.map(({ name: thread, restarts }) => ({ labels: { thread }, value: restarts })),
    ]),
    family(
      'event_loop_delay_seconds',
      'summary',
      'How late the event loop of the thread ran its timers in the last 30 to 60 s.',
      delays,
    ),
  ];
}

/** The names that every process exporter uses. */
function processFamilies(startedAtMs: number): Family[] {
  const { user, system } = process.cpuUsage();
  const plain = (name: string, type: Family['type'], help: string, value: number): Family => ({
    ...{ name, type, help },
    samples: [{ value }],
  });
  return [
    plain('process_start_time_seconds', 'gauge', 'When the process started, since the epoch.', startedAtMs / 1_000),
    plain('process_cpu_seconds_total', 'counter', 'CPU time of all threads.', (user + system) / 1e6),
    plain('process_resident_memory_bytes', 'gauge', 'Memory of all threads.', process.memoryUsage.rss()),
  ];
}
