/**
 * Is the canary slower beyond stable's q-quantile? Every few minutes the quantile of stable's **previous** minutes is taken
 * (the upper edge of its bin), and in each block of both arms what is slower is counted: events for bet.ts. Because the edge
 * is known before the block, an event's arm is as random as its request's, whatever the true quantile is and however it
 * drifts. Counts above an edge of a bin are exact, so a sketch adds no error. With a margin the canary is counted above an edge
 * that is whole bins higher.
 */
import type { Sketch } from '../sums.ts';
import { type Bet, newBet, stepBet } from './bet.ts';
import { checkNotNegative, checkShare } from './domain.ts';

/** Fewer values above a quantile do not tell where it is. */
const MIN_BEYOND = 10;

/** Above this share of all requests events are not rare, and block-score.ts is the method. */
const MAX_SHARE = 0.1;

/** Whether BET is the method for the q-quantile. */
export function isTail(q: number): boolean {
  return 1 - q <= MAX_SHARE + 1e-12;
}

/** An edge of bins. */
export interface Edge {
  readonly alpha: number;
  /** The bin whose upper edge it is; null = that of what is counted as 0. */
  readonly bin: number | null;
}

/**
 * The upper edge of the bin of the q-quantile, rank q (count - 1) rounded down. Undefined when fewer than 10 values are
 * expected above it. Throws RangeError when q is not between 0 and 1, or the quantile is below 0.
 */
export function quantileEdge(sketch: Sketch, q: number): Edge | undefined {
  checkShare('q', q);
  if ((1 - q) * sketch.count < MIN_BEYOND - 1e-9) return undefined;
  const rank = q * (sketch.count - 1);
  let below = 0;
  for (const count of sketch.negative.values()) below += count;
  if (below > rank) throw new RangeError(`expected a ${q} quantile of 0 or more, found one below`);
  below += sketch.zero;
  if (below > rank) return { alpha: sketch.alpha, bin: null };
  for (const [bin, count] of [...sketch.positive].sort(([left], [right]) => left - right)) {
    below += count;
    if (below > rank) return { alpha: sketch.alpha, bin };
  }
  return undefined;
}

/** x_t, in the unit of the sketch. */
export function edgeValue({ alpha, bin }: Edge): number {
  return bin === null ? 0 : ((1 + alpha) / (1 - alpha)) ** bin;
}

/** `margin` (0.2 = 20 % slower is allowed) in whole bins, to the nearest; throws RangeError when it is negative. */
export function marginBins(alpha: number, margin: number): number {
  checkNotNegative('margin', margin);
  checkShare('alpha', alpha);
  return Math.round(Math.log1p(margin) / Math.log((1 + alpha) / (1 - alpha)));
}

/** How many values are above the edge that is `shiftBins` higher. Throws RangeError when alpha differs. */
export function countAbove(sketch: Sketch, edge: Edge, shiftBins = 0): number {
  if (sketch.alpha !== edge.alpha) {
    throw new RangeError(`expected a sketch of alpha ${edge.alpha} as the edge is of, found ${sketch.alpha}`);
  }
  let above = 0;
  for (const [bin, count] of sketch.positive) if (edge.bin === null || bin > edge.bin + shiftBins) above += count;
  return above;
}

/** Plain data, exact through JSON. */
export interface TailBet {
  readonly q: number;
  readonly shiftBins: number;
  /** null until there was one. */
  readonly edge: Edge | null;
  readonly bet: Bet;
}

/** One arm in one block. */
export interface ArmBlock {
  readonly latency: Sketch;
  /** Requests without an answer (time-outs, dropped replies), that are not in `latency`: slower than any edge. */
  readonly unanswered: number;
}

/** `eventsPerBlock`: see bet.ts; (1 - q) times the requests of a block. Throws RangeError unless isTail(q). */
export function newTailBet(plannedBlocks: number, q: number, shiftBins: number, eventsPerBlock: number): TailBet {
  if (!(q < 1 && isTail(q))) {
    throw new RangeError(`q: expected a quantile of ${1 - MAX_SHARE} or more and below 1, found ${q}`);
  }
  if (!(Number.isSafeInteger(shiftBins) && shiftBins >= 0)) {
    throw new RangeError(`shiftBins: expected a whole number of 0 or more, found ${shiftBins}`);
  }
  return { q, shiftBins, edge: null, bet: newBet(plannedBlocks, eventsPerBlock) };
}

/** From the next block on; `stable` holds stable's minutes up to now. Where they are too few the old edge stays. */
export function takeEdge(tail: TailBet, stable: Sketch): TailBet {
  return { ...tail, edge: quantileEdge(stable, tail.q) ?? tail.edge };
}

/** The state after one more block; the same before there is an edge, or without one of the arms. */
export function stepTailBet(tail: TailBet, canary: ArmBlock, stable: ArmBlock): TailBet {
  const { edge, shiftBins } = tail;
  if (edge === null) return tail;
  const bet = stepBet(tail.bet, {
    canary: canary.latency.count + canary.unanswered,
    stable: stable.latency.count + stable.unanswered,
    canaryEvents: countAbove(canary.latency, edge, shiftBins) + canary.unanswered,
    stableEvents: countAbove(stable.latency, edge) + stable.unanswered,
  });
  return bet === tail.bet ? tail : { ...tail, bet };
}
