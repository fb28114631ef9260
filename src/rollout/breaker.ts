/**
 * The circuit breaker: is the canary so bad now that nobody should wait for a guard? Only decisions by the hash count. Pure.
 *
 * Failures, of what the log said in the last 10 s: canary at least 50 % of at least 20, or of the last 40, or 5 in a row. It is
 * the environment when stable (at least 5) fails at least half as often.
 *
 * Hang, by the time of the decision: of what was decided 10 s to T ago, no answer of canary to at least 50 % of at least 20, to
 * none of at least 5, or to none of the last 10. T is the shortest of 2, 3, 5, 8 s within which the log says the end of 98 % of
 * stable's requests (at least 5), of which 90 % must have been answered; it must say so too of those that were decided while
 * canary's newest were. So services that are slow, event streams, and a log that is late, lost or dead, are no hang: they are the
 * same for stable.
 */
import { grouped } from '../guards/numbers.ts';
import type { Arm } from '../routing/snapshot.ts';
import { type BreakerWindow, SLOT_MS, type Slot, WINDOW_SLOTS } from './breaker-window.ts';
import type { Trip } from './people.ts';

const MIN_FAILURE_SHARE = 0.5;
const MIN_JUDGED = 20;
/** However good those before were. */
const LAST_JUDGED = 40;
const IN_A_ROW = 5;
const MIN_STABLE = 5;
/** Of canary's share: from here on stable fails alike. */
const ALIKE = 0.5;

const PATIENCE_MS = [2_000, 3_000, 5_000, 8_000] as const;
const MIN_OPEN_SHARE = 0.5;
const MIN_DECIDED = 20;
const ALL_OPEN = 5;
const LAST_OPEN = 10;
const STABLE_FINISHED = 0.98;
const STABLE_ANSWERED = 0.9;

/** Undefined: canary is not that bad, or it cannot be told. */
export function tripOf(window: BreakerWindow, nowSlot: number): Trip | undefined {
  return failureTrip(window, nowSlot) ?? hangTrip(window, nowSlot);
}

function failureTrip(window: BreakerWindow, nowSlot: number): Trip | undefined {
  const newestFirst = window.slots.filter(({ slot }) => slot > nowSlot - WINDOW_SLOTS).reverse();
  const all = judgedIn(newestFirst);
  const last = judgedIn(newestOf(newestFirst, LAST_JUDGED, (slots) => judgedIn(slots).canary.judged));
  const isHalf = ({ canary: { judged, failed } }: Judged, atLeast: number) =>
    judged >= atLeast && failed >= MIN_FAILURE_SHARE * judged;
  if (isHalf(all, MIN_JUDGED)) return failureOf('failures', all, nowSlot, '');
  if (isHalf(last, LAST_JUDGED)) return failureOf('failures', last, nowSlot, 'the last ');
  const { longestRun } = window;
  // a run is told of as long as the window is there: what it is of may be older
  return longestRun < IN_A_ROW || all.canary.judged === 0
    ? undefined
    : failureOf('in-a-row', all, nowSlot, '', `, ${longestRun} in a row`);
}

function failureOf(kind: Trip['kind'], { canary, stable, since }: Judged, nowSlot: number, of: string, row = ''): Trip {
  const canaryShare = canary.failed / canary.judged;
  const isEnvironment = stable.judged >= MIN_STABLE && stable.failed / stable.judged >= ALIKE * canaryShare;
  const within = `in ${(((nowSlot - (since ?? nowSlot) + 1) * SLOT_MS) / 1_000).toFixed(1)} s`;
  const found = `${grouped(canary.failed)} of ${of}${grouped(canary.judged)} canary answers failed ${within}${row}`;
  const beside = `stable ${grouped(stable.failed)} of ${grouped(stable.judged)}${isEnvironment ? ': it fails alike' : ''}`;
  return { kind, isEnvironment, reason: `breaker: ${found} (${beside})` };
}

type Judged = ReturnType<typeof judgedIn>;

function judgedIn(newestFirst: readonly Slot[]) {
  const sum = (what: 'judged' | 'failed', arm: Arm) => newestFirst.reduce((total, slot) => total + slot[what][arm], 0);
  const of = (arm: Arm) => ({ judged: sum('judged', arm), failed: sum('failed', arm) });
  // the first of canary's answers
  const since = newestFirst.findLast(({ judged }) => judged.canary > 0)?.slot;
  return { canary: of('canary'), stable: of('stable'), since };
}

function hangTrip(window: BreakerWindow, nowSlot: number): Trip | undefined {
  for (const patienceMs of PATIENCE_MS) {
    // all of the slot is longer than that ago
    const isOld = ({ slot }: Slot) => slot > nowSlot - WINDOW_SLOTS && slot < nowSlot - patienceMs / SLOT_MS;
    const newestFirst = window.slots.filter(isOld).reverse();
    const stable = openOf(newestFirst, 'stable');
    if (!isTold(stable)) continue;
    if (stable.unanswered > (1 - STABLE_ANSWERED) * stable.decided) return undefined;
    const { decided, unanswered } = openOf(newestFirst, 'canary');
    const isMany = decided >= MIN_DECIDED && unanswered >= MIN_OPEN_SHARE * decided;
    const isAll = decided >= ALL_OPEN && unanswered === decided;
    const isLast = answerless(newestFirst) >= LAST_OPEN;
    if (!isMany && !isAll && !isLast) return undefined;
    // a log that died since is told by the newest of them: there stable has no answer either
    const least = isMany || isAll ? unanswered / 2 : LAST_OPEN;
    const newest = newestOf(newestFirst, least, (slots) => openOf(slots, 'canary').unanswered);
    if (!isTold(openOf(newest, 'stable'))) return undefined;
    const found = `${grouped(unanswered)} of ${grouped(decided)} canary requests had no answer after ${patienceMs / 1_000} s`;
    const which = isMany || isAll ? '' : `, nor had any of the last ${LAST_OPEN}`;
    const reason = `breaker: ${found}${which} (stable ${grouped(stable.unanswered)} of ${grouped(stable.decided)})`;
    return { kind: 'hang', isEnvironment: false, reason };
  }
  return undefined;
}

/** A decision that was not reported, but whose end was, is none. */
function openOf(slots: readonly Slot[], arm: Arm) {
  const sums = { decided: 0, unfinished: 0, unanswered: 0 };
  for (const { decided, finished, gone } of slots) {
    const unfinished = Math.max(0, decided[arm] - finished[arm]);
    sums.decided += decided[arm];
    sums.unfinished += unfinished;
    sums.unanswered += Math.min(decided[arm], unfinished + gone[arm]);
  }
  return sums;
}

/** The log has said what became of them. */
function isTold({ decided, unfinished }: ReturnType<typeof openOf>): boolean {
  return decided >= MIN_STABLE && unfinished <= (1 - STABLE_FINISHED) * decided;
}

/** How many of canary's requests had no answer since the last slot of which one had. */
function answerless(newestFirst: readonly Slot[]): number {
  const end = newestFirst.findIndex(({ finished, gone }) => finished.canary > gone.canary);
  return openOf(end === -1 ? newestFirst : newestFirst.slice(0, end), 'canary').unanswered;
}

/** As many slots as it takes for `sum` of them to be `least`, or all. */
function newestOf(
  newestFirst: readonly Slot[],
  least: number,
  sum: (slots: readonly Slot[]) => number,
): readonly Slot[] {
  const end = newestFirst.findIndex((_, index) => sum(newestFirst.slice(0, index + 1)) >= least);
  return end === -1 ? newestFirst : newestFirst.slice(0, end + 1);
}
