import type { Element } from '../prediction/prediction.ts';

/** Undefined: this side has no such element. */
export interface ElementPair {
  readonly reference: Element | undefined;
  readonly candidate: Element | undefined;
}

/**
 * Which elements are about the same thing, in the order of the reference, then what only the candidate has. By position; with
 * `byKey` those of equal key. An element is then matched with none when its key is there twice on a side, because nobody can
 * say which is meant, or when it has none. Only a single element a side needs no key: it is what status and headers say of the
 * whole answer.
 */
export function matchElements(
  byKey: boolean,
  reference: readonly Element[],
  candidate: readonly Element[],
): ElementPair[] {
  return byKey && !isWhole(reference, candidate)
    ? matchByKey(reference, candidate)
    : matchByPlace(reference, candidate);
}

function isWhole(reference: readonly Element[], candidate: readonly Element[]): boolean {
  return [reference, candidate].every((elements) => elements.length <= 1 && elements[0]?.key === undefined);
}

function matchByPlace(reference: readonly Element[], candidate: readonly Element[]): ElementPair[] {
  const length = Math.max(reference.length, candidate.length);
  return Array.from({ length }, (_, place) => ({ reference: reference[place], candidate: candidate[place] }));
}

function matchByKey(reference: readonly Element[], candidate: readonly Element[]): ElementPair[] {
  const [left, right] = [byUniqueKey(reference), byUniqueKey(candidate)];
  const partner = ({ key }: Element, own: UniqueKeys, other: UniqueKeys) =>
    key === undefined || own.get(key) === undefined ? undefined : other.get(key);
  return [
    ...reference.map((element) => ({ reference: element, candidate: partner(element, left, right) })),
    ...candidate
      .filter((element) => partner(element, right, left) === undefined)
      .map((element) => ({ reference: undefined, candidate: element })),
  ];
}

/** Undefined: the key is there more than once. */
type UniqueKeys = ReadonlyMap<string, Element | undefined>;

function byUniqueKey(elements: readonly Element[]): UniqueKeys {
  const byKey = new Map<string, Element | undefined>();
  for (const element of elements) {
    if (element.key !== undefined) byKey.set(element.key, byKey.has(element.key) ? undefined : element);
  }
  return byKey;
}
