/** The room that observes: log entries in; exchanges, pairs, tallies and compare spans out. Bounded everywhere. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Tracer } from '@opentelemetry/api';
import type { HTTPAccessLogEntry } from '../gen/envoy/data/accesslog/v3/accesslog.ts';
import type { Exchange } from '../pairing/exchange.ts';
import { DEFAULT_LIMITS, Join, type JoinLimits, type Match } from '../pairing/join.ts';
import { makePair } from '../pairing/make-pair.ts';
import type { Pair } from '../pairing/pair.ts';
import { type ShadowTally, Tallies } from '../pairing/tally.ts';
import type { RolloutSnapshot, Snapshot } from '../routing/snapshot.ts';
import { emitCompareSpan } from '../telemetry/compare-span.ts';
import { Deltas } from '../telemetry/counters.ts';
import { type AccessLogListener, listenAccessLogs } from './service.ts';
import { toExchange } from './to-exchange.ts';

/** An entry is read by the snapshot its decision was made from; entries of older ones are counted, never guessed. */
const SNAPSHOTS_KEPT = 16;
/** Pairs that wait for the next report; beyond it the newest are left out of it, counted, but still tallied. */
const MAX_WAITING_PAIRS = 1_000;
/** At a stop: longer than Envoy keeps log entries before it sends them. */
const QUIET_MS = 300;
const LOOK_EVERY_MS = 20;

/** What happened since the last report; tallies are sums since the room was made. */
export interface ObserveReport {
  readonly counters: Readonly<Record<string, number>>;
  readonly pairs: readonly Pair[];
  readonly tallies: readonly ShadowTally[];
  /** What waits to be joined now, and how much may. */
  readonly join: Pick<Join, 'waitingIds' | 'waitingBytes'> & Pick<JoinLimits, 'maxIds' | 'maxBytes'>;
}

export interface ObserveRoom {
  use(snapshot: Snapshot): void;
  serve(address: string): Promise<void>;
  /** Takes one log entry; never throws. */
  observe(logName: string, entry: HTTPAccessLogEntry): void;
  /** Gives up what waited too long, then tells what happened since the last report. */
  report(): ObserveReport;
  /** Goes on until Envoy has told the last, and what waits is joined; at the latest after `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

export interface ObservePorts {
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  readonly tracer: Tracer;
  readonly limits?: JoinLimits;
}

export function createObserveRoom(
  first: Snapshot,
  { nowMs, tracer, limits = DEFAULT_LIMITS }: ObservePorts,
): ObserveRoom {
  const snapshots = new Map<number, Snapshot>([[first.revision, first]]);
  const counters = new Deltas();
  const join = new Join(limits, (name, by) => counters.add(`pairing.${name}`, by));
  const tallies = new Tallies();
  let pairs: Pair[] = [];
  let lastEntryMs = Number.NEGATIVE_INFINITY;
  let listener: AccessLogListener | undefined;

  const room: ObserveRoom = {
    use(snapshot) {
      snapshots.set(snapshot.revision, snapshot);
      for (const revision of snapshots.keys()) {
        if (snapshots.size <= SNAPSHOTS_KEPT) break;
        snapshots.delete(revision);
      }
    },
    async serve(address) {
      listener = await listenAccessLogs(address, room.observe);
    },
    observe(logName, entry) {
      lastEntryMs = nowMs();
      try {
        const exchange = toExchange(logName, entry);
        if (typeof exchange === 'string') counters.add(`accesslog.rejected.${exchange}`);
        else take(exchange);
      } catch {
        // one strange entry must not cost the others of its batch
        counters.add('accesslog.failed');
      }
    },
    report() {
      join.expire(nowMs());
      const { waitingIds, waitingBytes } = join;
      const fill = { waitingIds, waitingBytes, maxIds: limits.maxIds, maxBytes: limits.maxBytes };
      const report = { counters: counters.take(), pairs, tallies: tallies.list(), join: fill };
      pairs = [];
      return report;
    },
    async stop(graceMs) {
      const deadlineMs = nowMs() + graceMs;
      lastEntryMs = nowMs();
      const isExpecting = () => nowMs() - lastEntryMs < QUIET_MS || join.waitingIds > 0;
      while (listener?.connected && isExpecting() && nowMs() < deadlineMs) await wait(LOOK_EVERY_MS);
      await listener?.close();
    },
  };
  return room;

  function take(exchange: Exchange): void {
    counters.add(`accesslog.${exchange.role}`);
    if (exchange.body?.unread !== undefined) counters.add(`accesslog.${exchange.body.unread}`);
    if (exchange.role === 'production' && rolloutOf(exchange.decision) === undefined) {
      counters.add('accesslog.rejected.unknown-revision');
      return;
    }
    for (const match of join.add(exchange, nowMs())) keep(match);
  }

  function keep(match: Match): void {
    const startMs = Date.now();
    const rollout = rolloutOf(match.production.decision);
    const pair = rollout && makePair(match, rollout);
    if (pair === undefined) {
      counters.add('accesslog.rejected.unknown-revision');
      return;
    }
    counters.add('pairing.pairs');
    if (pair.difference.notJson) counters.add('pairing.not-json');
    if (!isDelivered(match, rollout)) counters.add('pairing.misrouted');
    tallies.add(pair);
    emitCompareSpan(tracer, pair, match.production.span, match.shadow.span, startMs);
    if (pairs.length < MAX_WAITING_PAIRS) pairs.push(pair);
    else counters.add('pairing.not-shown');
  }

  function rolloutOf({ revision, rollout }: { revision: number; rollout: string }): RolloutSnapshot | undefined {
    return snapshots.get(revision)?.rollouts.find(({ name }) => name === rollout);
  }
}

/** Envoy's routes delivered what was decided, on both sides. */
function isDelivered({ production, shadow }: Match, rollout: RolloutSnapshot | undefined): boolean {
  const intended = rollout?.[production.arm].cluster;
  return production.cluster === intended && shadow.cluster === production.expected.get(shadow.slot);
}
