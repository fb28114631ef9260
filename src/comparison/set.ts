import type { RankedItem } from '../prediction/prediction.ts';
import type { SetComparator } from '../prediction/spec.ts';
import type { Compared } from './compared.ts';

/** An item listed twice counts once. Symmetric. */
export function compareSet(
  { minJaccard }: Pick<SetComparator, 'minJaccard'>,
  reference: readonly RankedItem[],
  candidate: readonly RankedItem[],
): Compared {
  const index = jaccard(new Set(reference.map(({ item }) => item)), new Set(candidate.map(({ item }) => item)));
  return { agree: index >= minJaccard, measures: { jaccard: index } };
}

/** |A and B| / |A or B|, 0..1 (Jaccard 1912); 1 of two empty sets: they are the same. Symmetric. */
export function jaccard(left: ReadonlySet<string>, right: ReadonlySet<string>): number {
  const common = countCommon(left, right);
  const all = left.size + right.size - common;
  return all === 0 ? 1 : common / all;
}

export function countCommon(left: ReadonlySet<string>, right: ReadonlySet<string>): number {
  let common = 0;
  for (const item of left) if (right.has(item)) common++;
  return common;
}
