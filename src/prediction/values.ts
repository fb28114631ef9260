/** JSON values in the form their comparator needs (Value in prediction.ts). What is not of that form is missing, and says why. */
import { type CompiledPath, compilePath } from './path.ts';
import type { Extracted, Missing, RankedItem } from './prediction.ts';
import { isDigits } from './read-json.ts';
import type { Comparator, Path } from './spec.ts';

/** UTF-16 units. */
const MAX_TEXT_LENGTH = 65_536;
/** UTF-16 units; classes and keys are counted by name, so they are held for long. */
export const MAX_NAME_LENGTH = 256;
/** Of a list or map, and values in a JSON value, itself and those inside. */
const MAX_ITEMS = 10_000;
/** Of a JSON value. */
const MAX_DEPTH = 64;
const MAX_CATEGORIES = 100;

/** From a JSON value to the comparator's form; the value of a logged text is the text. Never throws. */
export type Form = (json: unknown) => Extracted;

export function formOf(compare: Comparator): Form {
  switch (compare.kind) {
    case 'number':
      return numberForm;
    case 'class':
      return compare.threshold === undefined ? classForm : numberForm;
    case 'vector':
      return vectorForm;
    case 'ranking':
      return rankedForm(compare.item, compare.category);
    case 'set':
      return rankedForm(undefined, undefined);
    case 'text':
      return textForm;
    case 'json':
      return jsonForm;
  }
}

const is = (missing: Missing): { readonly missing: Missing } => ({ missing });
const WRONG_TYPE = is('wrong-type');
const NOT_FINITE = is('not-finite');
const TOO_LARGE = is('too-large');

/**
 * JSON has neither NaN nor infinity. Servers write null (orjson, JavaScript), the text of them (protobuf), or tokens that no
 * JSON has (read-json.ts). All of these are not finite; any other text is no number, for a client would stumble over it.
 */
function numberForm(json: unknown): Extracted {
  if (typeof json === 'number') return Number.isFinite(json) ? { value: json } : NOT_FINITE;
  if (json === null) return NOT_FINITE;
  if (typeof json !== 'string') return WRONG_TYPE;
  if (isDigits(json)) return numberForm(Number(json));
  return /^[+-]?(nan|inf|infinity)$/i.test(json) ? NOT_FINITE : WRONG_TYPE;
}

function classForm(json: unknown): Extracted {
  const name = nameOf(json);
  if (name === undefined) return typeof json === 'number' ? NOT_FINITE : WRONG_TYPE;
  return name.length <= MAX_NAME_LENGTH ? { value: name } : TOO_LARGE;
}

/** Text, number or boolean as text; undefined: none of them. */
export function nameOf(json: unknown): string | undefined {
  if (typeof json === 'string') return json;
  return typeof json === 'boolean' || Number.isFinite(json) ? String(json) : undefined;
}

function textForm(json: unknown): Extracted {
  if (typeof json !== 'string') return WRONG_TYPE;
  return json.length <= MAX_TEXT_LENGTH ? { value: json } : TOO_LARGE;
}

function vectorForm(json: unknown): Extracted {
  if (typeof json !== 'object' || json === null) return WRONG_TYPE;
  const entries = Object.entries(json);
  if (entries.length > MAX_ITEMS) return TOO_LARGE;
  const numbers: [string, unknown][] = [];
  for (const [name, entry] of entries) {
    const number = numberForm(entry);
    if ('missing' in number) return number;
    numbers.push([name, number.value]);
  }
  return { value: Array.isArray(json) ? numbers.map(([, number]) => number) : Object.fromEntries(numbers) };
}

/** An item that is a map needs `item`; texts, numbers and booleans are items themselves in any case. */
function rankedForm(item: Path | undefined, category: Path | undefined): Form {
  const itemPath = item === undefined ? undefined : compilePath(item);
  const categoryPath = category === undefined ? undefined : compilePath(category);
  return (json) => {
    if (!Array.isArray(json)) return WRONG_TYPE;
    if (json.length > MAX_ITEMS) return TOO_LARGE;
    const items: RankedItem[] = [];
    for (const entry of json) {
      const isMap = typeof entry === 'object' && entry !== null;
      const found = isMap ? only(itemPath, entry) : entry;
      const name = nameOf(found);
      if (name === undefined) return typeof found === 'number' ? NOT_FINITE : WRONG_TYPE;
      if (name.length > MAX_TEXT_LENGTH) return TOO_LARGE;
      items.push({ item: name, categories: isMap ? categoriesOf(categoryPath?.find(entry)) : [] });
    }
    return { value: items };
  };
}

function only(path: CompiledPath | undefined, entry: unknown): unknown {
  const found = path?.find(entry);
  return path?.many && Array.isArray(found) && found.length === 1 ? found[0] : found;
}

function categoriesOf(found: unknown): string[] {
  const names = (Array.isArray(found) ? found.flat() : [found]).slice(0, MAX_CATEGORIES).map(nameOf);
  return names.filter((name) => name !== undefined && name.length <= MAX_NAME_LENGTH) as string[];
}

/** A value inside that is not finite stays: the comparator may have been told to ignore it, and else it differs. */
function jsonForm(json: unknown): Extracted {
  if (typeof json === 'number' && !Number.isFinite(json)) return NOT_FINITE;
  return isSmall(json) ? { value: json } : TOO_LARGE;
}

/** Without recursion, and no further than the bounds: any JSON may come. */
function isSmall(json: unknown): boolean {
  let left = MAX_ITEMS;
  let level = [json];
  for (let depth = 0; level.length > 0; depth++) {
    left -= level.length;
    if (left < 0 || depth > MAX_DEPTH) return false;
    const next: unknown[] = [];
    for (const value of level) {
      if (typeof value === 'string' && value.length > MAX_TEXT_LENGTH) return false;
      if (typeof value !== 'object' || value === null) continue;
      for (const inner of Array.isArray(value) ? value : Object.values(value)) {
        if (next.length >= left) return false;
        next.push(inner);
      }
    }
    level = next;
  }
  return true;
}
