/**
 * Which pairs are kept for people: of each rollout, shadow and segment a uniform sample, the extremes, and the newest of
 * each kind of failure. Pure: chance is passed in, time is the pairs' own. Says what to keep and what to let go; the shelf
 * (kept-shelf.ts) holds it.
 */
import type { Pair } from '../pairing/pair.ts';
import { KeptCell, traitsOf } from './kept-cell.ts';
import { type KeptContent, keptBytes } from './kept-pair.ts';

export interface KeptLimits {
  /** Pairs of the uniform sample of a cell (rollout, shadow, segment). */
  readonly perCell: number;
  /** Pairs of each kind of extreme of a field in a cell. */
  readonly extremes: number;
  /** Of everything kept. Beyond it the oldest goes, of segments first. */
  readonly maxBytes: number;
  /** Segment values of a rollout and shadow; pairs of others are only in the cell of all traffic. */
  readonly maxCells: number;
}

export const DEFAULT_KEPT: KeptLimits = { perCell: 10, extremes: 5, maxBytes: 32 * 1024 * 1024, maxCells: 200 };

/** What the place `slot` now holds; undefined = nothing. */
export interface KeptChange {
  /** Begins with the rollout's name and `\0`; nobody should read more out of it. */
  readonly slot: string;
  /** For people: `sample`, `largest difference of score in state=CO`, `candidate timeout`. */
  readonly why: string;
  /** The same object in all changes of one pair. */
  readonly content: KeptContent | undefined;
}

/** `cells-full`: pairs with a segment value beyond maxCells. `evicted`: places emptied to stay within maxBytes. */
export type KeptCounter = 'cells-full' | 'evicted';

export interface Kept {
  /**
   * Shows a pair; what changes by it, mostly nothing. `content` is called once, and only for a pair that is kept: that is
   * where bodies are redacted. Never holds on to `pair` or its content. Unreferenced pairs are not kept.
   */
  offer(pair: Pair, content: () => KeptContent): readonly KeptChange[];
  /** At most KeptLimits.maxBytes. */
  readonly bytes: number;
}

interface RolloutCells {
  readonly release: string;
  revision: number;
  readonly shadows: Map<string, ShadowCells>;
}

interface ShadowCells {
  readonly all: KeptCell;
  /** By segment name and value. */
  readonly segments: Map<string, Map<string, KeptCell>>;
  cells: number;
}

interface Place {
  readonly holding: Holding;
  readonly why: string;
}

/** What one pair costs, shared by all its places. */
interface Holding {
  readonly bytes: number;
  places: number;
}

const NOTHING: readonly KeptChange[] = [];
/** Of a place itself. */
const PLACE_BYTES = 200;

export function createKept(
  limits: KeptLimits,
  random: () => number,
  count: (name: KeptCounter, by: number) => void = () => {},
): Kept {
  const rollouts = new Map<string, RolloutCells>();
  // oldest first
  const places = { all: new Map<string, Place>(), segments: new Map<string, Place>() };
  let bytes = 0;

  return {
    offer(pair, content) {
      if (!pair.referenced) return NOTHING;
      let changes: KeptChange[] | undefined;
      let rollout = rollouts.get(pair.rollout);
      if (rollout === undefined || rollout.release !== pair.release) {
        // a pair of an earlier release that was joined late
        if (rollout !== undefined && pair.revision < rollout.revision) return NOTHING;
        changes = rollout === undefined ? undefined : clear(pair.rollout);
        rollout = { release: pair.release, revision: pair.revision, shadows: new Map() };
        rollouts.set(pair.rollout, rollout);
      }
      if (pair.revision > rollout.revision) rollout.revision = pair.revision;
      const cells = shadowOf(rollout, pair);
      const traits = traitsOf(pair);
      let taken: { readonly content: KeptContent; readonly holding: Holding } | undefined;
      let kind: keyof typeof places = 'all';
      const take = (slot: string, why: string) => {
        changes ??= [];
        if (taken === undefined) {
          const kept = content();
          taken = { content: kept, holding: { bytes: keptBytes(kept), places: 0 } };
        }
        place(kind, slot, why, taken.holding);
        changes.push({ slot, why, content: taken.content });
      };
      cells.all.offer(pair, traits, random, take);
      kind = 'segments';
      for (const name in pair.segments) {
        const cell = segmentOf(cells, pair, name, pair.segments[name] ?? '');
        cell?.offer(pair, traits, random, take);
      }
      if (changes === undefined) return NOTHING;
      while (bytes > limits.maxBytes && evict(changes));
      return changes;
    },
    get bytes() {
      return bytes;
    },
  };

  function shadowOf(rollout: RolloutCells, { rollout: name, shadow }: Pair): ShadowCells {
    let cells = rollout.shadows.get(shadow);
    if (cells === undefined) {
      cells = { all: new KeptCell(`${name}\0${shadow}\0\0`, '', limits), segments: new Map(), cells: 0 };
      rollout.shadows.set(shadow, cells);
    }
    return cells;
  }

  /** Undefined: there are too many. */
  function segmentOf(cells: ShadowCells, { rollout, shadow }: Pair, name: string, value: string): KeptCell | undefined {
    let values = cells.segments.get(name);
    const known = values?.get(value);
    if (known !== undefined) return known;
    if (cells.cells >= limits.maxCells) {
      count('cells-full', 1);
      return undefined;
    }
    if (values === undefined) {
      values = new Map();
      cells.segments.set(name, values);
    }
    const cell = new KeptCell(`${rollout}\0${shadow}\0${name}\0${value}`, ` in ${name}=${value}`, limits);
    values.set(value, cell);
    cells.cells += 1;
    return cell;
  }

  function place(kind: keyof typeof places, slot: string, why: string, holding: Holding): void {
    remove(kind, slot);
    if (holding.places === 0) bytes += holding.bytes;
    holding.places += 1;
    bytes += PLACE_BYTES;
    places[kind].set(slot, { holding, why });
  }

  function remove(kind: keyof typeof places, slot: string): void {
    const before = places[kind].get(slot);
    if (before === undefined) return;
    places[kind].delete(slot);
    bytes -= PLACE_BYTES;
    before.holding.places -= 1;
    if (before.holding.places === 0) bytes -= before.holding.bytes;
  }

  /** The cell goes on as if it still had the pair, so that not everything after it is an extreme. */
  function evict(changes: KeptChange[]): boolean {
    const kind = places.segments.size > 0 ? 'segments' : 'all';
    const [oldest] = places[kind];
    if (oldest === undefined) return false;
    const [slot, { why }] = oldest;
    remove(kind, slot);
    changes.push({ slot, why, content: undefined });
    count('evicted', 1);
    return true;
  }

  function clear(rollout: string): KeptChange[] {
    const changes: KeptChange[] = [];
    for (const kind of ['all', 'segments'] as const) {
      for (const [slot, { why }] of places[kind]) {
        if (!slot.startsWith(`${rollout}\0`)) continue;
        remove(kind, slot);
        changes.push({ slot, why, content: undefined });
      }
    }
    return changes;
  }
}
