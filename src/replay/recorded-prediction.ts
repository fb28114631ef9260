/** What the reference of a recorded row said, put together again from its differences. Pure. */
import type { ElementDifference, FieldDifference } from '../comparison/difference.ts';
import type { Element, Extracted, Missing, Prediction } from '../prediction/prediction.ts';
import type { FieldSpec, PredictionSpec } from '../prediction/spec.ts';
import { MASK } from '../recording/redact.ts';
import type { RecordedRow } from '../recording/row.ts';

export interface RecordedPrediction {
  readonly prediction: Prediction;
  /** The fields that the row has a value of, or a reason why not: the others cannot be compared. */
  readonly spec: PredictionSpec;
  /** Names of the fields of the rollout that are not in `spec`. */
  readonly notRecorded: readonly string[];
}

/** Reasons that are about the whole answer, not about one value of it. */
const OF_THE_ANSWER: ReadonlySet<Missing> = new Set<Missing>([
  'no-answer',
  'error',
  'refused',
  'not-captured',
  'truncated',
  'encoded',
  'undecodable',
  'too-large',
  'bad-capture',
  'not-json',
  'no-elements',
]);

/**
 * A field is not recorded when the row lacks it (another configuration then), when its values were redacted, or when it
 * was compared by another kind of comparator: its values then have another form.
 */
export function recordedPrediction(row: RecordedRow, spec: PredictionSpec): RecordedPrediction {
  if (wasRefused(row)) return { prediction: refused(row), spec, notRecorded: [] };
  const recorded = new Map(readFields(row.fields).map((field) => [field.name, field]));
  const usable = spec.fields.filter((field) => isRecorded(field, recorded.get(field.name)));
  const fields = new Map(usable.map(({ name }) => [name, rowsOf(recorded.get(name))]));
  const longest = Math.max(0, ...[...fields.values()].map((elements) => elements.length));
  const elements: Element[] = [];
  for (let at = 0; at < longest; at++) {
    const key = [...fields.values()].find((list) => list[at] !== undefined)?.[at]?.key;
    elements.push({ key, fields: Object.fromEntries([...fields].map(([name, list]) => [name, extracted(list[at])])) });
  }
  const whole = missingOfAll(elements);
  return {
    prediction: {
      missing: whole,
      elements: whole === undefined ? elements : [],
      cut: 0,
      featureFetchMs: row.reference.featureFetchMs,
    },
    spec: usable.length === spec.fields.length ? spec : { ...spec, fields: usable },
    notRecorded: spec.fields.filter((field) => !usable.includes(field)).map(({ name }) => name),
  };
}

/** Both sides refused the request then, so no field was recorded: a candidate that answers it now differs. */
function wasRefused({ fields, reference: { status } }: RecordedRow): boolean {
  return fields === '[]' && status >= 400 && status < 500;
}

function refused({ reference: { featureFetchMs } }: RecordedRow): Prediction {
  return { missing: 'refused', elements: [], cut: 0, featureFetchMs };
}

/** Elements beyond the 1,000 of a recorded difference. */
export function cutElements(row: RecordedRow): number {
  return Math.max(0, ...readFields(row.fields).map(({ cut }) => cut ?? 0));
}

function readFields(text: string): readonly FieldDifference[] {
  try {
    const fields: unknown = JSON.parse(text);
    return Array.isArray(fields) ? fields.filter((field) => Array.isArray(field?.elements)) : [];
  } catch {
    return [];
  }
}

function isRecorded({ compare }: FieldSpec, field: FieldDifference | undefined): boolean {
  if (field === undefined || field.kind !== compare.kind) return false;
  return rowsOf(field).every(({ reference, missing }) =>
    reference === undefined ? missing?.reference !== undefined : !JSON.stringify(reference).includes(MASK),
  );
}

/** What the candidate of that time had beyond the reference is of no interest. */
function rowsOf(field: FieldDifference | undefined): readonly ElementDifference[] {
  return (field?.elements ?? []).filter(({ missing }) => missing?.reference !== 'no-element');
}

function extracted(element: ElementDifference | undefined): Extracted {
  if (element === undefined) return { missing: 'no-field' };
  const { missing, reference: value, amount } = element;
  if (missing?.reference !== undefined) return { missing: missing.reference };
  return amount === undefined ? { value } : { value, amount };
}

/** A side without an answer lacks every value for the same reason, in as many elements as the other side had. */
function missingOfAll(elements: readonly Element[]): Missing | undefined {
  const found = elements.flatMap(({ fields }) => Object.values(fields));
  const reasons = new Set(found.map((value) => ('missing' in value ? value.missing : undefined)));
  const [reason] = reasons;
  return reasons.size === 1 && reason !== undefined && OF_THE_ANSWER.has(reason) ? reason : undefined;
}
