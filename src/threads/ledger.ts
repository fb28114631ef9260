/** What control gathers from the other threads' reports: sums, the newest tallies, the newest pairs. Bounded. */
import type { ObserveReport } from '../accesslog/observe-room.ts';
import type { Observations, ThreadState } from '../admin/observations.ts';
import type { DecideReport } from '../extproc/decide-room.ts';
import type { Pair } from '../pairing/pair.ts';
import type { ShadowTally } from '../pairing/tally.ts';
import type { DecisionCount } from '../routing/decide.ts';

const PAIRS_KEPT = 1_000;

export interface Ledger extends Observations {
  addDecide(report: DecideReport): void;
  addObserve(report: ObserveReport): void;
}

export function createLedger(threads: () => readonly ThreadState[]): Ledger {
  const counters: Record<string, number> = {};
  const decisions = new Map<string, DecisionCount>();
  const listeners = new Set<(pairs: readonly Pair[]) => void>();
  let tallies: readonly ShadowTally[] = [];
  let recent: readonly Pair[] = [];

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
    addDecide(report) {
      addCounters(report.counters);
      for (const added of report.decisions) {
        const key = `${added.rollout}\0${added.arm}\0${added.reason}`;
        decisions.set(key, { ...added, count: (decisions.get(key)?.count ?? 0) + added.count });
      }
    },
    addObserve(report) {
      addCounters(report.counters);
      tallies = report.tallies;
      if (report.pairs.length === 0) return;
      recent = [...recent, ...report.pairs].slice(-PAIRS_KEPT);
      for (const listener of listeners) listener(report.pairs);
    },
  };

  function addCounters(added: Readonly<Record<string, number>>): void {
    for (const [name, by] of Object.entries(added)) counters[name] = (counters[name] ?? 0) + by;
  }
}
