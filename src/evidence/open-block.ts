/** The cells of the block that is open: for each arm, and each arm and shadow, all traffic and its segments. */
import { NO_THRESHOLDS, type Thresholds } from './guarded.ts';
import { OTHER_VALUE, type SegmentLimit } from './segment-limit.ts';
import type { Cell, CellKey } from './sums.ts';

/** Of a block. */
export const MAX_CELLS = 20_000;
/** Of these, so many are only for all traffic: segments cannot crowd it out. */
const RESERVED_CELLS = 1_000;

/** Where something counts: its key without the segment, and the segments of its request. */
export type Place = Omit<CellKey, 'segment' | 'segmentValue'> & { readonly segments: Readonly<Record<string, string>> };

/** Units whose requests are told apart, of a block; of the others none is capped. */
export const MAX_UNITS = 200_000;

/** How many cells the block has, of arms and of pairs, and how many units. */
export interface BlockBudget {
  used: number;
  units: number;
}

type OpenBlockCounter = 'evidence.segment-overflow' | 'evidence.cells-dropped' | 'evidence.units-unchecked';

interface Group<Sums> {
  readonly all: Sums;
  /** Requests of each unit. */
  readonly units: Map<string, number>;
  readonly bySegment: Map<string, Map<string, Sums>>;
  readonly admitted: Map<string, Set<string>>;
}

export class OpenBlock<Sums extends object> {
  readonly #limit: SegmentLimit;
  readonly #count: (name: OpenBlockCounter) => void;
  readonly #budget: BlockBudget;
  readonly #make: (thresholds: Thresholds) => Sums;
  readonly #toCell: (key: CellKey, sums: Sums) => Cell;
  readonly #groups = new Map<string, Group<Sums>>();
  readonly #cells: { readonly key: CellKey; readonly sums: Sums }[] = [];
  readonly #overall: { readonly key: CellKey; readonly sums: Sums }[] = [];

  constructor(
    limit: SegmentLimit,
    count: (name: OpenBlockCounter) => void,
    budget: BlockBudget,
    make: (thresholds: Thresholds) => Sums,
    toCell: (key: CellKey, sums: Sums) => Cell,
  ) {
    this.#limit = limit;
    this.#count = count;
    this.#budget = budget;
    this.#make = make;
    this.#toCell = toCell;
  }

  /** The sums of every cell that something at `place` counts in: all traffic first. Empty when the block has too many cells. */
  at(place: Place, thresholds: Thresholds = NO_THRESHOLDS): Sums[] {
    const group = this.#groupOf(place, thresholds);
    if (group === undefined) return [];
    const found = [group.all];
    for (const segment in place.segments) {
      const value = place.segments[segment];
      if (value === undefined) continue;
      const sums = this.#segmentOf(group, place, segment, value, thresholds);
      if (sums !== undefined) found.push(sums);
    }
    return found;
  }

  /**
   * One more of `unit` (`` = none, which is never capped) at `place`: true when it had its share of the block before. A place
   * that has no cells caps nobody.
   */
  isCapped(place: Place, unit: string, maxPerUnit: number): boolean {
    if (unit === '') return false;
    const units = this.#groups.get(groupId(place))?.units;
    if (units === undefined) return false;
    const held = units.get(unit);
    if (held === undefined) {
      if (this.#budget.units >= MAX_UNITS) {
        this.#count('evidence.units-unchecked');
        return false;
      }
      this.#budget.units++;
    }
    units.set(unit, (held ?? 0) + 1);
    return (held ?? 0) >= maxPerUnit;
  }

  cells(): Cell[] {
    return this.#cells.map(({ key, sums }) => this.#toCell(key, sums));
  }

  /** Those of all traffic only. */
  overall(): Cell[] {
    return this.#overall.map(({ key, sums }) => this.#toCell(key, sums));
  }

  #groupOf(place: Place, thresholds: Thresholds): Group<Sums> | undefined {
    const { rollout, release, weightBp, arm, shadow } = place;
    const id = groupId(place);
    let group = this.#groups.get(id);
    if (group !== undefined) return group;
    const key = { rollout, release, weightBp, arm, shadow, segment: '', segmentValue: '' };
    const all = this.#newCell(key, MAX_CELLS, thresholds);
    if (all === undefined) return undefined;
    this.#overall.push({ key, sums: all });
    const admitted = this.#limit.valuesOf(rollout, release);
    group = { all, units: new Map(), bySegment: new Map(), admitted };
    this.#groups.set(id, group);
    return group;
  }

  #segmentOf(
    group: Group<Sums>,
    place: Place,
    segment: string,
    value: string,
    thresholds: Thresholds,
  ): Sums | undefined {
    const isNamed = thresholds.named?.[segment]?.includes(value) ?? false;
    let segmentValue = this.#limit.place(group.admitted, segment, value, isNamed);
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
    sums = this.#newCell(key, MAX_CELLS - RESERVED_CELLS, thresholds);
    if (sums !== undefined) byValue.set(segmentValue, sums);
    return sums;
  }

  #newCell(key: CellKey, limit: number, thresholds: Thresholds): Sums | undefined {
    if (this.#budget.used >= limit) {
      this.#count('evidence.cells-dropped');
      return undefined;
    }
    this.#budget.used++;
    const sums = this.#make(thresholds);
    this.#cells.push({ key, sums });
    return sums;
  }
}

function groupId({ rollout, release, weightBp, arm, shadow }: Place): string {
  return `${rollout}\0${release}\0${weightBp}\0${arm}\0${shadow}`;
}
