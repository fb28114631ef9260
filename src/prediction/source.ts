/** Where a value is looked up, compiled once. */
import type { Answer } from './answer.ts';
import { compilePath } from './path.ts';
import type { Extracted, Missing } from './prediction.ts';
import type { ReadBody } from './read-json.ts';
import type { Comparator, Path, Source } from './spec.ts';
import { type Form, formOf } from './values.ts';

/** What one answer gives to look in. */
export interface Place {
  readonly answer: Answer;
  /** Why the answer says nothing; its status does, unless there is none. */
  readonly fault: Missing | undefined;
  /** Undefined when no field is looked up in the body. */
  readonly element: unknown;
  /** Undefined when no source is in the request. */
  readonly request: ReadBody | undefined;
}

export type Lookup = (place: Place) => Extracted;

const NO_FIELD: Extracted = { missing: 'no-field' };
const WRONG_TYPE: Extracted = { missing: 'wrong-type' };
const NO_ANSWER: Extracted = { missing: 'no-answer' };

/** The value at `source` in the form `compare` needs. Throws when a path is none. */
export function compileSource(source: Source, compare: Comparator): Lookup {
  const form = formOf(compare);
  if ('at' in source) {
    const find = compileFind(source.at, compare, form);
    return ({ element }) => find(element);
  }
  if ('request' in source) {
    const find = compileFind(source.request, compare, form);
    return withAnswer(({ request = { missing: 'not-captured' } }) =>
      'missing' in request ? request : find(request.json),
    );
  }
  if ('header' in source) {
    return withAnswer(({ answer }) => logged(answer.headers, source.header, compare, form));
  }
  if ('trailer' in source) {
    return withAnswer(({ answer }) => logged(answer.trailers, source.trailer, compare, form));
  }
  return ({ answer: { status } }) => (status === 0 ? NO_ANSWER : form(status));
}

/** Nothing but its status is read from an error: what else it has in common with an answer is no agreement. */
function withAnswer(lookup: Lookup): Lookup {
  return (place) => (place.fault === undefined ? lookup(place) : { missing: place.fault });
}

/** Kinds whose value is a list, so that all matches of a path are it. */
const LISTS: ReadonlySet<Comparator['kind']> = new Set(['vector', 'ranking', 'set', 'json']);

/**
 * A path that may match many values: the list of its matches for kinds that want lists, else its only match. A single
 * match that is a list (for a vector also a map) is meant itself, but for json, where a list of one may be meant as well.
 */
function compileFind(path: Path, { kind }: Comparator, form: Form): (json: unknown) => Extracted {
  const { many, find } = compilePath(path);
  return (json) => {
    const found = find(json);
    if (!many) return found === undefined ? NO_FIELD : form(found);
    const matches = found as unknown[];
    if (matches.length === 0) return NO_FIELD;
    const [only] = matches;
    const isOne = matches.length === 1;
    if (!LISTS.has(kind)) return isOne ? form(only) : WRONG_TYPE;
    const meant = isOne && kind !== 'json' && (Array.isArray(only) || (kind === 'vector' && typeof only === 'object'));
    return form(meant ? only : matches);
  };
}

/** A logged text: decimal for a number, as it is for a class or text, JSON for the other kinds. */
function logged(texts: Answer['headers'], name: string, compare: Comparator, form: Form): Extracted {
  const text = Object.hasOwn(texts, name) ? texts[name] : undefined;
  if (text === undefined) return NO_FIELD;
  if (LISTS.has(compare.kind)) {
    try {
      return form(JSON.parse(text));
    } catch {
      return WRONG_TYPE;
    }
  }
  const isNumber = compare.kind === 'number' || (compare.kind === 'class' && compare.threshold !== undefined);
  return form(isNumber ? (decimal(text) ?? text.trim()) : text);
}

/** Undefined: it is no decimal number; infinite where it is too large. */
export function decimal(text: string): number | undefined {
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : undefined;
}
