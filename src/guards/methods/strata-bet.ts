/**
 * Is something harmful more frequent on the canary than on stable? The part that error rates and latencies have in common.
 * Blocks are as long as bursts need (automatic-block.ts). In a block each weight is a stratum of its own: with K_w events of
 * both arms and theta_w the canary's share of exposures, D = sum (k_w - theta_w K_w), so that mixing weights proves nothing
 * (Simpson); the block is then one bet of bet.ts, with theta = sum theta_w K_w / K. The same blocks give the block score's
 * interval. Plain data.
 */
import {
  type AutomaticBlock,
  type BlockSeconds,
  newAutomaticBlock,
  stepAutomaticBlock,
} from '../../evidence/statistics/automatic-block.ts';
import { type Bet, newBet, stepBet } from '../../evidence/statistics/bet.ts';
import type { ScoreBlock } from '../../evidence/statistics/block-score.ts';
import { addBlock, newRestartedScore, type RestartedScore } from '../../evidence/statistics/restarted-score.ts';
import { evidence } from '../../evidence/statistics/start-mixture.ts';
import { expectedShare, type TwoArms } from '../../evidence/statistics/two-arms.ts';
import { type Pace, PLANNED_MINUTES, stepPace } from './finding.ts';
import { stepPointsBet } from './points-bet.ts';

const DAY_MS = 86_400_000;

/** More weights than this in a block are not looked at; `overflow` counts their exposures. */
const MAX_STRATA = 64;

/** [n_c, n_s, k_c, k_s] */
export type Cell = readonly [number, number, number, number];

/** `ratio`: the canary's rate may be so many times stable's (1 = no margin). `points`: and so much more, absolute. */
export interface Margin {
  readonly ratio: number;
  readonly points: number;
}

export interface StrataBet {
  readonly automatic: AutomaticBlock;
  /** Chosen when the open block began. */
  readonly seconds: BlockSeconds;
  readonly openMs: number;
  readonly open: Readonly<Record<string, Cell>>;
  readonly overflow: number;
  /** null: not one closed block. */
  readonly bet: Bet | null;
  readonly score: RestartedScore;
  /** Of closed blocks: sum of n_c n_s / (n_c + n_s), and of each arm exposures and events in strata with both. */
  readonly information: number;
  readonly sums: Cell;
  /** Covered time of closed blocks. */
  readonly ms: number;
  /** Of the canary's exposures. */
  readonly pace: Pace;
}

export function newStrataBet(): StrataBet {
  const automatic = newAutomaticBlock();
  return {
    automatic,
    seconds: automatic.seconds,
    openMs: 0,
    open: {},
    overflow: 0,
    bet: null,
    score: newRestartedScore('counts', DAY_MS),
    information: 0,
    sums: [0, 0, 0, 0],
    ms: 0,
    pace: { perSecond: null },
  };
}

/** What is open is given up: a block with a gap may be shorter than a burst. */
export function interrupted(state: StrataBet): StrataBet {
  return state.openMs === 0 ? state : { ...state, open: {}, openMs: 0, seconds: state.automatic.seconds };
}

/** 10 s more. `cells` by stratum. */
export function stepStrataBet(
  state: StrataBet,
  cells: Iterable<readonly [string, Cell]>,
  durationMs: number,
  margin: Margin,
): StrataBet {
  const open: Record<string, Cell> = { ...state.open };
  let [canary, exposures, events, overflow] = [0, 0, 0, state.overflow];
  for (const [key, cell] of cells) {
    canary += cell[0];
    exposures += cell[1];
    events += cell[3];
    const held = open[key];
    if (held === undefined && Object.keys(open).length >= MAX_STRATA) overflow += cell[0] + cell[1];
    else open[key] = held === undefined ? cell : added(held, cell);
  }
  const next: StrataBet = {
    ...state,
    open,
    overflow,
    automatic: stepAutomaticBlock(state.automatic, { exposures, events }),
    openMs: state.openMs + durationMs,
    pace: stepPace(state.pace, canary, durationMs),
  };
  // blocks are a little shorter or longer than 10 s
  return next.openMs + durationMs / 2 < next.seconds * 1000 ? next : closed(next, margin);
}

function added(left: Cell, right: Cell): Cell {
  return [left[0] + right[0], left[1] + right[1], left[2] + right[2], left[3] + right[3]];
}

function closed(state: StrataBet, margin: Margin): StrataBet {
  const { seconds } = state.automatic;
  const next = { ...state, open: {}, openMs: 0, seconds, ms: state.ms + state.openMs };
  const strata = Object.values(state.open).filter(([canary, stable]) => canary > 0 && stable > 0);
  if (strata.length === 0) return next;
  const block = combined(strata, margin.ratio);
  const information = strata.reduce((sum, [canary, stable]) => sum + (canary * stable) / (canary + stable), 0);
  const events = block.canaryEvents + block.stableEvents;
  // The first block's own number of events says how many to expect: given that number, whose they are is still as random.
  const lengths = seconds / state.seconds;
  const before = state.bet ?? newBet(PLANNED_MINUTES, events);
  const stepped =
    margin.points > 0 ? stepPointsBet(before, block, margin.points * information) : stepBet(before, block);
  const score = state.score;
  addBlock(score, margin.ratio === 1 ? block : combined(strata, 1), state.openMs);
  return {
    ...next,
    bet: lengths === 1 ? stepped : { ...stepped, eventsPerBlock: stepped.eventsPerBlock * lengths },
    information: state.information + information,
    sums: strata.reduce<Cell>(added, state.sums),
  };
}

/** Strata as one block of two arms whose share of exposures is the share of events expected of the canary. */
export function combined(strata: readonly Cell[], ratio: number): TwoArms & ScoreBlock {
  const [canary, stable, canaryEvents, stableEvents] = strata.reduce<Cell>(added, [0, 0, 0, 0]);
  const events = canaryEvents + stableEvents;
  let [expected, share] = [0, 0];
  for (const [n, m, k, l] of strata) {
    const theta = expectedShare({ canary: n, stable: m, canaryEvents: k, stableEvents: l }, ratio);
    expected += theta * (k + l);
    share += (theta * (n + m)) / (canary + stable);
  }
  const theta = events > 0 ? expected / events : share;
  const exposures = Math.max(canary + stable, (2 * canaryEvents) / theta, (2 * stableEvents) / (1 - theta));
  return {
    canary: theta * exposures,
    stable: (1 - theta) * exposures,
    canaryEvents,
    stableEvents,
    canaryOutcomes: canaryEvents,
    stableOutcomes: stableEvents,
  };
}

/** 1 before the first closed block. */
export function evidenceOf({ bet }: StrataBet): number {
  return bet === null ? 1 : evidence(bet.mixture);
}
