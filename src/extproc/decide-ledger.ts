/** Counts what one decide thread did, until it is reported. Bounded. */
import type { Decided } from '../rollout/breaker-window.ts';
import type { Decision, DecisionCount } from '../routing/decide.ts';
import { Deltas } from '../telemetry/counters.ts';
import type { DecideSpan } from '../telemetry/decide-span.ts';
import { isSampled, parseTraceparent } from '../telemetry/traceparent.ts';
import { DecisionCounts } from './decision-counts.ts';
import { slotOf } from './decision-slot.ts';
import { DecisionTimer, type DecisionTimes } from './decision-times.ts';
import { nowMs } from './now.ts';
import type { SessionObserver } from './session.ts';
import type { Call } from './transport.ts';

/** Spans that wait for the next report; beyond it the newest are dropped and counted. */
const MAX_WAITING_SPANS = 1_024;

/** What happened since the last report. */
export interface DecideReport {
  readonly decisions: readonly DecisionCount[];
  /** Those by the hash, by time. */
  readonly decided: readonly Decided[];
  /** From the request's message to the answer handed to the transport; one entry a decision. */
  readonly times: DecisionTimes;
  /** Open now. */
  readonly streamsInFlight: number;
  readonly counters: Readonly<Record<string, number>>;
  readonly spans: readonly DecideSpan[];
}

export interface DecideLedger extends SessionObserver {
  /** So many streams were cut at a stop, without an answer. */
  cut(streams: number): void;
  take(): DecideReport;
}

export function createDecideLedger(): DecideLedger {
  const counters = new Deltas();
  const timer = new DecisionTimer();
  let streamsInFlight = 0;
  const decisions = new DecisionCounts();
  let spans: DecideSpan[] = [];

  return {
    opened() {
      streamsInFlight++;
      counters.add('decide.streams');
    },
    closed() {
      streamsInFlight--;
      counters.add('decide.streams-closed');
    },
    cut: (streams) => counters.add('decide.streams-cut', streams),
    faulted: (kind) => counters.add(`decide.${kind}`),
    decided(decision, call, startMs) {
      if (decision === undefined) {
        counters.add('decide.unknown-route');
        return;
      }
      timer.add((nowMs() - startMs) / 1_000);
      decisions.add(decision, slotOf(startMs));
      for (const { reason } of decision.skipped) counters.add(`decide.mirror-skipped.${reason}`);
      counters.add('decide.mirrored', decision.mirrors.length);
      keepSpan(decision, call, startMs);
    },
    take() {
      const report = {
        ...decisions.take(),
        times: timer.take(),
        streamsInFlight,
        counters: counters.take(),
        spans,
      };
      spans = [];
      return report;
    },
  };

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
