/** Pairs that show what the numbers mean, chosen from recorded rows as they pass. Pure. */
import type { FieldDifference } from '../comparison/difference.ts';
import type { RecordedRow, RecordedSide } from '../recording/row.ts';
import type { Example, ExampleSide } from './report.ts';

const PER_SHADOW = 8;
/** Of one reason and segment: examples should differ. */
const PER_REASON = 3;
const MAX_FIELDS = 8;
const MAX_TEXT = 80;

interface Scored {
  readonly score: number;
  readonly example: Example;
}

/** What is kept of the rows of one shadow. */
export class Examples {
  readonly #byReason = new Map<string, Scored[]>();

  /** Rows that are not kept for people, or in which both sides agree, are nothing to show. */
  offer(row: RecordedRow): void {
    if (!row.kept || row.candidate === undefined || !row.referenced) return;
    const fields = readFields(row.fields);
    const reason = reasonOf(row, fields);
    if (reason === undefined) return;
    const scored = { score: scoreOf(fields), example: toExample(row, row.candidate, fields, reason) };
    const earlier = this.#byReason.get(reason) ?? [];
    // as many reasons as there are error kinds and fields, at most 32 + 7 a side
    if (earlier.length === 0 && this.#byReason.size >= 64) return;
    this.#byReason.set(
      reason,
      [...earlier, scored]
        .sort((a, b) => b.score - a.score || a.example.timeMs - b.example.timeMs)
        .slice(0, PER_REASON),
    );
  }

  /** One of each reason first, so that rare ones are seen. */
  chosen(): readonly Example[] {
    const lists = [...this.#byReason.values()].sort((a, b) => (b[0]?.score ?? 0) - (a[0]?.score ?? 0));
    const rounds = Array.from({ length: PER_REASON }, (_, n) => lists.flatMap((list) => list[n]?.example ?? []));
    return rounds.flat().slice(0, PER_SHADOW);
  }
}

function reasonOf(row: RecordedRow, fields: readonly FieldDifference[]): string | undefined {
  if (row.candidate?.error !== undefined && row.reference.error === undefined)
    return `candidate: ${row.candidate.error}`;
  if (row.reference.error !== undefined && row.candidate?.error === undefined)
    return `reference: ${row.reference.error}`;
  const field = fields.find(({ agree, compared }) => compared && !agree);
  if (field !== undefined) return `${field.name} disagrees`;
  if (row.sameStatus === false) return 'another status';
  // where fields are compared, bodies may differ in what does not matter
  return row.agree === undefined && row.body === 'different' ? 'another body' : undefined;
}

/** The largest relative or measured difference of any element; what has no measure counts as 1. */
function scoreOf(fields: readonly FieldDifference[]): number {
  const scores = fields
    .filter(({ compared, agree }) => compared && !agree)
    .flatMap(({ elements }) => elements.filter(({ agree }) => !agree))
    .map(({ measures, reference }) => {
      const { difference } = measures;
      if (difference !== undefined) return Math.abs(difference) / Math.max(Math.abs(Number(reference)) || 0, 1e-9);
      return measures.divergence ?? 1;
    });
  return Math.min(1e12, Math.max(0, ...scores));
}

function toExample(
  row: RecordedRow,
  candidate: RecordedSide,
  fields: readonly FieldDifference[],
  why: string,
): Example {
  return {
    id: row.id,
    timeMs: row.timeMs,
    traceId: row.traceId ?? null,
    segments: row.segments,
    why,
    reference: sideOf(row.reference),
    candidate: sideOf(candidate),
    fields: fields
      .filter(({ agree }) => !agree)
      .slice(0, MAX_FIELDS)
      .map(({ name, elements }) => {
        const element = elements.find(({ agree }) => !agree);
        return {
          name,
          reference: valueText(element?.reference, element?.missing.reference),
          candidate: valueText(element?.candidate, element?.missing.candidate),
        };
      }),
  };
}

function sideOf({ status, error, latencyMs }: RecordedSide): ExampleSide {
  return { status, error: error ?? null, latencyMs: latencyMs ?? null };
}

function valueText(value: unknown, missing: string | undefined): string {
  if (missing !== undefined) return `(${missing})`;
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '(not recorded)');
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text;
}

/** A file is only as good as who wrote it: what is no such list shows nothing. */
function readFields(json: string): readonly FieldDifference[] {
  try {
    const fields: unknown = JSON.parse(json);
    if (!Array.isArray(fields)) return [];
    return fields.filter(
      (field) => typeof field?.name === 'string' && Array.isArray(field?.elements),
    ) as FieldDifference[];
  } catch {
    return [];
  }
}
