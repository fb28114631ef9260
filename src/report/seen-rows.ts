/** What a report takes from recorded rows: versions and examples. Rows are only looked at as they pass. */
import type { RecordedRow } from '../recording/row.ts';
import { Examples } from './examples.ts';

/** Rows of one shadow, as far as a report needs them. */
export interface SeenRows {
  rows: number;
  referenceVersion: string | null;
  candidateVersion: string | null;
  readonly examples: Examples;
}

export interface WantedRows {
  readonly rollout?: string;
  readonly shadow?: string;
  readonly maxRows?: number;
}

export type Many<Item> = AsyncIterable<Item> | Iterable<Item>;

export interface Seen {
  readonly byShadow: ReadonlyMap<string, SeenRows>;
  readonly rows: number;
  readonly cut: boolean;
}

/** Of shadows only, and those of `wanted` if it names one; reading ends after `maxRows`, by default 1,000,000. */
export async function lookAtRows(
  rows: Many<RecordedRow>,
  { rollout, shadow, maxRows = 1_000_000 }: WantedRows,
): Promise<Seen> {
  const byShadow = new Map<string, SeenRows>();
  let read = 0;
  for await (const row of rows) {
    if (read >= maxRows) return { byShadow, rows: read, cut: true };
    read++;
    if (row.shadow === '' || (rollout ?? row.rollout) !== row.rollout || (shadow ?? row.shadow) !== row.shadow)
      continue;
    const key = shadowKey(row.rollout, row.release, row.shadow);
    let seen = byShadow.get(key);
    if (seen === undefined) {
      seen = { rows: 0, referenceVersion: null, candidateVersion: null, examples: new Examples() };
      byShadow.set(key, seen);
    }
    seen.rows++;
    if (row.referenced) {
      seen.referenceVersion = row.reference.version;
      seen.candidateVersion = row.candidate?.version ?? null;
    }
    seen.examples.offer(row);
  }
  return { byShadow, rows: read, cut: false };
}

export function shadowKey(rollout: string, release: string, shadow: string): string {
  return `${rollout}\0${release}\0${shadow}`;
}
