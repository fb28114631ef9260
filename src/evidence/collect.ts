/** Exchanges and pairs, summed in blocks of time: bounded, whatever traffic brings. Time is passed in. */
import type { ProductionExchange } from '../pairing/exchange.ts';
import type { Pair } from '../pairing/pair.ts';
import { addExchangeTo, type ExchangeFacts } from './add-exchange.ts';
import { addPairTo, fieldOf } from './add-pair.ts';
import { cloneCell, emptyArm, emptyPair } from './merge.ts';
import { NoiseJoin } from './noise.ts';
import { OpenBlock } from './open-block.ts';
import { SegmentLimit } from './segment-limit.ts';
import type { ArmSums, Block, Cell, PairSums } from './sums.ts';

export type { ExchangeFacts } from './add-exchange.ts';

/**
 * `evidence.segment-overflow`: something counts under `other`, because its segment has too many values;
 * `evidence.cells-dropped`: it does not count in a cell, because the block has too many; `evidence.noise-forgotten`: a request
 * was given up before both the twin's and another shadow's pair were there.
 */
export type EvidenceCounter = 'evidence.segment-overflow' | 'evidence.cells-dropped' | 'evidence.noise-forgotten';

export interface CollectorOptions {
  /** Of each segment, per rollout and release; others count as `other`. */
  readonly maxSegmentValues?: number;
  readonly count: (name: EvidenceCounter) => void;
  /** When the first block begins: since the epoch, and monotonic. */
  readonly wallMs: number;
  readonly monotonicMs: number;
}

export interface Collector {
  addExchange(production: ProductionExchange, facts: ExchangeFacts): void;
  /** `twin`: its shadow runs the stable version. */
  addPair(pair: Pair, about: { readonly twin: boolean }): void;
  /** Clones of the cells of all traffic in the open block. */
  overall(): Cell[];
  /** Ends the block and begins the next; undefined when nothing happened in it. */
  close(wallMs: number, monotonicMs: number): Block | undefined;
}

const MAX_SEGMENT_VALUES = 50;

export function createCollector({
  maxSegmentValues = MAX_SEGMENT_VALUES,
  count,
  wallMs: firstWallMs,
  monotonicMs: firstMonotonicMs,
}: CollectorOptions): Collector {
  const limit = new SegmentLimit(maxSegmentValues);
  const noise = new NoiseJoin(() => count('evidence.noise-forgotten'));
  const open = () => {
    const budget = { used: 0 };
    return {
      arms: new OpenBlock<ArmSums>(limit, count, budget, emptyArm, (key, arm) => ({ key, arm })),
      pairs: new OpenBlock<PairSums>(limit, count, budget, emptyPair, (key, pair) => ({ key, pair })),
    };
  };
  let { arms, pairs } = open();
  let startWallMs = firstWallMs;
  let startMonotonicMs = firstMonotonicMs;

  return {
    addExchange(production, facts) {
      const { rollout, release, weightBp, segments } = production.decision;
      const place = { rollout, release, weightBp, arm: production.arm, shadow: '', segments };
      for (const sums of arms.at(place)) addExchangeTo(sums, production, facts);
    },
    addPair(pair, { twin }) {
      for (const sums of pairs.at(pair)) addPairTo(sums, pair);
      for (const { place, fields } of noise.add(pair, twin)) {
        for (const sums of pairs.at(place)) {
          for (const field of fields) fieldOf(sums, field).noise[field.outcome]++;
        }
      }
    },
    overall: () => [...arms.overall(), ...pairs.overall()].map(cloneCell),
    close(wallMs, monotonicMs) {
      const cells = [...arms.cells(), ...pairs.cells()];
      const block = { startMs: startWallMs, durationMs: monotonicMs - startMonotonicMs, cells };
      ({ arms, pairs } = open());
      startWallMs = wallMs;
      startMonotonicMs = monotonicMs;
      noise.nextBlock();
      return cells.length === 0 ? undefined : block;
    },
  };
}
