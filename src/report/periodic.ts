/** One report for each whole period, as long as it is asked for. Time comes from outside, so that it can be made to pass. */
import { periodName, periodStart } from './period.ts';
import type { Span } from './report.ts';

export interface PeriodicWork {
  /** Length of a period. */
  readonly everyMs: number;
  now(): number;
  /** Resolves when `ms` have passed, or when `signal` aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** Start of the oldest evidence; undefined = there is none. */
  oldestMs(): Promise<number | undefined>;
  /** Names of the periods that have their report. */
  done(): Promise<ReadonlySet<string>>;
  /** Makes and keeps the report of a period; says itself when there is nothing to report. */
  make(period: Span, name: string): Promise<void>;
  readonly signal: AbortSignal;
}

/** After the end of a period, until its last block is surely recorded. */
export const GRACE_MS = 120_000;
/** Missed periods are made up for so far back. */
const MAX_CATCH_UP = 100;
/** What no timer goes beyond. */
const MAX_WAIT_MS = 3_600_000;

/** Makes up for the periods since the oldest evidence that have no report, oldest first, then waits for the next; ends when `signal` aborts. */
export async function reportEvery(work: PeriodicWork): Promise<void> {
  const { everyMs, signal } = work;
  let next = await firstPeriod(work);
  while (!signal.aborted) {
    const untilMs = next + everyMs;
    const leftMs = untilMs + GRACE_MS - work.now();
    if (leftMs > 0) {
      await work.wait(Math.min(leftMs, MAX_WAIT_MS), signal);
      continue;
    }
    const name = periodName(next, everyMs);
    // looked up again each time: another of us may write into the same folder
    if (!(await work.done()).has(name)) await work.make({ fromMs: next, untilMs }, name);
    next = untilMs;
  }
}

async function firstPeriod({ everyMs, oldestMs, now }: PeriodicWork): Promise<number> {
  const current = periodStart(now(), everyMs);
  const oldest = await oldestMs();
  if (oldest === undefined) return current;
  return Math.min(current, Math.max(periodStart(oldest, everyMs), current - MAX_CATCH_UP * everyMs));
}
