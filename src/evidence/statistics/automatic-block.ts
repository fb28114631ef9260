/**
 * How long a block of bet.ts must be: several times longer than bursts of what it counts. Measured on stable's counts per
 * 10 s of the last hour, each ten minutes; so it is known before the blocks it is used for. With residuals
 * r_b = k_b - (K/N) n_b of B counts, p = K/N:
 *
 *     autocorrelation at lag j = sum r_b r_(b+j) / sum r_b^2
 *     dispersion               = sum r_b^2 / sum p (1 - p) n_b * B / (B - 1)
 *     memory                   = the last lag up to which every autocorrelation is above 0.1; before a whole hour is
 *                                seen, above 3 / sqrt(B)
 *
 * A burst of d seconds is seen in counts up to d later, so memory tells how long bursts are. The deviation of an
 * autocorrelation of independent counts is 1 / sqrt(B) (Bartlett 1946): 0.1 is nearly two of them for an hour, and of less
 * only what is plain counts.
 */
import { checkBetween, checkNotNegative } from './domain.ts';

export const BASE_SECONDS = 10;

/** Lengths there are, s. The first is only for events that are as good as independent. */
const LENGTHS = [10, 60, 120, 300, 600] as const;
export type BlockSeconds = (typeof LENGTHS)[number];
/** The length for a memory of so many counts, and for any longer one the last: at least five times the burst. */
const LENGTH_OF_MEMORY = [60, 120, 300, 300, 600] as const;

const PER_HOUR = 360;
const PER_LOOK = 60;

/** Counts that follow each other less are as good as independent. */
const LEAST_AUTOCORRELATION = 0.1;
/** What 10 s blocks must stay below, and the events of an hour it takes to tell. */
const FAST_AUTOCORRELATION = 0.05;
const FAST_DISPERSION = 1.3;
const FAST_EVENTS = 20;

export interface Counted {
  readonly exposures: number;
  readonly events: number;
}

/** Plain data, exact through JSON; at most an hour of counts. */
export interface AutomaticBlock {
  /** Use this for blocks that begin now. */
  readonly seconds: BlockSeconds;
  /** Stable's newest 10 s blocks, [exposures, events]; the oldest first. */
  readonly counts: readonly (readonly [number, number])[];
  /** 10 s blocks since the last look, and since the length was last changed. */
  readonly sinceLook: number;
  readonly sinceChange: number;
}

export function newAutomaticBlock(): AutomaticBlock {
  return { seconds: 60, counts: [], sinceLook: 0, sinceChange: 0 };
}

/**
 * The state after 10 s more of stable. Each ten minutes the length is chosen anew by the last hour: at once longer, shorter by
 * one step after an hour without a change. Throws RangeError unless 0 <= events <= exposures.
 */
export function stepAutomaticBlock(state: AutomaticBlock, { exposures, events }: Counted): AutomaticBlock {
  checkNotNegative('exposures', exposures);
  checkBetween('events', events, 0, exposures);
  const counts = [...state.counts.slice(-(PER_HOUR - 1)), [exposures, events] as const];
  const [sinceLook, sinceChange] = [state.sinceLook + 1, state.sinceChange + 1];
  if (sinceLook < PER_LOOK) return { seconds: state.seconds, counts, sinceLook, sinceChange };
  const wanted = LENGTHS.indexOf(neededSeconds(counts.map(([n, k]) => ({ exposures: n, events: k }))));
  const now = LENGTHS.indexOf(state.seconds);
  const next = wanted > now ? wanted : wanted < now && sinceChange >= PER_HOUR ? now - 1 : now;
  return {
    seconds: LENGTHS[next] ?? 60,
    counts,
    sinceLook: 0,
    sinceChange: next === now ? sinceChange : 0,
  };
}

/** The shortest length that `base` (stable's 10 s blocks) allows. */
export function neededSeconds(base: readonly Counted[]): BlockSeconds {
  const found = blockStatistics(base);
  if (found === undefined) return 60;
  const events = base.reduce((sum, block) => sum + block.events, 0);
  const memory = memoryOf(found.autocorrelations, base.length);
  if (memory > 0) return LENGTH_OF_MEMORY[memory] ?? 600;
  const isFast = found.dispersion < FAST_DISPERSION && found.autocorrelation < FAST_AUTOCORRELATION;
  return isFast && events >= FAST_EVENTS && base.length >= PER_HOUR ? BASE_SECONDS : 60;
}

function memoryOf(autocorrelations: readonly number[], counts: number): number {
  const least = counts < PER_HOUR ? 3 / Math.sqrt(counts) : LEAST_AUTOCORRELATION;
  const first = autocorrelations.findIndex((value) => value <= least);
  return first < 0 ? autocorrelations.length : first;
}

/** Lags that are looked at. */
const LAGS = 6;

/** Undefined where nothing varies: fewer than 2 blocks, no events, or nothing else. */
export function blockStatistics(blocks: readonly Counted[]):
  | {
      /** At lag 1. */
      readonly autocorrelation: number;
      /** At lags 1 to 6. */
      readonly autocorrelations: readonly number[];
      readonly dispersion: number;
    }
  | undefined {
  const exposures = blocks.reduce((sum, block) => sum + block.exposures, 0);
  const p = blocks.reduce((sum, block) => sum + block.events, 0) / exposures;
  if (blocks.length < 2 || !(p > 0 && p < 1)) return undefined;
  const residuals = blocks.map((block) => block.events - p * block.exposures);
  const squares = residuals.reduce((sum, residual) => sum + residual * residual, 0);
  const at = (lag: number) =>
    squares === 0
      ? 0
      : residuals.reduce((sum, residual, index) => sum + residual * (residuals[index + lag] ?? 0), 0) / squares;
  const autocorrelations = Array.from({ length: LAGS }, (_, index) => at(index + 1));
  return {
    autocorrelation: autocorrelations[0] ?? 0,
    autocorrelations,
    dispersion: (squares / (p * (1 - p) * exposures)) * (blocks.length / (blocks.length - 1)),
  };
}
