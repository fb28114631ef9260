/** Calls that were not let in: all counted, few logged. */
import type { DeniedError } from '../access/denied.ts';
import type { IncomingCall } from './callers.ts';

const LOG_EVERY_MS = 1_000;

/** Counts `admin.unauthenticated`, `admin.forbidden` or `admin.crowded`; logs at most one line a second, which says how many were left out. */
export function createDenials(parts: {
  readonly count: (name: string) => void;
  readonly log: (line: string) => void;
  readonly nowMs: () => number;
}): (call: Pick<IncomingCall, 'getPeer'>, error: DeniedError) => void {
  let loggedMs = Number.NEGATIVE_INFINITY;
  let left = 0;
  return (call, error) => {
    if (error.code === 'forbidden') parts.count('admin.forbidden');
    else if (error.code === 'crowded') parts.count('admin.crowded');
    else parts.count('admin.unauthenticated');
    if (parts.nowMs() - loggedMs < LOG_EVERY_MS) {
      left += 1;
      return;
    }
    const more = left === 0 ? '' : ` (and ${left} more calls since the last such line)`;
    parts.log(`admin: a call of ${call.getPeer()} was refused: ${error.message}${more}`);
    loggedMs = parts.nowMs();
    left = 0;
  };
}
