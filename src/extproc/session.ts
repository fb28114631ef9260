/**
 * One ext_proc stream = one request of Envoy's: exactly one answer to each message, of its kind. The answer to request
 * headers is our last: the stream then ends OK, which Envoy reads as "carry on without me", so that no body, trailer or
 * response of a request ever waits for us, whatever its `processing_mode` says.
 */
import { ProcessingRequest } from '../gen/envoy/service/ext_proc/v3/external_processor.ts';
import type { Decision } from '../routing/decide.ts';
import type { RequestFacts } from '../routing/facts.ts';
import type { Snapshot } from '../routing/snapshot.ts';
import { continueAnswer, decisionAnswer } from './answer.ts';
import { slotOf } from './decision-slot.ts';
import { factsOf } from './facts.ts';
import { Phases } from './phases.ts';
import { type Call, type CallHandler, STATUS } from './transport.ts';

export interface SessionPorts {
  /** From the newest snapshot; `decision` is undefined when no rollout has the request's route. */
  readonly decide: (facts: RequestFacts) => { readonly snapshot: Snapshot; readonly decision: Decision | undefined };
  /** 32 hex digits, never the same twice. */
  readonly nextId: () => string;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Wall time with fractions of a millisecond, ms since the epoch. */
  readonly nowMs: () => number;
  readonly observer: SessionObserver;
}

/**
 * `unreadable`: bytes that are no message; `refused`: a message out of order, or a body mode we do not serve; `failed`:
 * our own logic. Each time Envoy was told to carry on, or why not; by fail-open the user got the stable answer.
 */
export type SessionFault = 'unreadable' | 'refused' | 'failed';

/** Told what happened, after the answer is on its way. */
export interface SessionObserver {
  opened(): void;
  /** `decision` as SessionPorts.decide; `startMs` is when the request's message arrived. */
  decided(decision: Decision | undefined, call: Call, startMs: number): void;
  faulted(kind: SessionFault, error: unknown): void;
  closed(): void;
}

export function openSession(call: Call, ports: SessionPorts): CallHandler {
  const { observer } = ports;
  const phases = new Phases();
  // messages that came together with the one we ended at must not be decided or counted
  let ended = false;
  observer.opened();
  return {
    message(bytes) {
      if (ended) return;
      try {
        const request = read(bytes);
        if (request !== undefined) take(request);
      } catch (error) {
        // OK without an answer is Envoy's "carry on": the stable route, no shadow
        end(STATUS.ok);
        observer.faulted('failed', error);
      }
    },
    halfClosed: () => end(STATUS.ok),
    closed: () => observer.closed(),
  };

  function read(bytes: Uint8Array): ProcessingRequest | undefined {
    try {
      return ProcessingRequest.decode(bytes);
    } catch (error) {
      end(STATUS.invalidArgument, 'not a ProcessingRequest');
      observer.faulted('unreadable', error);
      return undefined;
    }
  }

  function take(message: ProcessingRequest): void {
    const refusal = phases.enter(message);
    if (refusal !== undefined) {
      end(refusal.status, refusal.reason);
      observer.faulted('refused', refusal.reason);
      return;
    }
    // an observer must not be answered
    if (message.observabilityMode || message.request === undefined) return;
    if (message.request.$case === 'requestHeaders') answerHeaders(message, message.request.value);
    else call.send(continueAnswer(message.request.$case));
  }

  function answerHeaders(message: ProcessingRequest, headers: Parameters<typeof factsOf>[1]): void {
    const startMs = ports.nowMs();
    const { snapshot, decision } = ports.decide(factsOf(message, headers, ports.random()));
    // a copy that led back to the edge is no request of its own: without an id nothing about it is logged or joined
    call.send(
      decision === undefined || decision.reason === 'already-shadow'
        ? continueAnswer('requestHeaders')
        : decisionAnswer(snapshot, decision, ports.nextId(), slotOf(startMs)),
    );
    end(STATUS.ok);
    observer.decided(decision, call, startMs);
  }

  function end(status: number, reason?: string): void {
    ended = true;
    call.finish(status, reason);
  }
}
