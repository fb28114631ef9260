/** What findings of all methods have in common. */
import { needsMore } from '../../evidence/statistics/sample-size.ts';
import type { Finding } from '../input.ts';

export const NOTHING: Finding = {
  value: undefined,
  lower: undefined,
  upper: undefined,
  n: 0,
  eValue: undefined,
  shown: undefined,
  windowMs: 0,
  needs: undefined,
};

/** A day of minutes, over which start-mixture.ts spreads the starts it looks for. */
export const PLANNED_MINUTES = 1_440;

export const MINUTE_MS = 60_000;

/** Weight of the newest block in the present rate. */
const NEWEST = 0.1;

/** How much there is per second at present; plain data. */
export interface Pace {
  /** null: not one block yet. */
  readonly perSecond: number | null;
}

export function stepPace({ perSecond }: Pace, count: number, durationMs: number): Pace {
  if (!(durationMs > 0)) return { perSecond };
  const now = (count / durationMs) * 1000;
  return { perSecond: perSecond === null ? now : (1 - NEWEST) * perSecond + NEWEST * now };
}

/** Undefined when the size needed cannot be said. */
export function needsOf(needed: number, have: number, { perSecond }: Pace): Finding['needs'] {
  if (!(needed >= 0 && needed < Number.MAX_SAFE_INTEGER)) return undefined;
  const { more, ms } = needsMore(needed, have, perSecond ?? 0);
  return { n: more, ms };
}

/** The size at which an interval whose half-width is now `half` is `distance` wide, as it shrinks with the square root. */
export function sizeAt(n: number, half: number, distance: number): number {
  return distance === 0 ? Infinity : n * (half / distance) ** 2;
}
