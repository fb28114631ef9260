/** Errors and counts by name, for a report. Pure. */
import type { SideSummary } from '../evidence/summary.ts';
import type { Counts } from '../evidence/sums.ts';
import { isError } from '../pairing/error-kind.ts';
import type { ErrorKind } from '../pairing/pair.ts';
import type { Count, Errors } from './report.ts';

/** `aborted` is listed among the kinds, and counts as no error. */
export function errorsOf({ errors, errorRate, clientErrors, count: of }: SideSummary): Errors {
  const kinds = countsOf(errors);
  const count = kinds.reduce((sum, kind) => sum + (isError(kind.name as ErrorKind) ? kind.count : 0), 0);
  return { count, of, share: errorRate ?? null, kinds, clientErrors };
}

/** Most first. */
export function countsOf(counts: Counts<string>): Count[] {
  return Object.entries(counts)
    .map(([name, count]) => ({ name, count: count ?? 0 }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
}
