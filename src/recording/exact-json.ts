/** JSON whose numbers stay as they were written, so that writing it anew changes none of them. Pure. */

/** A number as it was written: `1.0` stays `1.0`, and a long id keeps its last digits. */
export interface NumberText {
  readonly rawJSON: string;
}

// in V8 since 11.4 (proposal-json-parse-with-source), not yet in TypeScript's library
const { isRawJSON, rawJSON } = JSON as unknown as {
  isRawJSON(value: unknown): boolean;
  rawJSON(text: string): NumberText;
};

export function isNumberText(value: unknown): value is NumberText {
  return isRawJSON(value);
}

/** Undefined: it is no JSON. Throws when it is nested too deeply. */
export function parseExactly(text: string): unknown {
  const keepNumber = (_: string, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'number' && context?.source !== undefined ? rawJSON(context.source) : value;
  try {
    return JSON.parse(text, keepNumber);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
