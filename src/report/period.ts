/** The time a report is about: how it is asked for, and how it is cut. Pure. */

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** Milliseconds of `30m`, `6h`, `1d`, `2w`; undefined when it is no such text. */
export function readDuration(text: string): number | undefined {
  const match = /^([1-9]\d{0,5})([smhdw])$/.exec(text);
  return match === null ? undefined : Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
}

/** ISO 8601: a date (its midnight in UTC), or a date with time and `Z` or offset, so that it means one moment everywhere. */
const ISO = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** Ms since the epoch of a duration before `nowMs` or an ISO time; undefined when it is neither. */
export function readMoment(text: string, nowMs: number): number | undefined {
  const ago = readDuration(text);
  if (ago !== undefined) return nowMs - ago;
  if (!ISO.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

/** What a plot has at most, roughly. */
const POINTS = 48;
/** Not below ten minutes: blocks of a recording are added up to that. */
const STEPS_MS = [600_000, 1_800_000, 3_600_000, 10_800_000, 28_800_000, 86_400_000];

/** Width of one point of the trend: a round one of which the period has at most 48. */
export function bucketMsOf(periodMs: number): number {
  const least = periodMs / POINTS;
  return STEPS_MS.find((step) => step >= least) ?? Math.ceil(least / 86_400_000) * 86_400_000;
}

/** Start of the whole period of `lengthMs` that holds `ms`; weeks and days begin at midnight UTC, weeks on Monday. */
export function periodStart(ms: number, lengthMs: number): number {
  // the epoch was a Thursday
  const offsetMs = lengthMs % UNIT_MS.w === 0 ? 4 * UNIT_MS.d : 0;
  return Math.floor((ms - offsetMs) / lengthMs) * lengthMs + offsetMs;
}

/** Name of the period that begins at `startMs`, sorted as time is: the day, with the time where periods are shorter. */
export function periodName(startMs: number, lengthMs: number): string {
  const iso = new Date(startMs).toISOString();
  const day = iso.slice(0, 10);
  if (lengthMs % UNIT_MS.d === 0) return day;
  return `${day}T${iso.slice(11, lengthMs % UNIT_MS.m === 0 ? 16 : 19).replaceAll(':', '-')}Z`;
}
