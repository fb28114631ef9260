/**
 * Is a share above its limit? The part that all limits of shares have in common: a one-sample binomial e-process per minute
 * (binomial.ts) for harm, and an interval that holds at every look for both. An open minute counts too: the e-process holds
 * after each request. Plain data.
 */
import { type Binomial, newBinomial, stepBinomial } from '../../evidence/statistics/binomial.ts';
import { sizeForHalfWidth } from '../../evidence/statistics/sample-size.ts';
import { evidence } from '../../evidence/statistics/start-mixture.ts';
import type { Finding } from '../input.ts';
import { MINUTE_MS, NOTHING, needsOf, type Pace, PLANNED_MINUTES, stepPace } from './finding.ts';
import { shareSequence } from './share-sequence.ts';

/** Evidence alone does not fail a limit: the share of the last minutes must be above it too. */
const RECENT_MINUTES = 15;

/** A limit of 0 or 1 is no hypothesis; these are as good. */
const LEAST = 1e-6;

export interface ShareLimit {
  /** null: the first minute is still open. */
  readonly binomial: Binomial | null;
  /** The open minute. */
  readonly open: { readonly ms: number; readonly n: number; readonly events: number };
  /** Closed minutes, [n, events], oldest first. */
  readonly recent: readonly (readonly [number, number])[];
  readonly n: number;
  readonly events: number;
  readonly ms: number;
  readonly pace: Pace;
}

/** Events of trials. */
export interface Trials {
  readonly n: number;
  readonly events: number;
}

export function newShareLimit(): ShareLimit {
  const pace = { perSecond: null };
  return { binomial: null, open: { ms: 0, n: 0, events: 0 }, recent: [], n: 0, events: 0, ms: 0, pace };
}

/** `limit`: at most this share; `ratios`: see newBinomial. The same limit at each step. */
export function stepShareLimit(
  state: ShareLimit,
  { n, events }: Trials,
  durationMs: number,
  limit: number,
  ratios: readonly number[],
): ShareLimit {
  const { ms, open } = state;
  const pace = stepPace(state.pace, n, durationMs);
  const next = { ...state, n: state.n + n, events: state.events + events, ms: ms + durationMs, pace };
  const grown = { ms: open.ms + durationMs, n: open.n + n, events: open.events + events };
  if (grown.ms + durationMs / 2 < MINUTE_MS) return { ...next, open: grown };
  const binomial = stepBinomial(state.binomial ?? binomialOf(limit, ratios), grown.n, grown.events);
  const recent = [...state.recent, [grown.n, grown.events] as const].slice(-RECENT_MINUTES);
  return { ...next, binomial, recent, open: { ms: 0, n: 0, events: 0 } };
}

function binomialOf(limit: number, ratios: readonly number[]): Binomial {
  const held = Math.min(1 - LEAST, Math.max(LEAST, limit));
  const usable = ratios.filter((ratio) => held * ratio < 1);
  return newBinomial(PLANNED_MINUTES, held, usable.length > 0 ? usable : [(1 + held) / (2 * held)]);
}

/** `atMostEvents`: the largest number there may have been, where bins leave it open; it decides whether all is well. */
export function findShareLimit(
  state: ShareLimit,
  { alpha }: { readonly alpha: number },
  limit: number,
  ratios: readonly number[],
  atMostEvents: number = state.events,
): Finding {
  const { open, n, events, pace } = state;
  if (n === 0) return { ...NOTHING, windowMs: state.ms };
  const plannedN = Math.max(10_000, 20 / Math.max(limit, LEAST));
  const binomial = stepBinomial(state.binomial ?? binomialOf(limit, ratios), open.n, open.events);
  const eValue = evidence(binomial.mixture);
  const { lower, upper } = shareSequence(events, n, alpha, plannedN);
  const most = atMostEvents === events ? upper : shareSequence(atMostEvents, n, alpha, plannedN).upper;
  const shown = eValue >= 1 / alpha && isRecentlyAbove(state, limit) ? 'harm' : most <= limit ? 'fine' : undefined;
  const value = events / n;
  const share = Math.min(1 - LEAST, Math.max(value, limit, LEAST));
  const distance = Math.abs(value - limit);
  const needed =
    distance === 0 ? Infinity : sizeForHalfWidth(distance, Math.sqrt(share * (1 - share)), alpha, plannedN);
  const needs = shown === undefined ? needsOf(Math.max(needed, n + 1), n, pace) : undefined;
  return { value, lower, upper: most, n, eValue, shown, windowMs: state.ms, needs };
}

function isRecentlyAbove({ recent, open }: ShareLimit, limit: number): boolean {
  const n = recent.reduce((sum, [count]) => sum + count, open.n);
  const events = recent.reduce((sum, [, count]) => sum + count, open.events);
  return n === 0 || events > limit * n;
}
