/** The cells of the block that is open: for each arm, and each arm and shadow, all traffic and its segments. */
import { OTHER_VALUE, type SegmentLimit } from './segment-limit.ts';
import type { Cell, CellKey } from './sums.ts';

/** Of a block. */
export const MAX_CELLS = 20_000;
/** Of these, so many are only for all traffic: segments cannot crowd it out. */
const RESERVED_CELLS = 1_000;

/** Where something counts: its key without the segment, and the segments of its request. */
export type Place = Omit<CellKey, 'segment' | 'segmentValue'> & { readonly segments: Readonly<Record<string, string>> };

/** How many cells the block has, of arms and of pairs. */
export interface CellBudget {
  used: number;
}

type OpenBlockCounter = 'evidence.segment-overflow' | 'evidence.cells-dropped';

interface Group<Sums> {
  readonly all: Sums;
  readonly bySegment: Map<string, Map<string, Sums>>;
  readonly admitted: Map<string, Set<string>>;
}

export class OpenBlock<Sums extends object> {
  readonly #limit: SegmentLimit;
  readonly #count: (name: OpenBlockCounter) => void;
  readonly #budget: CellBudget;
  readonly #make: () => Sums;
  readonly #toCell: (key: CellKey, sums: Sums) => Cell;
  readonly #groups = new Map<string, Group<Sums>>();
  readonly #cells: { readonly key: CellKey; readonly sums: Sums }[] = [];
  readonly #overall: { readonly key: CellKey; readonly sums: Sums }[] = [];

  constructor(
    limit: SegmentLimit,
    count: (name: OpenBlockCounter) => void,
    budget: CellBudget,
    make: () => Sums,
    toCell: (key: CellKey, sums: Sums) => Cell,
  ) {
    this.#limit = limit;
    this.#count = count;
    this.#budget = budget;
    this.#make = make;
    this.#toCell = toCell;
  }

  /** The sums of every cell that something at `place` counts in: all traffic first. Empty when the block has too many cells. */
  at(place: Place): Sums[] {
    const group = this.#groupOf(place);
    if (group === undefined) return [];
    const found = [group.all];
    for (const segment in place.segments) {
      const value = place.segments[segment];
      if (value === undefined) continue;
      const sums = this.#segmentOf(group, place, segment, value);
      if (sums !== undefined) found.push(sums);
    }
    return found;
  }

  cells(): Cell[] {
    return this.#cells.map(({ key, sums }) => this.#toCell(key, sums));
  }

  /** Those of all traffic only. */
  overall(): Cell[] {
    return this.#overall.map(({ key, sums }) => this.#toCell(key, sums));
  }

  #groupOf(place: Place): Group<Sums> | undefined {
    const { rollout, release, weightBp, arm, shadow } = place;
    const id = `${rollout}\0${release}\0${weightBp}\0${arm}\0${shadow}`;
    let group = this.#groups.get(id);
    if (group !== undefined) return group;
    const key = { rollout, release, weightBp, arm, shadow, segment: '', segmentValue: '' };
    const all = this.#newCell(key, MAX_CELLS);
    if (all === undefined) return undefined;
    this.#overall.push({ key, sums: all });
    group = { all, bySegment: new Map(), admitted: this.#limit.valuesOf(rollout, release) };
    this.#groups.set(id, group);
    return group;
  }

  #segmentOf(group: Group<Sums>, place: Place, segment: string, value: string): Sums | undefined {
    let segmentValue = this.#limit.place(group.admitted, segment, value);
    if (segmentValue === undefined) {
      this.#count('evidence.segment-overflow');
      segmentValue = OTHER_VALUE;
    }
    let byValue = group.bySegment.get(segment);
    if (byValue === undefined) {
      byValue = new Map();
      group.bySegment.set(segment, byValue);
    }
    let sums = byValue.get(segmentValue);
    if (sums !== undefined) return sums;
    const { rollout, release, weightBp, arm, shadow } = place;
    const key = { rollout, release, weightBp, arm, shadow, segment, segmentValue };
    sums = this.#newCell(key, MAX_CELLS - RESERVED_CELLS);
    if (sums !== undefined) byValue.set(segmentValue, sums);
    return sums;
  }

  #newCell(key: CellKey, limit: number): Sums | undefined {
    if (this.#budget.used >= limit) {
      this.#count('evidence.cells-dropped');
      return undefined;
    }
    this.#budget.used++;
    const sums = this.#make();
    this.#cells.push({ key, sums });
    return sums;
  }
}
