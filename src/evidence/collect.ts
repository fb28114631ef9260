/** Exchanges and pairs, summed in blocks of time: bounded, whatever traffic brings. Time is passed in. */
import type { ProductionExchange } from '../pairing/exchange.ts';
import type { Pair } from '../pairing/pair.ts';
import { addExchangeTo, type ExchangeFacts, isForced } from './add-exchange.ts';
import { addPairTo, fieldOf } from './add-pair.ts';
import { type Guarded, guardedArm, guardedPair, MAX_PER_UNIT, NOT_GUARDED } from './guarded.ts';
import { cloneCell } from './merge.ts';
import { NoiseJoin } from './noise.ts';
import { OpenBlock, type Place } from './open-block.ts';
import { SeenRollouts } from './seen.ts';
import { SegmentLimit } from './segment-limit.ts';
import type { ArmSums, BlockId, Cell, ClosedBlock, PairSums } from './sums.ts';

export type { ExchangeFacts } from './add-exchange.ts';

/**
 * `evidence.segment-overflow`: something counts under `other`, because its segment has too many values;
 * `evidence.cells-dropped`: it does not count in a cell, because the block has too many; `evidence.noise-forgotten`: a request
 * was given up before both the twin's and another shadow's pair were there; `evidence.capped`: a request or pair is not in the
 * sums, because its unit already had its share of the block; `evidence.units-unchecked`: it is, because there are too many
 * units to tell.
 */
export type EvidenceCounter =
  | 'evidence.segment-overflow'
  | 'evidence.cells-dropped'
  | 'evidence.noise-forgotten'
  | 'evidence.capped'
  | 'evidence.units-unchecked';

export interface CollectorOptions {
  /** Of each segment, per rollout and release; others count as `other`. */
  readonly maxSegmentValues?: number;
  /** Requests of one unit in a block's sums of an arm at a weight, and pairs in those of an arm and shadow; default 20. */
  readonly maxPerUnit?: number;
  /** Who sums; default: nobody in particular. */
  readonly origin?: Omit<BlockId, 'sequence'>;
  readonly count: (name: EvidenceCounter) => void;
  /** When the first block begins: since the epoch, and monotonic. */
  readonly wallMs: number;
  readonly monotonicMs: number;
}

export interface ExchangeAbout extends ExchangeFacts {
  /** Default: no guard asks for anything. */
  readonly guarded?: Guarded;
  /** Another cluster delivered it than was decided. */
  readonly elsewhere?: boolean;
}

export interface PairAbout {
  /** Its shadow runs the stable version. */
  readonly twin: boolean;
  readonly guarded?: Guarded;
}

export interface Collector {
  addExchange(production: ProductionExchange, about: ExchangeAbout): void;
  addPair(pair: Pair, about: PairAbout): void;
  /** So many sides of this release's requests were given up, the other side never having come. */
  addUnmatched(rollout: string, release: string, by: number): void;
  /** Clones of the cells of all traffic in the open block. */
  overall(): Cell[];
  /** Ends the block, also when nothing happened in it, and begins the next. */
  close(wallMs: number, monotonicMs: number): ClosedBlock;
}

const MAX_SEGMENT_VALUES = 50;

export function createCollector({
  maxSegmentValues = MAX_SEGMENT_VALUES,
  maxPerUnit = MAX_PER_UNIT,
  origin = { sidecar: '', thread: '' },
  count,
  wallMs: firstWallMs,
  monotonicMs: firstMonotonicMs,
}: CollectorOptions): Collector {
  const limit = new SegmentLimit(maxSegmentValues);
  const noise = new NoiseJoin(() => count('evidence.noise-forgotten'));
  const open = () => {
    const budget = { used: 0, units: 0 };
    return {
      arms: new OpenBlock<ArmSums>(limit, count, budget, guardedArm, (key, arm) => ({ key, arm })),
      pairs: new OpenBlock<PairSums>(limit, count, budget, guardedPair, (key, pair) => ({ key, pair })),
    };
  };
  const seen = new SeenRollouts();
  let { arms, pairs } = open();
  let sequence = 0;
  let startWallMs = firstWallMs;
  let startMonotonicMs = firstMonotonicMs;

  return {
    addExchange(production, { guarded = NOT_GUARDED, elsewhere = false, ...facts }) {
      const { arm, cluster } = production;
      const { rollout, release, weightBp, segments, reason, unit } = production.decision;
      if (cluster !== '') seen.add(rollout, release, 'decisions');
      if (elsewhere) seen.add(rollout, release, 'elsewhere');
      if (guarded.units && reason === 'hash' && unit !== '') seen.addUnit(rollout, release, { unit, arm, weightBp });
      const place = { rollout, release, weightBp, arm, shadow: '', segments };
      const cells = arms.at(place, guarded);
      if (!isForced(reason) && isCapped(arms, place, unit)) cap(cells);
      else for (const sums of cells) addExchangeTo(sums, production, facts);
    },
    addPair(pair, { twin, guarded = NOT_GUARDED }) {
      seen.add(pair.rollout, pair.release, 'matched');
      const cells = pairs.at(pair, guarded);
      if (pair.referenced && isCapped(pairs, pair, pair.unit)) {
        cap(cells);
        return;
      }
      for (const sums of cells) addPairTo(sums, pair);
      for (const { place, fields } of noise.add(pair, twin)) {
        for (const sums of pairs.at(place)) {
          for (const field of fields) fieldOf(sums, field).noise[field.outcome]++;
        }
      }
    },
    addUnmatched: (rollout, release, by) => seen.add(rollout, release, 'unmatched', by),
    overall: () => [...arms.overall(), ...pairs.overall()].map(cloneCell),
    close(wallMs, monotonicMs) {
      const cells = [...arms.cells(), ...pairs.cells()];
      const durationMs = monotonicMs - startMonotonicMs;
      const id = { ...origin, sequence: sequence++ };
      const block = { id, startMs: startWallMs, durationMs, cells, seen: seen.take() };
      ({ arms, pairs } = open());
      startWallMs = wallMs;
      startMonotonicMs = monotonicMs;
      noise.nextBlock();
      return block;
    },
  };

  function isCapped<Sums extends object>(block: OpenBlock<Sums>, place: Place, unit: string): boolean {
    const capped = block.isCapped(place, unit, maxPerUnit);
    if (capped) count('evidence.capped');
    return capped;
  }
}

function cap(cells: readonly { capped: number }[]): void {
  for (const sums of cells) sums.capped++;
}
