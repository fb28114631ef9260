/** What the circuit breaker knows of one release at one weight: its last 10 s, in slots of 200 ms. Pure; bounded by slots. */
import type { Arm } from '../routing/snapshot.ts';

/** Slots count up on the machine's monotonic clock, which all threads share: no clock that can be set is in them. */
export const SLOT_MS = 200;
export const WINDOW_SLOTS = 50;

/** What is counted of a rollout between two of its revisions: its release and its weight are then the same. */
export interface CountedOf {
  readonly rollout: string;
  readonly release: string;
  /** The revision that last changed the rollout, not the sidecar's. */
  readonly revision: number;
}

export type ByArm<Count> = Readonly<Record<Arm, Count>>;

/** How often a decide thread decided by the hash for each arm in one slot. */
export interface Decided extends CountedOf, ByArm<number> {
  readonly slot: number;
}

/** Log entries of one arm whose decision was made in one slot. */
export interface ArmAnswered {
  readonly finished: number;
  /** Of those: not aborted, so that they say something of the model. */
  readonly judged: number;
  /** Of those: with an error. */
  readonly failed: number;
  /** Of `finished`: the user left before any answer began. */
  readonly gone: number;
}

/** `longest` in a row; `leading` ones are joined with those before; `leading` = `judged` when there was nothing else. */
export interface FailureRuns {
  readonly judged: number;
  readonly leading: number;
  readonly trailing: number;
  readonly longest: number;
}

/** What the log said since the last report, of decisions by the hash. */
export interface Answered extends CountedOf {
  /** By the slot of the decision; undefined = not known. */
  readonly slots: readonly ({ readonly slot: number | undefined } & ByArm<ArmAnswered>)[];
  /** Of canary's answers, in order of arrival. */
  readonly runs: FailureRuns;
}

export interface Slot {
  readonly slot: number;
  /** Decided in this slot, and what became of those so far. */
  readonly decided: ByArm<number>;
  readonly finished: ByArm<number>;
  readonly gone: ByArm<number>;
  /** Heard of in this slot, whenever it was decided. */
  readonly judged: ByArm<number>;
  readonly failed: ByArm<number>;
}

export interface BreakerWindow extends CountedOf {
  /** Ascending, at most WINDOW_SLOTS; slots in which nothing happened are not there. */
  readonly slots: readonly Slot[];
  /** Canary's last answers that all failed. */
  readonly run: number;
  /** Longest run that the last report had a part in. */
  readonly longestRun: number;
}

/** `window` with what a decide thread reported; anew when the rollout has changed, as it was when this is of before. */
export function addDecided(
  window: BreakerWindow | undefined,
  decided: Decided,
  nowSlot: number,
): BreakerWindow | undefined {
  const present = presentOf(window, decided, nowSlot);
  if (present === undefined) return window;
  return { ...present, slots: addTo(present.slots, nowSlot, decided.slot, { decided }) };
}

/** The same of what the observe thread reported. */
export function addAnswered(
  window: BreakerWindow | undefined,
  answered: Answered,
  nowSlot: number,
): BreakerWindow | undefined {
  const present = presentOf(window, answered, nowSlot);
  if (present === undefined) return window;
  const { runs } = answered;
  // a run is of answers that are in the window: what failed long ago says nothing of now
  const before = present.slots.some(({ judged }) => judged.canary > 0) ? present.run : 0;
  let { slots } = present;
  for (const { slot, stable, canary } of answered.slots) {
    const of = (what: keyof ArmAnswered) => ({ stable: stable[what], canary: canary[what] });
    slots = addTo(slots, nowSlot, nowSlot, { judged: of('judged'), failed: of('failed') });
    if (slot !== undefined) slots = addTo(slots, nowSlot, slot, { finished: of('finished'), gone: of('gone') });
  }
  return {
    ...present,
    slots,
    run: runs.leading === runs.judged ? before + runs.judged : runs.trailing,
    longestRun: runs.judged === 0 ? 0 : Math.max(runs.longest, before + runs.leading),
  };
}

/** Without what is older than 10 s; undefined when that is all. */
export function trimmed(window: BreakerWindow, nowSlot: number): BreakerWindow | undefined {
  const slots = window.slots.filter(({ slot }) => isInWindow(slot, nowSlot));
  return slots.length === 0 ? undefined : { ...window, slots };
}

function presentOf(
  window: BreakerWindow | undefined,
  { rollout, release, revision }: CountedOf,
  nowSlot: number,
): BreakerWindow | undefined {
  if (window !== undefined && revision < window.revision) return undefined;
  const kept = window?.revision === revision && window.release === release ? trimmed(window, nowSlot) : undefined;
  return kept ?? { rollout, release, revision, slots: [], run: 0, longestRun: 0 };
}

function isInWindow(slot: number, nowSlot: number): boolean {
  return slot <= nowSlot && slot > nowSlot - WINDOW_SLOTS;
}

const NONE = { stable: 0, canary: 0 };
const EMPTY: Omit<Slot, 'slot'> = { decided: NONE, finished: NONE, gone: NONE, judged: NONE, failed: NONE };

function addTo(slots: readonly Slot[], nowSlot: number, slot: number, added: Partial<Slot>): readonly Slot[] {
  // of a future that has not been, or longer ago than is looked at
  if (!isInWindow(slot, nowSlot)) return slots;
  const held = slots.find((one) => one.slot === slot) ?? { slot, ...EMPTY };
  const sum = (what: keyof typeof EMPTY) => ({
    stable: held[what].stable + (added[what]?.stable ?? 0),
    canary: held[what].canary + (added[what]?.canary ?? 0),
  });
  const summed = {
    ...{ slot, decided: sum('decided'), finished: sum('finished'), gone: sum('gone') },
    ...{ judged: sum('judged'), failed: sum('failed') },
  };
  return [...slots.filter((one) => one.slot !== slot), summed].sort((a, b) => a.slot - b.slot);
}
