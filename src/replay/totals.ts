/** All that a replay adds up, in the order of the recording: after any stop and resume it is the same, to the last bit. Pure. */
import { addPairTo } from '../evidence/add-pair.ts';
import { cellKey, emptyPair } from '../evidence/merge.ts';
import { cellFromJson, cellToJson } from '../evidence/serialize.ts';
import type { CellKey, PairSums } from '../evidence/sums.ts';
import type { Pair } from '../pairing/pair.ts';
import type { RecordedRow } from '../recording/row.ts';
import type { Planned } from './plan.ts';
import { addRankings, type Known, type RankingSums } from './ranking-quality.ts';
import { count, emptyCounts, type ReplayCounts } from './run.ts';

/** Beyond them a segment's value counts as `other`, and a release not at all. */
const MAX_SEGMENT_CELLS = 10_000;
const MAX_RELEASE_CELLS = 1_000;
/** Pairs for people, of which the report chooses. */
const MAX_EXAMPLES = 200;
const MAX_EXAMPLE_LENGTH = 8_192;
const OTHER_VALUE = 'other';

export interface TotalsCell {
  readonly key: CellKey;
  readonly pair: PairSums;
}

export class Totals {
  readonly counts: ReplayCounts = emptyCounts();
  readonly rankings: Record<string, RankingSums> = {};
  /** Pairs that count in no cell, or under another segment value. */
  overflow = 0;
  /** Answers without an error, and all. */
  answered = 0;
  readonly #cells = new Map<string, TotalsCell>();
  #segmentCells = 0;
  readonly #examples: RecordedRow[] = [];

  cells(): readonly TotalsCell[] {
    return [...this.#cells.values()];
  }

  examples(): readonly RecordedRow[] {
    return this.#examples;
  }

  /** `example`: the pair as a recorded row, redacted; asked for where it is wanted. */
  add(planned: Planned, pair: Pair | undefined, known: Known, example: (pair: Pair) => RecordedRow): void {
    count(this.counts, planned);
    if (pair === undefined) return;
    if (pair.candidate.error === undefined) this.answered++;
    this.#add(pair, '', '');
    for (const [segment, value] of Object.entries(pair.segments)) this.#add(pair, segment, value);
    addRankings(this.rankings, pair, known);
    this.#offer(pair, example);
  }

  #add(pair: Pair, segment: string, segmentValue: string): void {
    const { rollout, release, weightBp, arm, shadow } = pair;
    const key = { rollout, release, weightBp, arm, shadow, segment, segmentValue };
    const sums =
      this.#cellAt(key) ?? (segment === '' ? undefined : this.#cellAt({ ...key, segmentValue: OTHER_VALUE }));
    if (sums === undefined || (segmentValue !== OTHER_VALUE && sums.key.segmentValue === OTHER_VALUE)) this.overflow++;
    if (sums !== undefined) addPairTo(sums.pair, pair);
  }

  #cellAt(key: CellKey): TotalsCell | undefined {
    const name = cellKey(key);
    const held = this.#cells.get(name);
    if (held !== undefined) return held;
    const isSegment = key.segment !== '' && key.segmentValue !== OTHER_VALUE;
    if (isSegment ? this.#segmentCells >= MAX_SEGMENT_CELLS : this.#others() >= MAX_RELEASE_CELLS) return undefined;
    return this.#put({ key, pair: emptyPair() });
  }

  #others(): number {
    return this.#cells.size - this.#segmentCells;
  }

  #put(cell: TotalsCell): TotalsCell {
    this.#cells.set(cellKey(cell.key), cell);
    if (cell.key.segment !== '' && cell.key.segmentValue !== OTHER_VALUE) this.#segmentCells++;
    return cell;
  }

  #offer(pair: Pair, example: (pair: Pair) => RecordedRow): void {
    const { difference, candidate } = pair;
    const differs = candidate.error !== undefined || difference.fields.some(({ agree }) => !agree);
    if (this.#examples.length >= MAX_EXAMPLES || (!differs && this.#examples.length > 0)) return;
    const row = example(pair);
    if (row.fields.length <= MAX_EXAMPLE_LENGTH) this.#examples.push(row);
  }

  toJson(): unknown {
    const { counts, rankings, overflow, answered } = this;
    const cells = this.cells().map(cellToJson);
    return { counts, rankings, overflow, answered, cells, examples: this.#examples };
  }

  /** Throws Error when it is not what `toJson` gave. */
  static fromJson(json: unknown): Totals {
    const { counts, rankings, overflow, answered, cells, examples } = json as ReturnType<Totals['toJson']> & Stored;
    const totals = new Totals();
    Object.assign(totals.counts, counts);
    Object.assign(totals.rankings, rankings);
    Object.assign(totals, { overflow, answered });
    for (const text of cells) {
      const cell = cellFromJson(text);
      if ('pair' in cell) totals.#put(cell);
    }
    totals.#examples.push(...examples);
    return totals;
  }
}

interface Stored {
  readonly counts: ReplayCounts;
  readonly rankings: Record<string, RankingSums>;
  readonly overflow: number;
  readonly answered: number;
  readonly cells: readonly string[];
  readonly examples: readonly RecordedRow[];
}
