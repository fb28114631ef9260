/** The room that observes: log entries in; exchanges, pairs, evidence and compare spans out. Bounded everywhere. */
import { setTimeout as wait } from 'node:timers/promises';
import type { MessagePort } from 'node:worker_threads';
import type { Tracer } from '@opentelemetry/api';
import { createCollector } from '../evidence/collect.ts';
import { type Guarded, NOT_GUARDED } from '../evidence/guarded.ts';
import type { BlockId, Cell, ClosedBlock } from '../evidence/sums.ts';
import type { HTTPAccessLogEntry } from '../gen/envoy/data/accesslog/v3/accesslog.ts';
import { createExposureLink } from '../outcomes/exposure-link.ts';
import { errorKindOf } from '../pairing/error-kind.ts';
import type { Exchange, ProductionExchange } from '../pairing/exchange.ts';
import { DEFAULT_LIMITS, Join, type JoinLimits, type Match, type Unmatched } from '../pairing/join.ts';
import { makePair } from '../pairing/make-pair.ts';
import type { Pair } from '../pairing/pair.ts';
import type { KeptChange } from '../recording/kept.ts';
import { createRecordingLink, LINK_LIMITS } from '../recording/link.ts';
import type { Answered } from '../rollout/breaker-window.ts';
import { isTwin, type RolloutSnapshot, type Snapshot } from '../routing/snapshot.ts';
import type { TlsFiles } from '../sockets/tls.ts';
import { emitCompareSpan } from '../telemetry/compare-span.ts';
import { Deltas } from '../telemetry/counters.ts';
import { AnswerCounts } from './answer-counts.ts';
import { noteDelivered } from './delivered.ts';
import { createKeeper, type KeepSettings } from './keep.ts';
import { createPredictionReader } from './read-predictions.ts';
import { type AccessLogListener, listenAccessLogs } from './service.ts';
import { toExchange } from './to-exchange.ts';

/** An entry is read by the snapshot its decision was made from; entries of older ones are counted, never guessed. */
const SNAPSHOTS_KEPT = 16;
/** Pairs that wait for the next report; beyond it the newest are left out of it, counted, but still summed. */
const MAX_WAITING_PAIRS = 1_000;
const BLOCK_MS = 10_000;
/** How often the open block is shown before it is closed. */
const SHOW_OPEN_EVERY_MS = 1_000;
/** At a stop: longer than Envoy keeps log entries before it sends them. */
const QUIET_MS = 300;
const LOOK_EVERY_MS = 20;

/** What happened since the last report. */
export interface ObserveReport {
  readonly counters: Readonly<Record<string, number>>;
  readonly pairs: readonly Pair[];
  /** Of decisions by the hash, for the circuit breaker. */
  readonly answered: readonly Answered[];
  readonly kept: readonly KeptChange[];
  /** Clusters that delivered since the last report, by name, and when they were last seen to; at most 64. */
  readonly delivered: ReadonlyMap<string, number>;
  /** Blocks of 10 s that ended, also those in which nothing happened. */
  readonly closed: readonly ClosedBlock[];
  /** The cells of all traffic in the block that is open; undefined = as in the last report. */
  readonly open: readonly Cell[] | undefined;
  /** What waits to be joined now, and how much may. */
  readonly join: Pick<Join, 'waitingIds' | 'waitingBytes'> & Pick<JoinLimits, 'maxIds' | 'maxBytes'>;
}

export interface ObserveRoom {
  use(snapshot: Snapshot): void;
  useSettings(settings: ObserveSettings): void;
  /** To the record thread: where rows and blocks go from now on; or to the outcome thread: where exposures go. */
  usePort(port: MessagePort, use?: 'recording' | 'outcomes'): void;
  serve(address: string): Promise<void>;
  /** Takes one log entry; never throws. */
  observe(logName: string, entry: HTTPAccessLogEntry): void;
  /** Gives up what waited too long, then tells what happened since the last report. */
  report(): ObserveReport;
  /** Goes on until Envoy has told the last, and what waits is joined; at the latest after `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/** What the configuration says to this room beside the snapshot; may change while running. */
export interface ObserveSettings extends KeepSettings {
  /** What guards ask, by rollout; a rollout that is not named has none. */
  readonly guarded?: Readonly<Record<string, Guarded>>;
}

export interface ObservePorts {
  /** Monotonic milliseconds. */
  readonly nowMs: () => number;
  /** Since the epoch. */
  readonly wallMs: () => number;
  /** 0 to below 1. */
  readonly random: () => number;
  readonly tracer: Tracer;
  readonly settings: ObserveSettings;
  /** Of the address it serves; undefined: in the clear. */
  readonly tls?: TlsFiles | undefined;
  /** Who sums: of the store, and of this start. */
  readonly origin?: Omit<BlockId, 'sequence'>;
  readonly limits?: JoinLimits;
}

export function createObserveRoom(
  first: Snapshot,
  { nowMs, wallMs, random, tracer, settings, tls, origin, limits = DEFAULT_LIMITS }: ObservePorts,
): ObserveRoom {
  const snapshots = new Map<number, Snapshot>([[first.revision, first]]);
  const counters = new Deltas();
  const count = (name: string, by = 1) => counters.add(name, by);
  const join = new Join(limits, (name, by) => count(`pairing.${name}`, by), giveUp);
  const predictions = createPredictionReader();
  const answers = new AnswerCounts();
  const collector = createCollector({ count, wallMs: wallMs(), monotonicMs: nowMs(), ...(origin && { origin }) });
  const keeper = createKeeper({ settings, random, count });
  let delivered = new Map<string, number>();
  let pairs: Pair[] = [];
  /** Of a stop. */
  let last: readonly ClosedBlock[] = [];
  let guarded = settings.guarded ?? {};
  let blockEndsMs = nowMs() + BLOCK_MS;
  let shownMs = nowMs();
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
    useSettings(next) {
      guarded = next.guarded ?? {};
      keeper.useSettings(next);
    },
    usePort(port, use) {
      if (use === 'outcomes') keeper.useOutcomes(createExposureLink(port, count));
      else keeper.useRecording(createRecordingLink(port, { ...LINK_LIMITS, count }));
    },
    async serve(address) {
      listener = await listenAccessLogs(address, room.observe, tls);
    },
    observe(logName, entry) {
      lastEntryMs = nowMs();
      try {
        const exchange = toExchange(logName, entry);
        if (typeof exchange === 'string') count(`accesslog.rejected.${exchange}`);
        else take(exchange);
      } catch {
        // one strange entry must not cost the others of its batch
        count('accesslog.failed');
      }
    },
    report() {
      join.expire(nowMs());
      const closed = [...last, ...closeBlock(nowMs() >= blockEndsMs)];
      last = [];
      const open = openCells(closed.length > 0);
      const { waitingIds, waitingBytes } = join;
      const fill = { waitingIds, waitingBytes, maxIds: limits.maxIds, maxBytes: limits.maxBytes };
      const report = {
        ...{ counters: counters.take(), pairs, answered: answers.take(), kept: keeper.takeChanges() },
        ...{ closed, open, join: fill, delivered },
      };
      pairs = [];
      delivered = new Map();
      return report;
    },
    async stop(graceMs) {
      const deadlineMs = nowMs() + graceMs;
      lastEntryMs = nowMs();
      const isExpecting = () => nowMs() - lastEntryMs < QUIET_MS || join.waitingIds > 0;
      while (listener?.connected && isExpecting() && nowMs() < deadlineMs) await wait(LOOK_EVERY_MS);
      await listener?.close();
      // what is summed goes to the recording now, and out with the last report
      last = closeBlock(true);
      keeper.flush();
    },
  };
  return room;

  function take(exchange: Exchange): void {
    count(`accesslog.${exchange.role}`);
    if (exchange.cluster !== '') noteDelivered(delivered, exchange.cluster, wallMs());
    if (exchange.body?.unread !== undefined) count(`accesslog.${exchange.body.unread}`);
    if (exchange.role === 'production') {
      const rollout = rolloutOf(exchange.decision);
      if (rollout === undefined) {
        unread(exchange.decision);
        return;
      }
      answered(exchange, rollout);
    }
    for (const match of join.add(exchange, nowMs())) keep(match);
  }

  /** What a user was answered counts for its arm, whether or not anybody got a copy. */
  function answered(production: ProductionExchange, rollout: RolloutSnapshot): void {
    const error = errorKindOf(production);
    answers.add(production, rollout, error);
    const predicted = predictions.read(production, rollout);
    collector.addExchange(production, {
      error,
      prediction: predicted?.production,
      spec: predicted?.spec,
      hidden: keeper.hiddenFields(rollout),
      guarded: guarded[rollout.name] ?? NOT_GUARDED,
      elsewhere: production.cluster !== '' && production.cluster !== rollout[production.arm].cluster,
    });
    keeper.exposure(production);
    if (production.expected.size === 0) keeper.exchange(production, rollout, predicted?.production);
  }

  function keep(match: Match): void {
    const startMs = wallMs();
    const { production, shadow } = match;
    const rollout = rolloutOf(production.decision);
    const pair = rollout && makePair(match, rollout, predictions.read(production, rollout));
    if (pair === undefined || rollout === undefined) {
      unread(production.decision);
      return;
    }
    count('pairing.pairs');
    if (pair.difference.notJson) count('pairing.not-json');
    if (!isDelivered(match, rollout)) count('pairing.misrouted');
    const copy = rollout.shadows[shadow.slot - 1];
    collector.addPair(keeper.summed(pair, rollout), {
      twin: copy !== undefined && isTwin(rollout, copy),
      guarded: guarded[rollout.name] ?? NOT_GUARDED,
    });
    keeper.pair(pair, match, rollout);
    emitCompareSpan(tracer, pair, production.span, shadow.span, startMs);
    if (pairs.length < MAX_WAITING_PAIRS) pairs.push(keeper.shown(pair, rollout));
    else count('pairing.not-shown');
  }

  /** What took long is what is lost when revisions follow fast: a block without it would look better than it was. */
  function unread({ rollout, release }: ProductionExchange['decision']): void {
    count('accesslog.rejected.unknown-revision');
    collector.addUnmatched(rollout, release, 1);
  }

  /** What was given up is known only now, and counts against the block that is open now. */
  function giveUp(given: Unmatched): void {
    if (given.production !== undefined) {
      const { rollout, release } = given.production.decision;
      collector.addUnmatched(rollout, release, given.missing);
      return;
    }
    // a copy does not say whose it is: it counts for whoever has a shadow there
    const newest = [...snapshots.values()].at(-1)?.rollouts ?? [];
    for (const { cluster } of given.shadows) {
      for (const { name, release, shadows } of newest) {
        if (shadows.some((shadow) => shadow.cluster === cluster)) collector.addUnmatched(name, release, 1);
      }
    }
  }

  function closeBlock(due: boolean): ClosedBlock[] {
    if (!due) return [];
    blockEndsMs = nowMs() + BLOCK_MS;
    const block = collector.close(wallMs(), nowMs());
    const { startMs, durationMs, cells } = block;
    if (cells.length > 0) keeper.block({ startMs, durationMs, cells });
    return [block];
  }

  function openCells(closed: boolean): readonly Cell[] | undefined {
    if (!closed && nowMs() - shownMs < SHOW_OPEN_EVERY_MS) return undefined;
    shownMs = nowMs();
    return collector.overall();
  }

  function rolloutOf({ revision, rollout }: { revision: number; rollout: string }): RolloutSnapshot | undefined {
    return snapshots.get(revision)?.rollouts.find(({ name }) => name === rollout);
  }
}

/** Envoy's routes delivered what was decided, on both sides. */
function isDelivered({ production, shadow }: Match, rollout: RolloutSnapshot): boolean {
  const intended = rollout[production.arm].cluster;
  return production.cluster === intended && shadow.cluster === production.expected.get(shadow.slot);
}
