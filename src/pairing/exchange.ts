/** One finished request/response as Envoy logged it, cut down to what pairs need. */
import type { SpanContext } from '@opentelemetry/api';
import type { Answer } from '../comparison/answer.ts';
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
}

export interface ProductionExchange extends Common {
  readonly role: 'production';
  readonly arm: Arm;
  readonly decision: LoggedDecision;
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
}
