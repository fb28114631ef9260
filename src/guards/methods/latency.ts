/**
 * Latency at a quantile, and the same of feature fetches. A plain limit: "p95 at most 50 ms" is "at most 0.05 are above 50 ms",
 * which exact counters answer (share-limit.ts). Against stable: how often is the canary above what stable's quantile was in
 * the previous 5 minutes (tail-exceedance.ts), as block bets; where so much is above it that it is not rare (the median), as
 * block score. A request without an answer is slower than any.
 */
import { BEYOND_QUANTILE } from '../../evidence/statistics/binomial.ts';
import type { Finding, GuardInput, GuardMethod, LimitSample, LimitSums } from '../input.ts';
import type { GuardSpec } from '../spec.ts';
import { readLatency, sumsOfLatency } from './latency-limit.ts';
import { findSlower, newSlower, type Slower, stepSlower } from './latency-versus.ts';
import { boundsOf, countOver, type PlainSketch, plus, sketchOf } from './plain-sketch.ts';
import { quantileWith, rankOf } from './quantile-of.ts';
import { findShareLimit, newShareLimit, type ShareLimit, stepShareLimit } from './share-limit.ts';
import { isLookedAt, judgedOf, type Who } from './side.ts';
import { plainLimit } from './threshold.ts';
import { quantileOf, timesOf } from './times.ts';

export type LatencyState =
  | { readonly kind: 'limit'; readonly limit: LatencyLimit }
  | { readonly kind: 'stable'; readonly slower: Slower };

export interface LatencyLimit {
  readonly who: Who | null;
  readonly share: ShareLimit;
  /** As many may be above the limit, where a bin leaves it open. */
  readonly atMost: number;
  readonly sketch: PlainSketch | null;
  readonly unanswered: number;
}

export const latencyMethod: GuardMethod<LatencyState> = {
  sums(spec, input): LimitSums | undefined {
    return sumsOfLatency(spec, input);
  },

  read(spec, sums): LimitSample {
    return readLatency(spec, sums);
  },

  start(spec): LatencyState {
    return plainLimit(spec.threshold) === undefined
      ? { kind: 'stable', slower: newSlower() }
      : { kind: 'limit', limit: newLatencyLimit() };
  },

  step(spec, state, input): LatencyState {
    if (state.kind === 'stable') return { kind: 'stable', slower: stepSlower(spec, state.slower, input) };
    return isLookedAt(input) ? { kind: 'limit', limit: stepLimit(spec, state.limit, input) } : state;
  },

  find(spec, state): Finding {
    return state.kind === 'stable' ? findSlower(spec, state.slower) : findLimit(spec, state.limit);
  },
};

function newLatencyLimit(): LatencyLimit {
  return { who: null, share: newShareLimit(), atMost: 0, sketch: null, unanswered: 0 };
}

function stepLimit(spec: GuardSpec, state: LatencyLimit, input: GuardInput): LatencyLimit {
  const [limitMs, allowed] = [plainLimit(spec.threshold) ?? 0, 1 - quantileOf(spec)];
  const { who, sides } = judgedOf(input);
  const times = sides.map((side) => timesOf(spec, side));
  const seen = times.some(({ sketch, unanswered }) => sketch.count + unanswered > 0);
  const held = !seen || state.who === null || state.who === who ? state : newLatencyLimit();
  let [n, events, atMost, sketch, missed] = [0, 0, held.atMost, held.sketch, held.unanswered];
  for (const { sketch: block, unanswered } of times) {
    const over = countOver(block, limitMs);
    n += block.count + unanswered;
    events += over.atLeast + unanswered;
    atMost += over.atMost + unanswered;
    missed += unanswered;
    sketch = plus(sketch, block);
  }
  const share = stepShareLimit(held.share, { n, events }, input.durationMs, allowed, BEYOND_QUANTILE);
  return { who: seen ? who : held.who, share, atMost, sketch, unanswered: missed };
}

function findLimit(spec: GuardSpec, state: LatencyLimit): Finding {
  const q = quantileOf(spec);
  const found = findShareLimit(state.share, spec, 1 - q, BEYOND_QUANTILE, state.atMost);
  if (state.sketch === null || found.n === 0) return { ...found, value: undefined, lower: undefined, upper: undefined };
  const sketch = sketchOf(state.sketch);
  const { lower, upper } = rankOf(q, found.n, spec.alpha);
  const bounds = boundsOf(sketch, lower, upper);
  return {
    ...found,
    value: quantileWith(sketch, state.unanswered, q),
    lower: finite(bounds.lower),
    upper: finite(bounds.upper),
  };
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}
