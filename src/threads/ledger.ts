/** What control gathers from the other threads' reports: sums, the newest tallies, the newest pairs. Bounded. */
import type { ObserveReport } from '../accesslog/observe-room.ts';
import type { Observations, ThreadState } from '../admin/observations.ts';
import type { DecideReport } from '../extproc/decide-ledger.ts';
import { DECISION_TIME_BOUNDS, type DecisionTimes } from '../extproc/decision-times.ts';
import type { Vitals } from '../metrics/vitals.ts';
import { DEFAULT_LIMITS } from '../pairing/join.ts';
import type { Pair } from '../pairing/pair.ts';
import type { ShadowTally } from '../pairing/tally.ts';
import type { DecisionCount } from '../routing/decide.ts';
import type { LoopDelay } from '../telemetry/loop-delay.ts';
import type { Reported } from './run-room.ts';

const PAIRS_KEPT = 1_000;

export interface Ledger extends Observations, Vitals {
  addDecide(thread: string, report: Reported<DecideReport>): void;
  addObserve(thread: string, report: Reported<ObserveReport>): void;
  /** One more of what control itself counts. */
  count(name: string): void;
}

export function createLedger(threads: () => readonly ThreadState[]): Ledger {
  const counters: Record<string, number> = {};
  const decisions = new Map<string, DecisionCount>();
  const listeners = new Set<(pairs: readonly Pair[]) => void>();
  let tallies: readonly ShadowTally[] = [];
  let recent: readonly Pair[] = [];
  let times: DecisionTimes = { counts: Array(DECISION_TIME_BOUNDS.length + 1).fill(0), sumSeconds: 0 };
  let join: ObserveReport['join'] = { waitingIds: 0, waitingBytes: 0, ...DEFAULT_LIMITS };
  const streamsInFlight = new Map<string, number>();
  const loopDelays = new Map<string, LoopDelay>();

  return {
    threads,
    decisions: () => [...decisions.values()],
    tallies: () => tallies,
    counters: () => ({ ...counters }),
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
      tallies = report.tallies;
      if (report.pairs.length === 0) return;
      recent = [...recent, ...report.pairs].slice(-PAIRS_KEPT);
      for (const listener of listeners) listener(report.pairs);
    },
    count: (name) => addCounters({ [name]: 1 }),
  };

  function addCounters(added: Readonly<Record<string, number>>): void {
    for (const [name, by] of Object.entries(added)) counters[name] = (counters[name] ?? 0) + by;
  }
}
