/** What a new text of a rollout changes in the old one, one line a place. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { isMap } from '../config/forms.ts';

const MAX_LINES = 200;
const MAX_VALUE_LENGTH = 200;
/** Whoever knows the salt knows who is next. */
const SECRET_KEYS: ReadonlySet<string> = new Set(['salt']);

/** `canary.version: "2.0.0" -> "2.1.0"`; elements of a list that have names are told by them: `stages[five].weight`. */
export function changesOf(before: unknown, after: unknown): readonly string[] {
  const lines = [...differences(before, after, '')];
  if (lines.length <= MAX_LINES) return lines;
  return [...lines.slice(0, MAX_LINES), `and ${lines.length - MAX_LINES} more`];
}

function* differences(before: unknown, after: unknown, path: string): Generator<string> {
  if (isDeepStrictEqual(before, after)) return;
  if (isMap(before) && isMap(after)) {
    for (const key of keysOf(before, after)) {
      const place = path === '' ? key : `${path}.${key}`;
      if (SECRET_KEYS.has(key)) yield* hidden(own(before, key), own(after, key), place);
      else yield* differences(own(before, key), own(after, key), place);
    }
    return;
  }
  const [named, renamed] = [byName(before), byName(after)];
  if (named === undefined || renamed === undefined) {
    yield `${path}: ${printedValue(before)} -> ${printedValue(after)}`;
    return;
  }
  for (const name of keysOf(named, renamed))
    yield* differences(own(named, name), own(renamed, name), `${path}[${name}]`);
  const kept = (one: object, other: object) => Object.keys(one).filter((name) => Object.hasOwn(other, name));
  const [was, is] = [kept(named, renamed), kept(renamed, named)];
  if (!isDeepStrictEqual(was, is)) yield `${path}: order ${was.join(', ')} -> ${is.join(', ')}`;
}

function* hidden(before: unknown, after: unknown, place: string): Generator<string> {
  if (!isDeepStrictEqual(before, after)) yield `${place}: another one (not shown)`;
}

function keysOf(before: object, after: object): readonly string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])];
}

/** Not what every object has: a text may well name something `toString`. */
function own(held: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(held, key) ? held[key] : undefined;
}

/** The elements of a list by `name`; undefined unless all have one of their own. */
function byName(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (!Array.isArray(value)) return undefined;
  const names = value.map((element) => (isMap(element) && typeof element.name === 'string' ? element.name : ''));
  if (names.includes('') || new Set(names).size < names.length) return undefined;
  return Object.fromEntries(value.map((element, index) => [names[index], element]));
}

function printedValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value, withoutSecrets);
  return text.length <= MAX_VALUE_LENGTH ? text : `${text.slice(0, MAX_VALUE_LENGTH)}... (${text.length} characters)`;
}

function withoutSecrets(key: string, value: unknown): unknown {
  if (SECRET_KEYS.has(key)) return '(not shown)';
  // who asks a metrics source may have to say a password
  return typeof value === 'string' ? value.replace(/^(\w+:\/\/)[^/@]*@/, '$1(not shown)@') : value;
}
