/** What guards said at an event, as it is kept with it. */
import type { Verdict } from '../guards/verdict.ts';

export type GuardRow = Pick<
  Verdict,
  'guard' | 'segment' | 'status' | 'subject' | 'value' | 'lower' | 'upper' | 'threshold' | 'unit' | 'n' | 'eValue'
> &
  Pick<Verdict, 'action' | 'dryRun' | 'sentence'>;

/** The rest is summed up by the guards' own verdicts. */
const MAX_ROWS = 100;

/** JSON; what fails goes first, so that it is never what is left out. */
export function guardTable(verdicts: readonly Verdict[]): string {
  const failing = verdicts.filter(({ status }) => status === 'fail');
  const others = verdicts.filter(({ status }) => status !== 'fail');
  return JSON.stringify([...failing, ...others].slice(0, MAX_ROWS).map(guardRow));
}

/** What of `verdict`, or of a row that was kept, is told, and no more. */
export function guardRow(verdict: GuardRow): GuardRow {
  const { guard, segment, status, subject, value, lower, upper, threshold, unit, n, eValue, action, dryRun } = verdict;
  const { sentence } = verdict;
  return { guard, segment, status, subject, value, lower, upper, threshold, unit, n, eValue, action, dryRun, sentence };
}

/** `p95`, or of one segment value `p95 country=NZ`. */
export function guardKey({ guard, segment }: Pick<Verdict, 'guard' | 'segment'>): string {
  return segment === '' ? guard : `${guard} ${segment}`;
}
