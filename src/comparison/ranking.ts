import type { RankedItem } from '../prediction/prediction.ts';
import type { RankingComparator } from '../prediction/spec.ts';
import type { Compared } from './compared.ts';
import type { Measure } from './difference.ts';
import { kendallTau } from './kendall.ts';
import { countCommon, jaccard } from './set.ts';

/** Diversity is of pairs: it is measured of no more items than this. */
const MAX_DIVERSE = 100;

/**
 * An item counts where it is listed first. `overlap` and `tau` are symmetric; `novelty` looks from the candidate, and each
 * diversity at its own side; both diversities only with `category`.
 */
export function compareRanking(
  { k, minOverlap, category }: Omit<RankingComparator, 'kind' | 'item'>,
  reference: readonly RankedItem[],
  candidate: readonly RankedItem[],
): Compared {
  const [left, right] = [distinct(reference), distinct(candidate)];
  const [leftItems, rightItems] = [[...left.keys()], [...right.keys()]];
  const overlap = overlapAt(k, leftItems, rightItems);
  const measures: Partial<Record<Measure, number>> = { overlap };
  put(measures, 'tau', tauOfCommon(leftItems, rightItems));
  put(measures, 'novelty', shareOfNew(k, leftItems, rightItems));
  if (category !== undefined) {
    put(measures, 'reference-diversity', diversity([...left.values()].slice(0, k)));
    put(measures, 'candidate-diversity', diversity([...right.values()].slice(0, k)));
  }
  return { agree: overlap >= minOverlap, measures };
}

function put(measures: Partial<Record<Measure, number>>, name: Measure, value: number | undefined): void {
  if (value !== undefined) measures[name] = value;
}

function distinct(items: readonly RankedItem[]): Map<string, RankedItem> {
  const byItem = new Map<string, RankedItem>();
  for (const item of items) if (!byItem.has(item.item)) byItem.set(item.item, item);
  return byItem;
}

/**
 * overlap@k = |A and B| / k of the first k of each list, 0..1. Where both lists are shorter than k, the longer one is the
 * denominator, so that equal lists overlap wholly; 1 of two empty ones. Items of a list are distinct. Symmetric.
 */
export function overlapAt(k: number, left: readonly string[], right: readonly string[]): number {
  const [a, b] = [new Set(left.slice(0, k)), new Set(right.slice(0, k))];
  const size = Math.max(a.size, b.size);
  return size === 0 ? 1 : countCommon(a, b) / size;
}

/** Kendall tau-b of the places that the common items of the whole lists have in each; undefined when fewer than 2. */
function tauOfCommon(left: readonly string[], right: readonly string[]): number | undefined {
  const places = new Map(left.map((item, place) => [item, place]));
  const [inLeft, inRight]: [number[], number[]] = [[], []];
  for (const [place, item] of right.entries()) {
    const other = places.get(item);
    if (other === undefined) continue;
    inLeft.push(other);
    inRight.push(place);
  }
  return kendallTau(inLeft, inRight);
}

/** Share of the candidate's first k that are not among the reference's first k; undefined when the candidate lists nothing. */
function shareOfNew(k: number, reference: readonly string[], candidate: readonly string[]): number | undefined {
  const top = candidate.slice(0, k);
  if (top.length === 0) return undefined;
  const known = new Set(reference.slice(0, k));
  return top.filter((item) => !known.has(item)).length / top.length;
}

/**
 * Intra-list diversity: mean over all pairs of items of 1 - Jaccard of their categories, 0..1 (Ziegler et al. 2005). Items
 * without a category are left out, and all after the first 100; undefined when fewer than 2 remain.
 */
export function diversity(items: readonly Pick<RankedItem, 'categories'>[]): number | undefined {
  const sets = items.filter(({ categories }) => categories.length > 0).slice(0, MAX_DIVERSE);
  const categories = sets.map((item) => new Set(item.categories));
  let [sum, pairs] = [0, 0];
  for (const [i, left] of categories.entries()) {
    for (const right of categories.slice(i + 1)) {
      sum += 1 - jaccard(left, right);
      pairs++;
    }
  }
  return pairs === 0 ? undefined : sum / pairs;
}

/** precision@k = how many of the first k items are relevant, divided by k (also of a shorter list), 0..1. Items are distinct. */
export function precisionAt(k: number, items: readonly string[], relevant: ReadonlySet<string>): number {
  return items.slice(0, k).filter((item) => relevant.has(item)).length / k;
}

/** Who has met which item: the whole catalogue is in `seen`, with 0 for what nobody met. */
export interface Popularity {
  readonly users: number;
  readonly seen: ReadonlyMap<string, number>;
}

/**
 * Mean self-information in bits, -log2(users who met the item / users) (Zhou et al. 2010, Vargas and Castells 2011). An item
 * nobody met counts as met once, by add-one over the catalogue: 1 / (users + size of the catalogue). Undefined without items.
 */
export function meanNovelty(items: readonly string[], { users, seen }: Popularity): number | undefined {
  if (items.length === 0) return undefined;
  let bits = 0;
  for (const item of items) {
    const met = seen.get(item) ?? 0;
    bits -= Math.log2(met > 0 ? met / users : 1 / (users + seen.size));
  }
  return bits / items.length;
}
