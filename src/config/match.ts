/** Conditions on one value, as people write them. */
import { compileMatch, type Match } from '../routing/match.ts';
import { editorForm, isMap, oneOf, type Refuse, read, readPart } from './forms.ts';

/** Header values, versions and the like are often written without quotes. */
const scalar = read(
  (value, refuse): string | undefined => {
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    return typeof value === 'string' && value !== '' ? value : refuse('a non-empty text, a number or a boolean');
  },
  { type: ['string', 'number', 'boolean'], minLength: 1 },
);

const regex = read(
  (value, refuse): string | undefined => {
    if (typeof value !== 'string' || value === '') return refuse('a regular expression of RE2');
    try {
      compileMatch({ regex: value });
      return value;
    } catch (error) {
      return refuse('a regular expression of RE2', { reason: (error as Error).message });
    }
  },
  { type: 'string', minLength: 1, description: 'RE2; it must match the whole value.' },
);

const range = read(
  (value, refuse): readonly [number, number] | undefined => {
    const [min, max, ...more] = Array.isArray(value) ? value : [];
    if (!Number.isFinite(min) || !Number.isFinite(max) || more.length > 0) return refuse('[min, max], two numbers');
    return min <= max ? [min, max] : refuse('[min, max] with min not above max');
  },
  { type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2, description: '[min, max], both included.' },
);

const kinds = oneOf(
  { exact: scalar.describe('The whole value.'), prefix: scalar.describe('How the value begins.'), regex, range },
  'exactly one of exact, prefix, regex, range',
);

const values = editorForm(scalar);

/** `x` -> exact, `[x, y]` -> any of, `{ prefix: x }`, `{ regex: x }`, `{ range: [1, 2] }`. */
export const match = read(
  (value, refuse): Match | undefined => {
    if (Array.isArray(value)) return readList(value, refuse);
    if (isMap(value)) return readPart(kinds, value, refuse);
    const exact = scalar.safeParse(value);
    if (exact.success) return { exact: exact.data };
    return refuse('a value, a list of values, or one of exact, prefix, regex, range');
  },
  { id: 'condition', anyOf: [values, { type: 'array', items: values, minItems: 1 }, editorForm(kinds)] },
);

function readList(items: readonly unknown[], refuse: Refuse): Match | undefined {
  if (items.length === 0) return refuse('at least one value');
  const anyOf = items.map((item, i) => readPart(scalar, item, refuse, [i]));
  return anyOf.every((item) => item !== undefined) ? { anyOf } : undefined;
}
