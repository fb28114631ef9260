/**
 * What exchanges and pairs add up to. Plain data that is merged by adding: in any order, over blocks, threads and sidecars.
 * Maps survive structured clone; serialize.ts makes JSON of them.
 */
import type { Measure } from '../comparison/difference.ts';
import type { ErrorKind, ParityLine } from '../pairing/pair.ts';
import type { Missing } from '../prediction/prediction.ts';
import type { Comparator } from '../prediction/spec.ts';
import type { Arm } from '../routing/snapshot.ts';

/** A DDSketch (Masson, Rim, Lee, PVLDB 12(12) 2019): quantiles within `alpha` relative. Negative values are mirrored. */
export interface Sketch {
  readonly alpha: number;
  count: number;
  sum: number;
  sumOfSquares: number;
  min: number;
  max: number;
  /** |value| <= 1e-9 */
  zero: number;
  readonly positive: Map<number, number>;
  readonly negative: Map<number, number>;
  /** By threshold: exactly how many values were above it. */
  readonly over: Map<number, number>;
}

export type Counts<Name extends string> = Partial<Record<Name, number>>;

/** One arm: what users were answered. Only decisions by hash, or without a unit, are in the sums; forced ones are counted. */
export interface ArmSums {
  requests: number;
  /** By a rule with `arm:`. */
  forced: number;
  /** Of units that already had their share of the block: counted here and nowhere else. */
  capped: number;
  clientErrors: number;
  readonly errors: Counts<ErrorKind>;
  readonly latency: Sketch;
  readonly userLatency: Sketch;
  readonly featureFetch: Sketch;
  /** Requests whose answer lacked a field, by field and why. */
  readonly missing: Map<string, Counts<Missing>>;
  /** Numbers by field (number, class with threshold). */
  readonly values: Map<string, Sketch>;
}

/**
 * Pairs with one shadow while one arm answered users. Those of forced decisions are in the sums too: both models answered the
 * same request, so whoever chose it, the comparison is fair.
 */
export interface PairSums {
  pairs: number;
  /** Of `pairs`, those whose arm a rule with `arm:` chose. */
  forced: number;
  /** Neither side runs the stable version: counted here and nowhere else. */
  unreferenced: number;
  /** Of units that already had their share of the block: counted here and nowhere else. */
  capped: number;
  sameStatus: number;
  sameBody: number;
  bodiesCompared: number;
  refusedAlike: number;
  readonly outputs: Map<string, { same: number; compared: number }>;
  readonly reference: SideSums;
  readonly candidate: SideSums;
  /** Candidate minus reference, ms. */
  readonly latencyDifference: Sketch;
  /** By fieldKey(name, kind) of merge.ts. */
  readonly fields: Map<string, FieldSums>;
  /** Pairs whose two requests were not the same, by what was not. */
  readonly unequal: Counts<ParityLine>;
}

export interface SideSums {
  clientErrors: number;
  readonly errors: Counts<ErrorKind>;
  readonly latency: Sketch;
  readonly featureFetch: Sketch;
}

export interface FieldSums {
  readonly name: string;
  readonly kind: Comparator['kind'];
  /** Pairs compared, and those of them that agree in every element. */
  pairs: number;
  agreeing: number;
  elements: number;
  agreeingElements: number;
  /** Elements without a value, by side and why. */
  readonly missingReference: Counts<Missing>;
  readonly missingCandidate: Counts<Missing>;
  /** Numbers of both sides (kind number, and class with a threshold). */
  readonly reference: Sketch;
  readonly candidate: Sketch;
  readonly measures: Map<Measure, Sketch>;
  /** `reference\0candidate` to elements (kind class); at most 256 cells, the rest are `\0`. */
  readonly confusion: Map<string, number>;
  /** Elements whose class differs (kind class), and the sum of their amounts. */
  flips: number;
  flippedAmount: number;
  /** Where the same request also went to the twin: pairs by who disagreed with the reference. */
  readonly noise: { both: number; candidateOnly: number; twinOnly: number; neither: number };
}

/** What a cell is about. */
export interface CellKey {
  readonly rollout: string;
  readonly release: string;
  /** Effective weight, basis points. */
  readonly weightBp: number;
  readonly arm: Arm;
  /** `` = the cell of the arm itself. */
  readonly shadow: string;
  /** Both `` = all traffic. */
  readonly segment: string;
  readonly segmentValue: string;
}

export type Cell = { readonly key: CellKey } & ({ readonly arm: ArmSums } | { readonly pair: PairSums });

/** All cells of one stretch of time. */
export interface Block {
  /** Wall time of its start, ms since the epoch; a label. */
  readonly startMs: number;
  /** How long it was open, monotonic. */
  readonly durationMs: number;
  readonly cells: readonly Cell[];
}

/** Tells a block from every other, of whichever sidecar: what was merged once is never merged again. */
export interface BlockId {
  /** Random, of the store. */
  readonly sidecar: string;
  /** Random, of one start of the thread that summed it. */
  readonly thread: string;
  /** Of that start, from 0 and without a hole: what is missing was lost. */
  readonly sequence: number;
}

/** A block as the observing thread closes it: also when nothing happened in it. */
export interface ClosedBlock extends Block {
  readonly id: BlockId;
  /** What is no sum of a cell, by rollout and release; only where something was seen. */
  readonly seen: readonly RolloutSeen[];
}

export interface RolloutSeen {
  readonly rollout: string;
  readonly release: string;
  /** Exchanges of production that a cluster delivered; and those that another one delivered than was decided. */
  readonly decisions: number;
  readonly elsewhere: number;
  /** Copies that were joined with production in this block; and those that were given up in it, a side being missing. */
  readonly matched: number;
  readonly unmatched: number;
  /** Units decided by hash; a sample of them when there are many. */
  readonly units: readonly SeenUnit[];
}

/** A unit, and where it was first seen in the block. */
export interface SeenUnit {
  /** Keyed hash. */
  readonly unit: string;
  readonly arm: Arm;
  /** Effective weight, basis points. */
  readonly weightBp: number;
}
