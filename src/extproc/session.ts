/** One ext_proc stream = one request of Envoy's: exactly one answer to each message, then the stream ends. */
import { ProcessingRequest } from '../gen/envoy/service/ext_proc/v3/external_processor.ts';
import { type CompiledSnapshot, type Decision, decide } from '../routing/decide.ts';
import { continueAnswer, decisionAnswer } from './answer.ts';
import { factsOf } from './facts.ts';
import { type Call, type CallHandler, STATUS } from './transport.ts';

export interface SessionPorts {
  /** The newest snapshot; a session asks once. */
  readonly snapshot: () => CompiledSnapshot;
  /** 32 hex digits, never the same twice. */
  readonly nextId: () => string;
  /** Wall time with fractions of a millisecond, ms since the epoch. */
  readonly nowMs: () => number;
  readonly observer: SessionObserver;
}

/** Told what happened, after the answer is on its way. */
export interface SessionObserver {
  opened(): void;
  /** `decision` is undefined when no rollout has the request's route; `startMs` is when its message arrived. */
  decided(decision: Decision | undefined, call: Call, startMs: number): void;
  /** A message could not be read (`unreadable`) or our own logic failed (`failed`); the user got the stable answer. */
  faulted(kind: 'unreadable' | 'failed', error: unknown): void;
  closed(): void;
}

export function openSession(call: Call, ports: SessionPorts): CallHandler {
  const { observer } = ports;
  observer.opened();
  return {
    message(bytes) {
      const request = read(bytes);
      if (request === undefined) return;
      // an observer must not be answered
      if (request.observabilityMode || request.request === undefined) return;
      if (request.request.$case === 'requestHeaders') answerHeaders(request, request.request.value);
      else call.send(continueAnswer(request.request.$case));
    },
    halfClosed: () => call.finish(STATUS.ok),
    closed: () => observer.closed(),
  };

  function read(bytes: Uint8Array): ProcessingRequest | undefined {
    try {
      return ProcessingRequest.decode(bytes);
    } catch (error) {
      observer.faulted('unreadable', error);
      call.finish(STATUS.invalidArgument, 'not a ProcessingRequest');
      return undefined;
    }
  }

  function answerHeaders(request: ProcessingRequest, headers: Parameters<typeof factsOf>[1]): void {
    const startMs = ports.nowMs();
    try {
      const compiled = ports.snapshot();
      const decision = decide(compiled, factsOf(request, headers));
      // a copy that led back to the edge is no request of its own: without an id nothing about it is logged or joined
      call.send(
        decision === undefined || decision.reason === 'already-shadow'
          ? continueAnswer('requestHeaders')
          : decisionAnswer(compiled.snapshot, decision, ports.nextId()),
      );
      call.finish(STATUS.ok);
      observer.decided(decision, call, startMs);
    } catch (error) {
      // OK without an answer is Envoy's "carry on": the stable route, no shadow
      call.finish(STATUS.ok);
      observer.faulted('failed', error);
    }
  }
}
