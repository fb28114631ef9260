/** The room that decides: one socket, the newest snapshot, and counts. It does no I/O beside its socket. */

import { compileSnapshot, type Decision, type DecisionCount } from '../routing/decide.ts';
import type { Snapshot } from '../routing/snapshot.ts';
import { Deltas } from '../telemetry/counters.ts';
import type { DecideSpan } from '../telemetry/decide-span.ts';
import { isSampled, parseTraceparent } from '../telemetry/traceparent.ts';
import { listenHttp2 } from './http2-transport.ts';
import { createIds } from './request-id.ts';
import { proveResets } from './reset-proof.ts';
import { decideServices } from './services.ts';
import type { SessionObserver } from './session.ts';
import type { Call, Listener } from './transport.ts';

/** Spans that wait for the next report; beyond it the newest are dropped and counted. */
const MAX_WAITING_SPANS = 1_024;

/** What happened since the last report. */
export interface DecideReport {
  readonly decisions: readonly DecisionCount[];
  readonly counters: Readonly<Record<string, number>>;
  readonly spans: readonly DecideSpan[];
}

export interface DecideRoom {
  use(snapshot: Snapshot): void;
  /** Proves the reset limits, then serves at `socketPath` and reports SERVING. */
  serve(socketPath: string): Promise<void>;
  report(): DecideReport;
  /** NOT_SERVING at once; open streams get `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

export function createDecideRoom(first: Snapshot, randomBytes: Uint8Array): DecideRoom {
  let compiled = compileSnapshot(first);
  let serving = false;
  let listener: Listener | undefined;
  const ledger = createLedger();
  const ports = { snapshot: () => compiled, nextId: createIds(randomBytes), nowMs };
  return {
    use: (snapshot) => {
      compiled = compileSnapshot(snapshot);
    },
    async serve(socketPath) {
      await proveResets(decideServices({ ...ports, observer: createLedger() }, () => false));
      listener = await listenHttp2(
        socketPath,
        decideServices({ ...ports, observer: ledger }, () => serving),
      );
      serving = true;
    },
    report: () => ledger.take(),
    async stop(graceMs) {
      serving = false;
      await listener?.close(graceMs);
    },
  };
}

function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

function createLedger(): SessionObserver & { take(): DecideReport } {
  const counters = new Deltas();
  let decisions = new Map<string, DecisionCount & { count: number }>();
  let spans: DecideSpan[] = [];

  return {
    opened: () => counters.add('decide.streams'),
    closed: () => counters.add('decide.streams-closed'),
    faulted: (kind) => counters.add(`decide.${kind}`),
    decided(decision, call, startMs) {
      if (decision === undefined) {
        counters.add('decide.unknown-route');
        return;
      }
      count(decision);
      for (const { reason } of decision.skipped) counters.add(`decide.mirror-skipped.${reason}`);
      counters.add('decide.mirrored', decision.mirrors.length);
      keepSpan(decision, call, startMs);
    },
    take() {
      const report = { decisions: [...decisions.values()], counters: counters.take(), spans };
      decisions = new Map();
      spans = [];
      return report;
    },
  };

  function count({ rollout, arm, reason }: Decision): void {
    const key = `${rollout.name}\0${arm}\0${reason}`;
    const counted = decisions.get(key);
    if (counted === undefined) decisions.set(key, { rollout: rollout.name, arm, reason, count: 1 });
    else counted.count++;
  }

  function keepSpan(decision: Decision, call: Call, startMs: number): void {
    const traceparent = call.metadata('traceparent') ?? '';
    const parent = parseTraceparent(traceparent);
    if (parent === undefined || !isSampled(parent)) return;
    if (spans.length >= MAX_WAITING_SPANS) {
      counters.add('decide.spans-dropped');
      return;
    }
    const { rollout, arm, reason, weightBp, mirrors } = decision;
    const shadows = mirrors.map(({ shadow }) => shadow.name);
    const { name, release } = rollout;
    spans.push({ traceparent, startMs, endMs: nowMs(), rollout: name, release, arm, reason, weightBp, shadows });
  }
}
