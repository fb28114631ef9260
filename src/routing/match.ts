/** Conditions on one value. Patterns are RE2's: matching takes time linear in the value, whatever the pattern. */
import { RE2JS } from 're2js';

export type Match =
  | { readonly exact: string }
  | { readonly anyOf: readonly string[] }
  | { readonly prefix: string }
  /** RE2 syntax, must match the whole value. Source: https://github.com/google/re2/wiki/Syntax */
  | { readonly regex: string }
  /** A decimal number from `min` to `max`, both included. */
  | { readonly range: readonly [min: number, max: number] };

export type Matcher = (value: string) => boolean;

/** Beyond this a value is not shown to a pattern and does not match: a decision must stay cheap. */
const MAX_PATTERN_INPUT = 4_096;
const DECIMAL = /^-?\d{1,15}(\.\d{1,15})?$/;

/** Throws RE2JSException on a pattern that RE2 does not know. */
export function compileMatch(match: Match): Matcher {
  if ('exact' in match) return (value) => value === match.exact;
  if ('prefix' in match) return (value) => value.startsWith(match.prefix);
  if ('anyOf' in match) {
    const values = new Set(match.anyOf);
    return (value) => values.has(value);
  }
  if ('range' in match) {
    const [min, max] = match.range;
    return (value) => DECIMAL.test(value) && Number(value) >= min && Number(value) <= max;
  }
  const pattern = RE2JS.compile(match.regex);
  return (value) => value.length <= MAX_PATTERN_INPUT && pattern.matches(value);
}

/** For people: `= x`, `in x, y`, `starts with x`, `matches x`, `from 1 to 2`. */
export function describeMatch(match: Match): string {
  if ('exact' in match) return `= ${match.exact}`;
  if ('prefix' in match) return `starts with ${match.prefix}`;
  if ('anyOf' in match) return `in ${match.anyOf.join(', ')}`;
  if ('range' in match) return `from ${match.range[0]} to ${match.range[1]}`;
  return `matches ${match.regex}`;
}
