/** What truths can be held against: the number and class fields of a pair. Pure. */
import type { FieldDifference } from '../comparison/difference.ts';
import type { Values } from './outcome.ts';

const MAX_CLASS = 256;

/**
 * Undefined when there is nothing. Only of answers with one element: an id says nothing of which of several. Values that
 * redaction took out are not there.
 */
export function valuesOf(
  fields: readonly FieldDifference[],
): { readonly reference: Values; readonly candidate: Values } | undefined {
  const sides = { reference: {} as Record<string, number | string>, candidate: {} as Record<string, number | string> };
  for (const { name, kind, elements, cut } of fields) {
    const [element] = elements;
    if ((kind !== 'number' && kind !== 'class') || element === undefined || elements.length > 1 || cut > 0) continue;
    for (const side of ['reference', 'candidate'] as const) {
      const value = element[side];
      if (element.missing[side] !== undefined) continue;
      if (typeof value === 'number' || (typeof value === 'string' && value.length <= MAX_CLASS))
        sides[side][name] = value;
    }
  }
  return Object.keys(sides.reference).length + Object.keys(sides.candidate).length === 0 ? undefined : sides;
}
