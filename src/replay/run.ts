/** One pass over a recording: each row that can be is sent again, and all is summed in the order of the recording. */
import type { Pair } from '../pairing/pair.ts';
import type { Extractor } from '../prediction/extract.ts';
import type { PredictionSpec } from '../prediction/spec.ts';
import type { RecordedRow } from '../recording/row.ts';
import { createPlan, type Planned, type Selection } from './plan.ts';
import type { Sender } from './send.ts';
import { type Pace, sendInOrder } from './send-in-order.ts';
import { pairOf } from './to-pair.ts';

/** Of the rows that were asked for. Plain data. */
export interface ReplayCounts {
  sent: number;
  readonly skipped: Record<string, number>;
  /** Rows that were sent though a field of theirs cannot be compared, by field. */
  readonly notRecorded: Record<string, number>;
}

export function emptyCounts(): ReplayCounts {
  return { sent: 0, skipped: {}, notRecorded: {} };
}

export interface Survey {
  readonly counts: ReplayCounts;
  /** Of the whole recording, asked for or not. */
  readonly rows: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

/** What would be sent, and what not and why: nothing is sent. */
export async function survey(
  rows: AsyncIterable<RecordedRow>,
  selection: Selection,
  spec: PredictionSpec,
): Promise<Survey> {
  const plan = createPlan(selection, spec);
  const counts = emptyCounts();
  let [read, firstMs, lastMs] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for await (const row of rows) {
    read++;
    const planned = plan(row);
    if (planned === undefined) continue;
    count(counts, planned);
    firstMs = Math.min(firstMs, row.timeMs);
    lastMs = Math.max(lastMs, row.timeMs);
  }
  return { counts, rows: read, firstMs, lastMs };
}

/** Where a pass begins: after so many rows, of which the last has `lastId`. */
export interface Begin {
  readonly rows: number;
  readonly lastId: string;
}

/** The row where an earlier pass ended is another one now. */
export class ChangedError extends Error {
  override readonly name = 'ChangedError';
}

export interface ReplayParts {
  readonly rows: AsyncIterable<RecordedRow>;
  readonly selection: Selection;
  readonly spec: PredictionSpec;
  readonly extractor: Extractor;
  readonly sender: Sender;
  /** What pairs name as the candidate's version. */
  readonly to: string;
  readonly begin: Begin;
  /** Rows after this many are not read: a recording may grow meanwhile. */
  readonly end: number;
  readonly pace: Pace;
  readonly signal: AbortSignal;
  /** In the order of the recording; the pair is undefined for a row that was not sent. */
  readonly onRow: (at: Begin, planned: Planned | undefined, pair: Pair | undefined) => void;
}

/** Resolves when all is done, or what was in flight when `signal` aborted. Throws ChangedError, and what `rows` or `onRow` throw. */
export async function replay(parts: ReplayParts): Promise<{ readonly late: number }> {
  const { selection, spec, extractor, sender, to, pace, signal, onRow } = parts;
  const plan = createPlan(selection, spec);
  return sendInOrder(
    planned(parts, plan),
    ({ row, plan }) => {
      if (plan === undefined || 'skip' in plan) return undefined;
      const { send, recorded } = plan;
      const asked = { bytes: Buffer.from(send.body), json: /[/+]json\b/.test(send.contentType), unread: undefined };
      return sender.send(send, row.id).then(({ answer, error }) => {
        const prediction = extractor.extract(answer, asked);
        return pairOf(row, recorded, { answer, error, prediction }, to);
      });
    },
    ({ row, at, plan }, pair) => onRow({ rows: at, lastId: row.id }, plan, pair),
    pace,
    signal,
  );
}

interface Item {
  readonly row: RecordedRow;
  /** Rows up to and with this one. */
  readonly at: number;
  readonly plan: Planned | undefined;
}

async function* planned(
  { rows, begin, end }: ReplayParts,
  plan: (row: RecordedRow) => Planned | undefined,
): AsyncGenerator<Item> {
  let at = 0;
  for await (const row of rows) {
    if (at >= end) return;
    at++;
    // those before are planned too: they tell which are duplicates
    const item = { row, at, plan: plan(row) };
    if (at === begin.rows && row.id !== begin.lastId) throw changed(begin, `found ${JSON.stringify(row.id)}`);
    if (at > begin.rows) yield item;
  }
  if (at < begin.rows) throw changed(begin, `the recording ends after ${at} rows`);
}

function changed({ rows, lastId }: Begin, found: string): ChangedError {
  return new ChangedError(
    `the recording is not as it was: expected ${JSON.stringify(lastId)} as its row ${rows}, ${found}; begin anew`,
  );
}

/** Adds what was planned for one row. */
export function count(counts: ReplayCounts, planned: Planned): void {
  if ('skip' in planned) {
    counts.skipped[planned.skip] = (counts.skipped[planned.skip] ?? 0) + 1;
    return;
  }
  counts.sent++;
  for (const field of planned.recorded.notRecorded) {
    counts.notRecorded[field] = (counts.notRecorded[field] ?? 0) + 1;
  }
}
