/** From a captured body to its JSON value. */
import type { CapturedBody } from './answer.ts';
import type { Missing } from './prediction.ts';

export type ReadBody = { readonly json: unknown } | { readonly missing: Missing };

/**
 * JSON as servers write it: UTF-8, with or without a byte order mark; the tokens NaN, Infinity and -Infinity, which
 * TensorFlow Serving and Python write, become Infinity (no JSON text has it otherwise but as a number that is too large).
 * Integers beyond 2^53 - 1 become the text of their digits, so that two ids that differ stay different.
 */
export function readJson(body: CapturedBody | undefined): ReadBody {
  if (body === undefined) return { missing: 'not-captured' };
  if (body.unread !== undefined) return { missing: body.unread };
  try {
    return { json: parseText(utf8.decode(body.bytes)) };
  } catch {
    return NOT_JSON;
  }
}

const NOT_JSON: ReadBody = { missing: 'not-json' };

/** Throws on what is not UTF-8: replaced characters would make two different texts the same. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Throws when it is not JSON. */
function parseText(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (!/NaN|Infinity/.test(text)) throw error;
    // strings are matched, closed or not, so that tokens inside them stay and no character is looked at twice
    return parse(
      text.replace(/"[^"\\]*(?:\\[\s\S][^"\\]*)*"?|-?\b(?:NaN|Infinity)\b/g, (found) =>
        found.startsWith('"') ? found : '1e999',
      ),
    );
  }
}

/** The texts that integers beyond 2^53 - 1 are read as. */
export function isDigits(text: string): boolean {
  return /^-?\d{16,}$/.test(text);
}

/** 2^53 has 16 digits. */
const LONG_INTEGER = /(?:^|[:,[\s])-?\d{16,}\s*(?:$|[,\]}])/;

function parse(text: string): unknown {
  return LONG_INTEGER.test(text) ? JSON.parse(text, keepDigits) : JSON.parse(text);
}

function keepDigits(_: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  return typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined && isDigits(source)
    ? source
    : value;
}
