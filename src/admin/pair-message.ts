/** From pairs, kept or recent or recorded, to what admin.proto says of them. */
import type { ElementDifference, FieldDifference } from '../comparison/difference.ts';
import { magnitudeOf } from '../comparison/magnitude.ts';
import type * as proto from '../gen/understudy/admin/v1/admin.ts';
import type { Pair, Side } from '../pairing/pair.ts';
import type { KeptBody, KeptPair } from '../recording/kept-pair.ts';
import type { RecordedRow, RecordedSide } from '../recording/row.ts';
import { isDifferent } from './pair-filter.ts';

export interface PairExtras {
  /** Undefined: it is not kept for people. */
  readonly kept?: KeptPair | undefined;
  readonly includeBodies?: boolean;
  /** Pairs this reader lost just before this one. */
  readonly droppedBefore?: number;
}

const MAX_RECORDED_ELEMENTS = 20;

/** The unit is not told: not even its hash. */
export function pairMessage(
  pair: Pair,
  { kept, includeBodies = false, droppedBefore = 0 }: PairExtras = {},
): proto.Pair {
  const { difference, traceId, reference, candidate, unit: _, unequal, ...same } = pair;
  const { fields, ...compared } = difference;
  return {
    ...same,
    ...compared,
    reference: sideMessage(reference),
    candidate: sideMessage(candidate),
    unequal: [...unequal],
    fields: fields.map(fieldMessage),
    traceId: traceId ?? '',
    droppedBefore,
    different: isDifferent(pair),
    whyKept: [...(kept?.why ?? [])],
    productionSpan: kept?.productionSpan,
    shadowSpan: kept?.shadowSpan,
    bodies:
      includeBodies && kept !== undefined
        ? {
            reference: bodyMessage(kept.reference),
            candidate: bodyMessage(kept.candidate),
            request: bodyMessage(kept.request),
          }
        : undefined,
    fromRecording: false,
  };
}

/** A row of an exchange without a shadow has no candidate. */
export function recordedMessage(row: RecordedRow, includeBodies: boolean): proto.Pair {
  const { reference, candidate, request, unit: _, fields, kept: __, agree, ...same } = row;
  const sameStatus = row.sameStatus ?? true;
  const withFields = parsedFields(fields).map((field) => ({
    ...field,
    elements: field.elements.slice(0, MAX_RECORDED_ELEMENTS),
    cut: field.cut + Math.max(0, field.elements.length - MAX_RECORDED_ELEMENTS),
  }));
  return {
    ...same,
    sameStatus,
    body: row.body ?? '',
    outputs: {},
    notJson: false,
    refusedAlike: false,
    reference: sideMessage(reference),
    candidate: candidate && sideMessage(candidate),
    unequal: [],
    fields: withFields.map(fieldMessage),
    traceId: row.traceId ?? '',
    droppedBefore: 0,
    different: candidate !== undefined && (!sameStatus || (agree === undefined ? row.body === 'different' : !agree)),
    whyKept: [],
    productionSpan: undefined,
    shadowSpan: undefined,
    bodies: includeBodies
      ? {
          reference: recordedBody(reference.body),
          candidate: recordedBody(candidate?.body),
          request: recordedBody(request?.body),
        }
      : undefined,
    fromRecording: true,
  };
}

function sideMessage(side: Side | RecordedSide): proto.Side {
  const { version, cluster, status, grpcStatus, latencyMs, error, featureFetchMs } = side;
  const details = 'details' in side ? side.details : '';
  return { version, cluster, status, grpcStatus, latencyMs, details, error: error ?? '', featureFetchMs };
}

function fieldMessage(field: FieldDifference): proto.FieldDifference {
  const { name, kind, compared, agree, elements, cut } = field;
  return { name, kind, compared, agree, magnitude: magnitudeOf(field), elements: elements.map(elementMessage), cut };
}

function elementMessage(element: ElementDifference): proto.ElementDifference {
  const { key, agree, missing, reference, candidate, measures, amount } = element;
  return {
    key,
    agree,
    missingReference: missing.reference ?? '',
    missingCandidate: missing.candidate ?? '',
    reference: JSON.stringify(reference),
    candidate: JSON.stringify(candidate),
    measures: { ...measures },
    amount,
  };
}

function bodyMessage(body: KeptBody | undefined): proto.Body | undefined {
  return body && { ...body, note: body.note ?? '' };
}

function recordedBody(text: string | undefined): proto.Body | undefined {
  return text === undefined ? undefined : { text, cut: 0, note: '', json: isJson(text) };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A file on disk may hold anything: what is no list of fields is none. */
function parsedFields(text: string): readonly FieldDifference[] {
  try {
    const fields: unknown = JSON.parse(text);
    return Array.isArray(fields) ? fields : [];
  } catch {
    return [];
  }
}
