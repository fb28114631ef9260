/** How far a stage is. Plain JSON; time is covered time of closed blocks, never the clock. */

export interface Hold {
  /** Covered, and the stage's subject was seen. */
  readonly coveredMs: number;
  /** Pairs with the canary's version on one side and the stable version on the other. */
  readonly pairs: number;
  /** Answered by canary, by the hash. Of a scope with several values the fewest of any. */
  readonly requests: number;
  /** The same of each value of the scope, `country=NZ`; empty without a scope. */
  readonly byValue: Readonly<Record<string, { readonly pairs: number; readonly requests: number }>>;
  /** Since the subject was last seen in covered time; from a minute on it is not held. */
  readonly silentMs: number;
  /** The same, to the second, and also while it is paused for want of data. */
  readonly unseenMs: number;
  /** Since the stage's time was over. */
  readonly extendedMs: number;
  /** Guards that fail now, `name` or `name country=NZ`: what is new is an event. */
  readonly failing: readonly string[];
  /** Guards that failed when a person resumed: until they clear, they do not pause again. */
  readonly accepted: readonly string[];
}

export const FRESH_HOLD: Hold = {
  coveredMs: 0,
  pairs: 0,
  requests: 0,
  byValue: {},
  silentMs: 0,
  unseenMs: 0,
  extendedMs: 0,
  failing: [],
  accepted: [],
};

/** What one closed block adds, or a gap in which nobody looked. */
export interface Seen {
  readonly durationMs: number;
  readonly covered: boolean;
  /** The stage's subject was there: pairs at weight 0, answers of canary above. */
  readonly present: boolean;
  readonly pairs: number;
  readonly requests: number;
  readonly byValue: Readonly<Record<string, { readonly pairs: number; readonly requests: number }>>;
}

/** With little traffic the subject is not in every block: what it was missed for no longer is held when it is back. */
const SILENT_AFTER_MS = 60_000;

/** `hold` after one more block; paused, the clock stands still. */
export function addSeen(hold: Hold, seen: Seen): Hold {
  const { durationMs } = seen;
  const isHeld = seen.covered && seen.present;
  const missedMs = hold.coveredMs > 0 && hold.silentMs < SILENT_AFTER_MS ? hold.silentMs : 0;
  // of time nobody looked at nothing is held, nor of what is around it
  const silentMs = hold.silentMs + durationMs + (seen.covered ? 0 : SILENT_AFTER_MS);
  const byValue = addByValue(hold.byValue, seen.byValue);
  const values = Object.values(byValue);
  const fewest = (what: 'pairs' | 'requests') =>
    values.length === 0 ? hold[what] + seen[what] : Math.min(...values.map((value) => value[what]));
  return {
    ...hold,
    coveredMs: hold.coveredMs + (isHeld ? missedMs + durationMs : 0),
    pairs: fewest('pairs'),
    requests: fewest('requests'),
    byValue,
    silentMs: isHeld ? 0 : silentMs,
  };
}

/** Of the values that are in the scope now: what left it holds nothing up. */
function addByValue(held: Hold['byValue'], seen: Seen['byValue']): Hold['byValue'] {
  return Object.fromEntries(
    Object.entries(seen).map(([name, { pairs, requests }]) => [
      name,
      { pairs: (held[name]?.pairs ?? 0) + pairs, requests: (held[name]?.requests ?? 0) + requests },
    ]),
  );
}
