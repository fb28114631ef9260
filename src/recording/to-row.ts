/** From what was observed to a row of the recording, redacted. Pure. */
import type { FieldDifference } from '../comparison/difference.ts';
import type { LoggedRequest, ProductionExchange } from '../pairing/exchange.ts';
import type { Pair, Side } from '../pairing/pair.ts';
import type { CapturedBody } from '../prediction/answer.ts';
import type { Prediction } from '../prediction/prediction.ts';
import type { PredictionSpec } from '../prediction/spec.ts';
import type { Redaction } from './redact.ts';
import type { RecordedRequest, RecordedRow, RecordedSide } from './row.ts';

/** What a row is made with, beside the pair or the exchange. */
export interface RowParts {
  readonly redaction: Redaction;
  /** By which the fields were taken; undefined: the rollout has none. */
  readonly prediction: PredictionSpec | undefined;
  /** Production's, where `recording.requests` is on; undefined: it is not to be recorded. */
  readonly request: LoggedRequest | undefined;
}

export interface PairRowParts extends RowParts {
  /** Of a pair that is kept for people; undefined: it is not. */
  readonly bodies:
    | { readonly reference: CapturedBody | undefined; readonly candidate: CapturedBody | undefined }
    | undefined;
}

export function toRow(pair: Pair, { redaction, prediction, request, bodies }: PairRowParts): RecordedRow {
  const { difference } = pair;
  const compared = difference.fields.filter((field) => field.compared);
  return {
    id: pair.id,
    timeMs: pair.timeMs,
    rollout: pair.rollout,
    release: pair.release,
    revision: pair.revision,
    weightBp: pair.weightBp,
    arm: pair.arm,
    reason: pair.reason,
    segments: pair.segments,
    unit: pair.unit,
    shadow: pair.shadow,
    referenced: pair.referenced,
    answeredBy: pair.answeredBy,
    reference: recordedSide(pair.reference, bodyText(bodies?.reference, redaction)),
    candidate: recordedSide(pair.candidate, bodyText(bodies?.candidate, redaction)),
    sameStatus: difference.sameStatus,
    body: difference.body,
    agree: compared.length === 0 ? undefined : compared.every((field) => field.agree),
    latencyDifferenceMs: difference.latencyDifferenceMs,
    userLatencyMs: pair.userLatencyMs,
    fields: JSON.stringify(redaction.difference(difference.fields, prediction)),
    traceId: pair.traceId,
    kept: bodies !== undefined,
    request: request && recordedRequest(request, redaction),
  };
}

export interface ExchangeRowParts extends RowParts {
  /** As a pair would have it. */
  readonly side: Side;
  /** What was taken out of the answer; undefined: nothing was to be taken. */
  readonly predicted: Prediction | undefined;
}

/** The row of an exchange of production that had no shadow: `fields` hold its values as the reference's, compared with none. */
export function exchangeRow(production: ProductionExchange, parts: ExchangeRowParts): RecordedRow {
  const { decision } = production;
  const { redaction, prediction, side, predicted, request } = parts;
  const fields = prediction && predicted ? aloneFields(prediction, predicted) : [];
  return {
    id: production.id,
    timeMs: production.timeMs,
    rollout: decision.rollout,
    release: decision.release,
    revision: decision.revision,
    weightBp: decision.weightBp,
    arm: production.arm,
    reason: decision.reason,
    segments: decision.segments,
    unit: decision.unit,
    shadow: '',
    referenced: false,
    answeredBy: 'reference',
    reference: recordedSide(side, undefined),
    candidate: undefined,
    sameStatus: undefined,
    body: undefined,
    agree: undefined,
    latencyDifferenceMs: undefined,
    userLatencyMs: production.userLatencyMs,
    fields: JSON.stringify(redaction.difference(fields, prediction)),
    traceId: production.span?.traceId,
    kept: false,
    request: request && recordedRequest(request, redaction),
  };
}

function recordedSide(side: Side, body: string | undefined): RecordedSide {
  const { version, cluster, status, grpcStatus, error, latencyMs, featureFetchMs } = side;
  return { version, cluster, status, grpcStatus, error, latencyMs, featureFetchMs, body };
}

/** Undefined: nothing was captured, or it is no text that may be stored. */
function bodyText(body: CapturedBody | undefined, redaction: Redaction): string | undefined {
  if (body === undefined || (body.unread !== undefined && body.unread !== 'truncated')) return undefined;
  const { text, note } = redaction.body(body.bytes, body.json);
  return note === undefined ? text : undefined;
}

/** Undefined: its body was not captured whole, or is no text. */
function recordedRequest(request: LoggedRequest, redaction: Redaction): RecordedRequest | undefined {
  const { method, contentType, body } = request;
  if (body === undefined ? request.bytes > 0 : body.unread !== undefined) return undefined;
  const { text, note, redacted } = redaction.body(body?.bytes ?? new Uint8Array(), body?.json ?? false);
  if (note !== undefined) return undefined;
  const path = redaction.text(request.path);
  return { method, path: path.text, contentType, body: text, redacted: redacted || path.redacted };
}

function aloneFields(spec: PredictionSpec, { elements, cut, missing }: Prediction): FieldDifference[] {
  return spec.fields.map(({ name, compare }) => ({
    name,
    kind: compare.kind,
    compared: false,
    agree: false,
    elements:
      elements.length === 0
        ? [alone(undefined, missing === undefined ? { missing: 'no-elements' } : { missing })]
        : elements.map(({ key, fields }) => alone(key, fields[name] ?? { missing: 'no-field' })),
    cut,
  }));
}

function alone(
  key: string | undefined,
  taken: Prediction['elements'][number]['fields'][string],
): FieldDifference['elements'][number] {
  const has = 'value' in taken;
  return {
    key,
    agree: false,
    missing: { reference: has ? undefined : taken.missing, candidate: undefined },
    reference: has ? taken.value : undefined,
    candidate: undefined,
    measures: {},
    amount: has ? taken.amount : undefined,
  };
}
