/** What was captured is not trusted: a control character in it could move the cursor, or hide what stands beside it. */
import { stripVTControlCharacters } from 'node:util';

// C0, DEL, C1, and the marks that turn the direction of writing
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** `text` on one line, every control character as `\u001b`. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Exactly `width` columns: filled with blanks, or cut with `…` at the end. */
export function fitted(text: string, width: number): string {
  const length = stripVTControlCharacters(text).length;
  return length <= width ? text + ' '.repeat(width - length) : `${text.slice(0, Math.max(0, width - 1))}…`;
}
