/** What the two requests of a pair do not have in common. Pure. */
import type { LoggedRequest } from './exchange.ts';
import type { ParityLine } from './pair.ts';

type Line = readonly [ParityLine, (request: LoggedRequest) => string | number];

/** In the order they are shown. */
const LINES: readonly Line[] = [
  ['path', ({ path }) => path],
  ['host', ({ host }) => host],
  ['request-bytes', ({ bytes }) => bytes],
  ['protocol', ({ protocol }) => protocol],
  ['encoding', ({ contentEncoding }) => contentEncoding],
];

export function unequalLines(production: LoggedRequest, shadow: LoggedRequest): readonly ParityLine[] {
  return LINES.filter(([, of]) => of(production) !== of(shadow)).map(([line]) => line);
}
