/** The span of one comparison: in production's trace, linking the two spans that called the models. */
import { ROOT_CONTEXT, type SpanContext, SpanKind, type Tracer, trace } from '@opentelemetry/api';
import type { Pair } from '../pairing/pair.ts';
import { isSampled } from './traceparent.ts';

/**
 * `production` and `shadow` are Envoy's router spans. Without a sampled production trace there is no span. Attributes
 * hold what was found, never what was captured.
 */
export function emitCompareSpan(
  tracer: Tracer,
  pair: Pair,
  production: SpanContext | undefined,
  shadow: SpanContext | undefined,
  startMs: number,
): void {
  if (production === undefined || !isSampled(production)) return;
  const { difference, reference, candidate } = pair;
  const attributes = {
    'understudy.rollout': pair.rollout,
    'understudy.release': pair.release,
    'understudy.shadow': pair.shadow,
    'understudy.arm': pair.arm,
    'understudy.answered_by': pair.answeredBy,
    'understudy.weight_bp': pair.weightBp,
    'understudy.referenced': pair.referenced,
    'understudy.reference.version': reference.version,
    'understudy.candidate.version': candidate.version,
    'understudy.reference.status': reference.status,
    'understudy.candidate.status': candidate.status,
    'understudy.same_status': difference.sameStatus,
    'understudy.body': difference.body,
    ...optional('understudy.same_body', sameBody(difference)),
    ...optional('understudy.reference.latency_ms', reference.latencyMs),
    ...optional('understudy.candidate.latency_ms', candidate.latencyMs),
    ...optional('understudy.latency_difference_ms', difference.latencyDifferenceMs),
  };
  const links = [
    { context: production, attributes: { 'understudy.role': 'production' } },
    ...(shadow === undefined ? [] : [{ context: shadow, attributes: { 'understudy.role': 'shadow' } }]),
  ];
  tracer
    .startSpan(
      'understudy.compare',
      { kind: SpanKind.INTERNAL, startTime: startMs, attributes, links },
      trace.setSpanContext(ROOT_CONTEXT, production),
    )
    .end();
}

/** Undefined when the bodies were not compared; `understudy.body` says why. */
function sameBody({ body }: Pair['difference']): boolean | undefined {
  return body === 'same' || body === 'different' ? body === 'same' : undefined;
}

function optional(name: string, value: number | boolean | undefined): Record<string, number | boolean> {
  return value === undefined ? {} : { [name]: value };
}
