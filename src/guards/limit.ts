/**
 * The literal rule: a threshold, how long it must be broken, and when that count starts anew (research/statistics.md 11.1).
 * One tick is one block. Plain data in, plain data out.
 */

export interface LimitRule {
  /** `max`: broken above the threshold; `min`: below it. */
  readonly side: 'max' | 'min';
  readonly threshold: number;
  /** With it, the count of `forMs` starts anew only beyond it on the good side, and firing ends there. */
  readonly clear: number | undefined;
  /** `strict`: any good sample starts the count anew; `hysteresis`: only one beyond `clear`. */
  readonly reset: 'strict' | 'hysteresis';
  readonly forMs: number;
  /** Firing ends after so long beyond `clear` (without one: within the threshold). */
  readonly keepMs: number;
  /** A gap longer than this starts the count anew. */
  readonly maxGapMs: number;
  readonly missing: 'hold' | 'breach' | 'ignore';
}

export interface LimitState {
  phase: 'ok' | 'pending' | 'firing';
  /** Time the limit has been broken, while pending; all of it, while firing. */
  brokenMs: number;
  /** While firing: time beyond `clear`. */
  clearMs: number;
  /** Time without a sample. */
  gapMs: number;
  /** This tick had a sample. */
  told: boolean;
  /** A gap was longer than `maxGapMs`. */
  noData: boolean;
}

/** What a tick shows. `missing`: too few, or not covered. `broken`, where given, is exact though `sample` is rounded to a bin. */
export type Tick = { readonly sample: number; readonly broken?: boolean } | 'missing';

export function newLimit(): LimitState {
  return { phase: 'ok', brokenMs: 0, clearMs: 0, gapMs: 0, told: false, noData: false };
}

export function stepLimit(rule: LimitRule, state: LimitState, tick: Tick, durationMs: number): LimitState {
  if (tick === 'missing') return stepMissing(rule, state, durationMs);
  const { sample } = tick;
  const broken = tick.broken ?? isBeyond(rule.side, sample, rule.threshold);
  const told: LimitState = { ...state, told: true, gapMs: 0, noData: false };
  if (broken) return breach(rule, told, durationMs);
  const isClear = rule.clear === undefined || isBeyond(rule.side === 'max' ? 'min' : 'max', sample, rule.clear);
  if (told.phase === 'firing') {
    if (!isClear) return { ...told, clearMs: 0 };
    const clearMs = told.clearMs + durationMs;
    return clearMs >= rule.keepMs ? { ...newLimit(), told: true } : { ...told, clearMs };
  }
  return rule.reset === 'strict' || isClear ? { ...newLimit(), told: true } : told;
}

function stepMissing(rule: LimitRule, state: LimitState, durationMs: number): LimitState {
  const gapMs = state.gapMs + durationMs;
  const noData = gapMs > rule.maxGapMs;
  const held: LimitState = { ...state, told: false, gapMs, noData };
  if (rule.missing === 'breach') return { ...breach(rule, held, durationMs), told: false };
  if (rule.missing === 'ignore' || !noData || state.phase === 'firing') return held;
  return { ...newLimit(), gapMs, noData };
}

function breach(rule: LimitRule, state: LimitState, durationMs: number): LimitState {
  const brokenMs = state.brokenMs + durationMs;
  const phase = state.phase === 'firing' || brokenMs >= rule.forMs ? 'firing' : 'pending';
  return { ...state, phase, brokenMs, clearMs: 0 };
}

function isBeyond(side: 'max' | 'min', value: number, limit: number): boolean {
  return side === 'max' ? value > limit : value < limit;
}
