/** A pair as it may be shown: redacted, and not larger than a person reads. Pure. */
import type { ElementDifference, FieldDifference } from '../comparison/difference.ts';
import type { Pair } from '../pairing/pair.ts';
import type { PredictionSpec } from '../prediction/spec.ts';
import type { Redaction } from './redact.ts';

/** Of a field; those that differ go first. */
const MAX_ELEMENTS = 20;
/** Characters of JSON of one value, and of all values of a pair. */
const MAX_VALUE_CHARS = 4_096;
const MAX_CHARS = 128 * 1_024;

/**
 * At most 20 elements a field (`cut` counts the rest; where they have no key, theirs is then `#` and their position), and
 * values of at most 4 KiB each and 128 KiB together: a larger one is a sentence instead.
 */
export function shownPair(pair: Pair, redaction: Redaction, prediction: PredictionSpec | undefined): Pair {
  const { difference } = pair;
  if (difference.fields.length === 0) return pair;
  let left = MAX_CHARS;
  const bound = (value: unknown): unknown => {
    if (value === undefined || typeof value === 'number' || typeof value === 'boolean') return value;
    if (typeof value === 'string' && value.length <= 64) return value;
    const size = JSON.stringify(value)?.length ?? 0;
    if (size > MAX_VALUE_CHARS || size > left) return `(${size} characters of JSON, not shown here)`;
    left -= size;
    return value;
  };
  const shown = redaction.difference(difference.fields.map(fewer), prediction);
  const fields = shown.map((field) => ({
    ...field,
    elements: field.elements.map((element) => ({
      ...element,
      key: bound(element.key) as string | undefined,
      reference: bound(element.reference),
      candidate: bound(element.candidate),
    })),
  }));
  return { ...pair, difference: { ...difference, fields } };
}

function fewer(field: FieldDifference): FieldDifference {
  const { elements, cut } = field;
  if (elements.length <= MAX_ELEMENTS) return field;
  const positions = [...elements.keys()];
  const chosen = [...positions.filter((at) => !elements[at]?.agree), ...positions.filter((at) => elements[at]?.agree)]
    .slice(0, MAX_ELEMENTS)
    .sort((one, other) => one - other);
  return {
    ...field,
    elements: chosen.flatMap((at): ElementDifference[] => {
      const element = elements[at];
      return element === undefined ? [] : [{ ...element, key: element.key ?? `#${at}` }];
    }),
    cut: cut + elements.length - chosen.length,
  };
}
