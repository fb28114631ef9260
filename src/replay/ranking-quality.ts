/** How good rankings are against what is known to be right: sums over elements, by field. Pure. */
import type { Difference } from '../comparison/difference.ts';
import { meanNovelty, type Popularity, precisionAt } from '../comparison/ranking.ts';
import type { RankedItem } from '../prediction/prediction.ts';

/** Plain data. Divide by the count beside it for a mean. */
export interface RankingSums {
  /** Elements of labelled requests. */
  labelled: number;
  /** Of precision@k; a side without a ranking adds 0. */
  readonly precision: { reference: number; candidate: number };
  /** Elements of which both sides have novelty. */
  novel: number;
  /** Of mean self-information, bits. */
  readonly novelty: { reference: number; candidate: number };
}

export interface Known {
  readonly k: number;
  /** By id of the request; undefined = no labels were given. */
  readonly labels: ReadonlyMap<string, ReadonlySet<string>> | undefined;
  readonly popularity: Popularity | undefined;
}

export function emptyRankingSums(): RankingSums {
  return { labelled: 0, precision: { reference: 0, candidate: 0 }, novel: 0, novelty: { reference: 0, candidate: 0 } };
}

/** Adds the rankings of one pair to `sums`, which is by field. */
export function addRankings(
  sums: Record<string, RankingSums>,
  { id, difference }: { readonly id: string; readonly difference: Difference },
  { k, labels, popularity }: Known,
): void {
  const relevant = labels?.get(id);
  if (relevant === undefined && popularity === undefined) return;
  for (const { name, kind, elements } of difference.fields) {
    if (kind !== 'ranking') continue;
    sums[name] ??= emptyRankingSums();
    const field = sums[name];
    for (const element of elements) {
      const [reference, candidate] = [itemsOf(element.reference), itemsOf(element.candidate)];
      if (relevant !== undefined) {
        field.labelled++;
        field.precision.reference += precisionAt(k, reference, relevant);
        field.precision.candidate += precisionAt(k, candidate, relevant);
      }
      const before = popularity && meanNovelty(reference.slice(0, k), popularity);
      const now = popularity && meanNovelty(candidate.slice(0, k), popularity);
      if (before === undefined || now === undefined) continue;
      field.novel++;
      field.novelty.reference += before;
      field.novelty.candidate += now;
    }
  }
}

/** Distinct, best first; none of a side that is missing. */
function itemsOf(value: unknown): string[] {
  const items = Array.isArray(value) ? (value as RankedItem[]) : [];
  return [...new Set(items.map(({ item }) => item))];
}
