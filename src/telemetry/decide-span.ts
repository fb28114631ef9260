/** The span of one decision: made in the control thread from facts the decide thread left, with their times. */
import { ROOT_CONTEXT, SpanKind, type Tracer, trace } from '@opentelemetry/api';
import { parseTraceparent } from './traceparent.ts';

export interface DecideSpan {
  /** Of Envoy's ext_proc client span; sampled. */
  readonly traceparent: string;
  /** Wall times with fractions, ms since the epoch. */
  readonly startMs: number;
  readonly endMs: number;
  readonly rollout: string;
  readonly release: string;
  readonly arm: string;
  readonly reason: string;
  readonly weightBp: number;
  /** Names of the shadows that get a copy. */
  readonly shadows: readonly string[];
}

export function emitDecideSpan(tracer: Tracer, facts: DecideSpan): void {
  const parent = parseTraceparent(facts.traceparent);
  if (parent === undefined) return;
  tracer
    .startSpan(
      'understudy.decide',
      {
        kind: SpanKind.SERVER,
        startTime: facts.startMs,
        attributes: {
          'understudy.rollout': facts.rollout,
          'understudy.release': facts.release,
          'understudy.arm': facts.arm,
          'understudy.reason': facts.reason,
          'understudy.weight_bp': facts.weightBp,
          'understudy.shadows': [...facts.shadows],
        },
      },
      trace.setSpanContext(ROOT_CONTEXT, parent),
    )
    .end(facts.endMs);
}
