/** Times that an answer tells of itself. */
import type { Answer } from './answer.ts';
import { compilePath } from './path.ts';
import { decimal } from './source.ts';
import type { TimingSource } from './spec.ts';

/** `body`: the whole body; undefined when it could not be read, or is not needed. Milliseconds. */
export type Timing = (answer: Answer, body: unknown, request: unknown) => number | undefined;

/**
 * A number, or its text, that is at least 0; undefined for anything else. `at` is looked up in the whole body, not in an
 * element, because the time is told once. Throws when the path is none.
 */
export function compileTiming({ source, unitMs }: TimingSource): Timing {
  const inUnit = (found: unknown) => {
    const amount = typeof found === 'string' ? decimal(found) : found;
    const ms = typeof amount === 'number' ? amount * unitMs : Number.NaN;
    return Number.isFinite(ms) && ms >= 0 ? ms : undefined;
  };
  if ('at' in source || 'request' in source) {
    const { many, find } = compilePath('at' in source ? source.at : source.request);
    const inRequest = 'request' in source;
    return (_, body, request) => {
      const found = find(inRequest ? request : body);
      if (!many) return inUnit(found);
      const matches = found as unknown[];
      return matches.length === 1 ? inUnit(matches[0]) : undefined;
    };
  }
  if ('status' in source) return () => undefined;
  return ({ headers, trailers }) => {
    const [texts, name] = 'header' in source ? [headers, source.header] : [trailers, source.trailer];
    const text = Object.hasOwn(texts, name) ? texts[name] : undefined;
    if (text === undefined) return undefined;
    return inUnit(name === 'server-timing' ? serverTiming(text) : text);
  };
}

/** Which metric of a `server-timing` is feature fetching, where there are several. */
const FETCH_NAMES = ['feature-fetch', 'feature_fetch', 'features', 'fetch'];
const MAX_METRICS = 100;

/**
 * Duration of the metric with the first of FETCH_NAMES that is there, else of the only metric that has one.
 * Source: https://www.w3.org/TR/server-timing/ (durations are usually milliseconds; `unit` says when not)
 */
function serverTiming(text: string): string | undefined {
  const durations = new Map<string, string>();
  // a description may hold anything
  for (const metric of text.replace(/desc\s*=\s*"(?:[^"\\]|\\.)*"/gi, '').split(',', MAX_METRICS)) {
    const [name = '', ...parameters] = metric.split(';');
    for (const parameter of parameters) {
      const [, duration] = /^\s*dur\s*=\s*"?([^"]*)"?\s*$/i.exec(parameter) ?? [];
      if (duration !== undefined) durations.set(name.trim().toLowerCase(), duration);
    }
  }
  const fetch = FETCH_NAMES.find((name) => durations.has(name));
  if (fetch !== undefined) return durations.get(fetch);
  return durations.size === 1 ? durations.values().next().value : undefined;
}
