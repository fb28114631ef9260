/** The span of one comparison: in production's trace, linking the two spans that called the models. */
import { type Attributes, ROOT_CONTEXT, type SpanContext, SpanKind, type Tracer, trace } from '@opentelemetry/api';
import type { Difference, FieldDifference, Measure } from '../comparison/difference.ts';
import type { Pair, Side } from '../pairing/pair.ts';
import { isSampled } from './traceparent.ts';

/** As many as a rollout may have. */
const MAX_FIELDS = 32;
/** What two values have between them. No `ratio`: with the difference it tells both values; no diversity: it is of one answer. */
const MEASURES: readonly Measure[] = [
  'difference',
  'divergence',
  'overlap',
  'tau',
  'jaccard',
  'similarity',
  'paths',
  'flip',
];

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
  // the SDK keeps the first 128: what tells most comes first
  const attributes: Attributes = {
    'understudy.rollout': pair.rollout,
    'understudy.release': pair.release,
    'understudy.shadow': pair.shadow,
    'understudy.arm': pair.arm,
    'understudy.answered_by': pair.answeredBy,
    'understudy.weight_bp': pair.weightBp,
    'understudy.referenced': pair.referenced,
    ...sideAttributes('reference', reference),
    ...sideAttributes('candidate', candidate),
    'understudy.same_status': difference.sameStatus,
    'understudy.body': difference.body,
    ...optional('understudy.same_body', sameBody(difference)),
    ...optional('understudy.latency_difference_ms', difference.latencyDifferenceMs),
    'understudy.refused_alike': difference.refusedAlike,
    'understudy.unequal': [...pair.unequal],
    ...fieldAttributes(difference.fields),
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

function sideAttributes(name: 'reference' | 'candidate', side: Side): Attributes {
  return {
    [`understudy.${name}.version`]: side.version,
    [`understudy.${name}.status`]: side.status,
    ...optional(`understudy.${name}.error`, side.error),
    ...optional(`understudy.${name}.latency_ms`, side.latencyMs),
    ...optional(`understudy.${name}.feature_fetch_ms`, side.featureFetchMs),
  };
}

/** Of fields that were compared: first whether they agree, then how far they are apart. */
function fieldAttributes(fields: readonly FieldDifference[]): Attributes {
  const shown = fields.filter(({ compared }) => compared).slice(0, MAX_FIELDS);
  if (shown.length === 0) return {};
  const agreement = shown.map(({ name, agree }) => [`understudy.field.${name}.agree`, agree]);
  return {
    'understudy.agree': shown.every(({ agree }) => agree),
    ...Object.fromEntries(agreement),
    ...Object.assign({}, ...shown.map(elementAttributes)),
  };
}

/** Of the first element that does not agree, else of the first; of a batch how many there are, too. */
function elementAttributes({ name, elements, cut }: FieldDifference): Attributes {
  const prefix = `understudy.field.${name}`;
  const element = elements.find(({ agree }) => !agree) ?? elements[0];
  const attributes: Attributes = {
    ...optional(`${prefix}.reference_missing`, element?.missing.reference),
    ...optional(`${prefix}.candidate_missing`, element?.missing.candidate),
  };
  for (const measure of MEASURES) {
    const value = element?.measures[measure];
    if (value !== undefined) attributes[`${prefix}.${measure}`] = value;
  }
  const count = elements.length + cut;
  if (count !== 1) {
    attributes[`${prefix}.elements`] = count;
    attributes[`${prefix}.agreeing_elements`] = elements.filter(({ agree }) => agree).length;
  }
  return attributes;
}

/** Undefined when the bodies were not compared; `understudy.body` says why. */
function sameBody({ body }: Difference): boolean | undefined {
  return body === 'same' || body === 'different' ? body === 'same' : undefined;
}

function optional(name: string, value: number | boolean | string | undefined): Attributes {
  return value === undefined ? {} : { [name]: value };
}
