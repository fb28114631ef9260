/** What control gathers from the other threads' reports: counters, evidence, the newest pairs and the kept ones. Bounded. */
import { noteDelivered } from '../accesslog/delivered.ts';
import type { ObserveReport } from '../accesslog/observe-room.ts';
import type { Observations, ThreadState } from '../admin/observations.ts';
import type { BaselineReport } from '../baseline/baseline-room.ts';
import { createLiveEvidence } from '../evidence/live.ts';
import type { DecideReport } from '../extproc/decide-ledger.ts';
import { DECISION_TIME_BOUNDS, type DecisionTimes } from '../extproc/decision-times.ts';
import type { Vitals } from '../metrics/vitals.ts';
import type { OutcomeReport } from '../outcomes/outcome-room.ts';
import { DEFAULT_LIMITS } from '../pairing/join.ts';
import type { Pair } from '../pairing/pair.ts';
import { DEFAULT_KEPT } from '../recording/kept.ts';
import { createKeptShelf } from '../recording/kept-shelf.ts';
import type { RecordReport } from '../recording/record-room.ts';
import type { RecorderStatus } from '../recording/recorder.ts';
import type { DecisionCount } from '../routing/decide.ts';
import type { LoopDelay } from '../telemetry/loop-delay.ts';
import type { Reported } from './run-room.ts';

const PAIRS_KEPT = 1_000;
/** Of all present releases: a rollout with two shadows and 50 values of two segments has 400. */
const MAX_LIVE_CELLS = 4_000;

export interface Ledger extends Observations, Vitals {
  addDecide(thread: string, report: Reported<DecideReport>): void;
  addObserve(thread: string, report: Reported<ObserveReport>): void;
  /** Another observe thread serves; what the one before had summed and not told is lost. */
  observeStarted(): void;
  addBaseline(report: BaselineReport): void;
  addRecord(report: Reported<RecordReport>): void;
  addOutcomes(report: Reported<OutcomeReport>): void;
  /** Lets go of every pair, recent and kept: what may be shown of them has changed. */
  forgetPairs(): void;
  /** One more of what control itself counts. */
  count(name: string): void;
}

export function createLedger(parts: {
  readonly threads: () => readonly ThreadState[];
  /** The present release of a rollout. */
  readonly releaseOf: (rollout: string) => string | undefined;
}): Ledger {
  const { threads, releaseOf } = parts;
  const counters: Record<string, number> = {};
  const decisions = new Map<string, DecisionCount>();
  const listeners = new Set<(pairs: readonly Pair[]) => void>();
  const evidence = createLiveEvidence({
    maxCells: MAX_LIVE_CELLS,
    releaseOf,
    count: (name, by) => addCounters({ [name]: by }),
  });
  let recorder: RecorderStatus | undefined;
  const shelf = createKeptShelf(DEFAULT_KEPT.maxBytes);
  let recent: readonly Pair[] = [];
  const delivered = new Map<string, number>();
  let times: DecisionTimes = { counts: Array(DECISION_TIME_BOUNDS.length + 1).fill(0), sumSeconds: 0 };
  let join: ObserveReport['join'] = { waitingIds: 0, waitingBytes: 0, ...DEFAULT_LIMITS };
  const streamsInFlight = new Map<string, number>();
  const loopDelays = new Map<string, LoopDelay>();

  return {
    threads,
    decisions: () => [...decisions.values()],
    evidence: evidence.cells,
    counters: () => ({ ...counters }),
    recorder: () => recorder,
    lastDeliveredMs: (cluster) => delivered.get(cluster),
    kept: shelf.list,
    forgetUnits(units) {
      const gone = [...recent, ...shelf.list().map(({ pair }) => pair)].filter(({ unit }) => units.has(unit));
      recent = recent.filter(({ unit }) => !units.has(unit));
      shelf.forget(units);
      return new Set(gone.map(({ id, shadow }) => `${id}\0${shadow}`)).size;
    },
    forgetPairs() {
      recent = [];
      shelf.clear();
    },
    recentPairs: (limit) => (limit === 0 ? [] : recent.slice(-limit)),
    onPairs(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    decisionTimes: () => times,
    streamsInFlight: () => streamsInFlight,
    join: () => join,
    loopDelays: () => loopDelays,
    addDecide(thread, report) {
      addCounters(report.counters);
      streamsInFlight.set(thread, report.streamsInFlight);
      loopDelays.set(thread, report.loopDelay);
      times = {
        counts: times.counts.map((count, bucket) => count + (report.times.counts[bucket] ?? 0)),
        sumSeconds: times.sumSeconds + report.times.sumSeconds,
      };
      for (const added of report.decisions) {
        const key = `${added.rollout}\0${added.arm}\0${added.reason}`;
        decisions.set(key, { ...added, count: (decisions.get(key)?.count ?? 0) + added.count });
      }
    },
    addObserve(thread, report) {
      addCounters(report.counters);
      loopDelays.set(thread, report.loopDelay);
      join = report.join;
      for (const block of report.closed) evidence.addBlock(block);
      if (report.open !== undefined) evidence.setOpen(report.open);
      shelf.apply(report.kept);
      for (const [cluster, wallMs] of report.delivered) noteDelivered(delivered, cluster, wallMs);
      if (report.pairs.length === 0) return;
      recent = [...recent, ...report.pairs].slice(-PAIRS_KEPT);
      for (const listener of listeners) listener(report.pairs);
    },
    observeStarted: evidence.keepOpen,
    addBaseline: (report) => addCounters(report.counters),
    addRecord(report) {
      addCounters(report.counters);
      loopDelays.set('record', report.loopDelay);
      recorder = report;
    },
    addOutcomes(report) {
      addCounters(report.counters);
      loopDelays.set('outcomes', report.loopDelay);
    },
    count: (name) => addCounters({ [name]: 1 }),
  };

  function addCounters(added: Readonly<Record<string, number>>): void {
    for (const [name, by] of Object.entries(added)) counters[name] = (counters[name] ?? 0) + by;
  }
}
