/** Which recorded rows are sent again, and why the others are not. Pure. */
import type { PredictionSpec } from '../prediction/spec.ts';
import type { RecordedRequest, RecordedRow } from '../recording/row.ts';
import { cutElements, type RecordedPrediction, recordedPrediction } from './recorded-prediction.ts';

/**
 * `duplicate`: the same request with another shadow, sent already; `unreferenced`, `answered-by-canary`: the row has no
 * answer of the stable version; `no-prediction`: nothing was taken out of the answer then, or nothing that can be compared
 * now; `too-many-elements`: the recording holds the first 1,000 of them; `no-request`: not recorded, longer than was
 * captured, or no text; `redacted`: something of it was made unreadable; `unsendable`: a method or path that HTTP/1.1
 * does not carry.
 */
export type SkipReason =
  | 'duplicate'
  | 'unreferenced'
  | 'answered-by-canary'
  | 'no-prediction'
  | 'too-many-elements'
  | 'no-request'
  | 'redacted'
  | 'unsendable';

export interface Selection {
  readonly rollout: string;
  /** Undefined: of any shadow, and of requests that had none. */
  readonly shadow: string | undefined;
  /** Ms since the epoch; the end is not in it. */
  readonly sinceMs: number;
  readonly untilMs: number;
}

export type Planned =
  | { readonly send: RecordedRequest; readonly recorded: RecordedPrediction }
  | { readonly skip: SkipReason };

/** Rows of one id are written together or nearly so: what is further apart is sent again. */
const IDS_REMEMBERED = 100_000;
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
/** What an HTTP/1.1 request line carries, beginning with its slash. */
const PATH = /^\/[!-~]*$/;

/** Answers for one row after the other, in their order; undefined for a row that was not asked for. */
export function createPlan(selection: Selection, spec: PredictionSpec): (row: RecordedRow) => Planned | undefined {
  const seen = new Set<string>();
  return (row) => {
    if (!isSelected(row, selection)) return undefined;
    if (seen.has(row.id)) return { skip: 'duplicate' };
    remember(seen, row.id);
    const { request, referenced, arm, shadow } = row;
    if (!referenced && shadow !== '') return { skip: 'unreferenced' };
    if (shadow === '' && arm === 'canary') return { skip: 'answered-by-canary' };
    if (request === undefined) return { skip: 'no-request' };
    if (request.redacted) return { skip: 'redacted' };
    if (!METHODS.has(request.method) || !PATH.test(request.path)) return { skip: 'unsendable' };
    if (cutElements(row) > 0) return { skip: 'too-many-elements' };
    const recorded = recordedPrediction(row, spec);
    return recorded.spec.fields.length === 0 ? { skip: 'no-prediction' } : { send: request, recorded };
  };
}

function isSelected(row: RecordedRow, { rollout, shadow, sinceMs, untilMs }: Selection): boolean {
  if (row.rollout !== rollout || row.timeMs < sinceMs || row.timeMs >= untilMs) return false;
  return shadow === undefined || row.shadow === shadow;
}

function remember(seen: Set<string>, id: string): void {
  seen.add(id);
  if (seen.size <= IDS_REMEMBERED) return;
  const [oldest] = seen;
  if (oldest !== undefined) seen.delete(oldest);
}
