/** One finished request/response as Envoy logged it, cut down to what pairs need. */
import type { SpanContext } from '@opentelemetry/api';
import type { Answer, CapturedBody } from '../prediction/answer.ts';
import type { Arm } from '../routing/snapshot.ts';

interface Common extends Answer {
  /** 32 hex digits. */
  readonly id: string;
  /** Start of the request, wall time, ms since the epoch. */
  readonly timeMs: number;
  /** The cluster that really delivered. */
  readonly cluster: string;
  /** `via_upstream` = the model answered; anything else, Envoy did. */
  readonly details: string;
  /** The span that called the model; undefined when there is no tracing. */
  readonly span: SpanContext | undefined;
  /** What the model was asked. */
  readonly request: LoggedRequest;
}

/** A request as its side's chain saw it; what two sides of a pair must have in common. */
export interface LoggedRequest {
  readonly method: string;
  /** With the query: it is stored only where requests are recorded, and never shown. */
  readonly path: string;
  readonly host: string;
  /** `HTTP/1.1`, `HTTP/2`, ...; of the connection into the chain, not of the one to the model. */
  readonly protocol: string;
  /** Of the body as it came. */
  readonly bytes: number;
  readonly contentType: string;
  readonly contentEncoding: string;
  /** Undefined unless `capture.request` is above 0. */
  readonly body: CapturedBody | undefined;
}

export interface ProductionExchange extends Common {
  readonly role: 'production';
  readonly arm: Arm;
  readonly decision: LoggedDecision;
  /** Downstream: first byte of the request in to last byte of the answer out; undefined when the user left before. */
  readonly userLatencyMs: number | undefined;
  /** Cluster of each shadow that got a copy, by slot. */
  readonly expected: ReadonlyMap<number, string>;
}

export interface ShadowExchange extends Common {
  readonly role: 'shadow';
  /** 1..4 */
  readonly slot: number;
}

export type Exchange = ProductionExchange | ShadowExchange;

/** The decision as it travelled in dynamic metadata. */
export interface LoggedDecision {
  readonly rollout: string;
  readonly release: string;
  readonly revision: number;
  readonly weightBp: number;
  readonly reason: string;
  readonly segments: Readonly<Record<string, string>>;
  /** Keyed hash; `` = none. */
  readonly unit: string;
  /** When it was made, on the clock of rollout/breaker-window.ts; undefined = not said. */
  readonly slot?: number | undefined;
}
