import type { ElementDifference, FieldDifference } from './difference.ts';

/**
 * How large a difference is, for sorting and for a least difference; 0 = none. The largest of the elements: number
 * |difference| in the unit of the value; vector divergence in bits; ranking 1 - overlap; set 1 - Jaccard; text 1 - similarity;
 * json the number of paths. class: the share of elements with another class, 0..1. Elements without a value on both sides do
 * not count; undefined when no element
 * has, and where nothing is compared.
 */
export function magnitudeOf({ kind, compared, elements }: FieldDifference): number | undefined {
  const sizes = elements.filter(isWhole).flatMap((element) => sizeOf(kind, element) ?? []);
  if (!compared || sizes.length === 0) return undefined;
  if (kind === 'class') return sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  return sizes.reduce((largest, size) => Math.max(largest, size));
}

function isWhole({ missing }: ElementDifference): boolean {
  return missing.reference === undefined && missing.candidate === undefined;
}

function sizeOf(kind: FieldDifference['kind'], { agree, measures }: ElementDifference): number | undefined {
  switch (kind) {
    case 'number':
      return measures.difference === undefined ? undefined : Math.abs(measures.difference);
    case 'class':
      return agree ? 0 : 1;
    case 'vector':
      return measures.divergence;
    case 'ranking':
      return distance(measures.overlap);
    case 'set':
      return distance(measures.jaccard);
    case 'text':
      return distance(measures.similarity);
    case 'json':
      return measures.paths;
  }
}

function distance(similarity: number | undefined): number | undefined {
  return similarity === undefined ? undefined : 1 - similarity;
}
