/**
 * Is the canary slower than stable beyond stable's own quantile of the previous 5 minutes? Exceedances of both arms inside
 * each weight go to strata-bet.ts; with a margin the canary is counted above an edge of bins that is so much higher.
 */
import { binOf } from '../../evidence/sketch.ts';
import {
  countAbove,
  type Edge,
  edgeValue,
  isTail,
  marginBins,
  quantileEdge,
} from '../../evidence/statistics/tail-exceedance.ts';
import type { Sketch } from '../../evidence/sums.ts';
import type { Finding, GuardInput } from '../input.ts';
import type { GuardSpec, Threshold } from '../spec.ts';
import { NOTHING, needsOf } from './finding.ts';
import { boundsOf, type PlainSketch, plus, sketchOf } from './plain-sketch.ts';
import { quantileWith, rankOf } from './quantile-of.ts';
import { compare, ratioOf, scoreHarm } from './rate-comparison.ts';
import { isCompared, isLookedAt, type Stratum, strataOf } from './side.ts';
import { type Cell, evidenceOf, type Margin, newStrataBet, type StrataBet } from './strata-bet.ts';
import { numberOf } from './threshold.ts';
import { quantileOf, timesOf } from './times.ts';

const EDGE_MS = 300_000;

/** The margin is in the edge; exceedances themselves have none. */
const EVEN: Margin = { ratio: 1, points: 0 };

/** Weights whose quantiles are kept for showing. */
const MAX_SHOWN = 4;

interface Shown {
  readonly key: string;
  readonly canary: PlainSketch | null;
  readonly stable: PlainSketch | null;
  readonly canaryUnanswered: number;
  readonly stableUnanswered: number;
}

export interface Slower {
  /** null until stable has shown one. */
  readonly edge: Edge | null;
  /** Stable's times since `edge` was taken, and for how long. */
  readonly lag: PlainSketch | null;
  readonly lagMs: number;
  readonly bet: StrataBet;
  /** Both arms by weight since it began; the last one is what is shown. */
  readonly shown: readonly Shown[];
}

export function newSlower(): Slower {
  return { edge: null, lag: null, lagMs: 0, bet: newStrataBet(), shown: [] };
}

/** Stable is the same before and after a change of weight: in a warm-up its quantile is taken already. */
export function stepSlower(spec: GuardSpec, state: Slower, input: GuardInput): Slower {
  const { edge } = state;
  const strata = isLookedAt(input) ? strataOf(input) : [];
  const isUsed = isCompared(input) && edge !== null;
  const cells = isUsed ? cellsOf(spec, edge, strata) : [];
  const bet = isUsed || !isCompared(input) ? compare(EVEN, state.bet, input, cells) : state.bet;
  const shown = isCompared(input) ? show(spec, state.shown, strata) : state.shown;
  if (!isLookedAt(input)) return { ...state, bet, shown };
  let lag = state.lag;
  for (const { stable } of strata) if (stable !== undefined) lag = plus(lag, timesOf(spec, stable).sketch);
  const lagMs = state.lagMs + input.durationMs;
  const isFull = lagMs + input.durationMs / 2 >= EDGE_MS;
  // the first one is taken as soon as there is one, so that there is something to compare with
  const taken = lag !== null && (isFull || edge === null) ? edgeOf(sketchOf(lag), quantileOf(spec)) : undefined;
  const next = { edge: taken ?? edge, bet, shown };
  return isFull ? { ...next, lag: null, lagMs: 0 } : { ...next, lag, lagMs };
}

/** A time below 0, as a header may say it, has no edge. */
function edgeOf(stable: Sketch, q: number): Edge | undefined {
  let negative = 0;
  for (const count of stable.negative.values()) negative += count;
  return negative > q * (stable.count - 1) ? undefined : quantileEdge(stable, q);
}

function cellsOf(spec: GuardSpec, edge: Edge, strata: readonly Stratum[]): (readonly [string, Cell])[] {
  const shift = shiftOf(edge, spec.threshold);
  const count = (side: Stratum['canary'], shiftBins: number): readonly [number, number] => {
    if (side === undefined) return [0, 0];
    const { sketch, unanswered } = timesOf(spec, side);
    const above = sketch.count === 0 ? 0 : countAbove(sketch, edge, shiftBins);
    return [sketch.count + unanswered, above + unanswered];
  };
  return strata.map(({ key, canary, stable }) => {
    const [n, k] = count(canary, shift);
    const [m, l] = count(stable, 0);
    return [key, [n, m, k, l]];
  });
}

/** In whole bins; of points (ms), so that no less than these are allowed. */
function shiftOf(edge: Edge, threshold: Threshold): number {
  if (!('points' in threshold)) return marginBins(edge.alpha, Math.max(0, numberOf(threshold)));
  return edge.bin === null ? 0 : Math.max(0, binOf(edge.alpha, edgeValue(edge) + threshold.points) - edge.bin);
}

/** The weight with most of the canary's requests in this block comes last. */
function show(spec: GuardSpec, shown: readonly Shown[], strata: readonly Stratum[]): readonly Shown[] {
  const seen = strata
    .filter(({ canary }) => canary !== undefined)
    .sort((one, other) => (one.canary?.requests ?? 0) - (other.canary?.requests ?? 0));
  let next = [...shown];
  for (const { key, canary, stable } of seen) {
    let held = next.find((one) => one.key === key);
    held ??= { key, canary: null, stable: null, canaryUnanswered: 0, stableUnanswered: 0 };
    next = [...next.filter((one) => one.key !== key), withSides(spec, held, canary, stable)];
  }
  return next.slice(-MAX_SHOWN);
}

function withSides(spec: GuardSpec, held: Shown, canary: Stratum['canary'], stable: Stratum['stable']): Shown {
  const [c, s] = [canary && timesOf(spec, canary), stable && timesOf(spec, stable)];
  return {
    key: held.key,
    canary: c === undefined ? held.canary : plus(held.canary, c.sketch),
    stable: s === undefined ? held.stable : plus(held.stable, s.sketch),
    canaryUnanswered: held.canaryUnanswered + (c?.unanswered ?? 0),
    stableUnanswered: held.stableUnanswered + (s?.unanswered ?? 0),
  };
}

export function findSlower(spec: GuardSpec, { bet, shown }: Slower): Finding {
  const [q, alpha, n] = [quantileOf(spec), spec.alpha, bet.sums[0]];
  const values = valuesOf(spec, shown.at(-1));
  if (n === 0) return { ...NOTHING, ...values, windowMs: bet.ms };
  const harm = isTail(q) ? { eValue: evidenceOf(bet), fired: evidenceOf(bet) >= 1 / alpha } : scoreHarm(bet, alpha);
  const { upper, needed } = ratioOf(bet, alpha, 0);
  const isFine = upper !== undefined && upper <= 0;
  const shownAs = harm.fired ? 'harm' : isFine ? 'fine' : undefined;
  const needs = shownAs === undefined ? needsOf(Math.max(needed, n + 1), n, bet.pace) : undefined;
  return { ...values, n, eValue: harm.eValue, shown: shownAs, windowMs: bet.ms, needs };
}

/** Quantile of the canary against stable's at one weight, with the edges of bins that enclose it at every look. */
function valuesOf(spec: GuardSpec, shown: Shown | undefined): Pick<Finding, 'value' | 'lower' | 'upper'> {
  const none = { value: undefined, lower: undefined, upper: undefined };
  if (shown === undefined || shown.canary === null || shown.stable === null) return none;
  const q = quantileOf(spec);
  const canary = around(sketchOf(shown.canary), shown.canaryUnanswered, q, spec.alpha);
  const stable = around(sketchOf(shown.stable), shown.stableUnanswered, q, spec.alpha);
  if (canary === undefined || stable === undefined) return none;
  if ('points' in spec.threshold) {
    return {
      value: canary.value - stable.value,
      lower: finite(canary.lower - stable.upper),
      upper: finite(canary.upper - stable.lower),
    };
  }
  return {
    value: stable.value === 0 ? undefined : canary.value / stable.value - 1,
    lower: stable.upper > 0 && canary.lower >= 0 ? finite(canary.lower / stable.upper - 1) : undefined,
    upper: stable.lower > 0 ? finite(canary.upper / stable.lower - 1) : undefined,
  };
}

/** Half of alpha for each of the two quantiles. */
function around(sketch: Sketch, unanswered: number, q: number, alpha: number) {
  const n = sketch.count + unanswered;
  const value = quantileWith(sketch, unanswered, q);
  if (value === undefined) return undefined;
  const { lower, upper } = rankOf(q, n, alpha / 2);
  return { value, ...boundsOf(sketch, lower, upper) };
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}
