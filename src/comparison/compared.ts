import type { ElementDifference } from './difference.ts';

/** What a comparator says of two values. */
export type Compared = Pick<ElementDifference, 'agree' | 'measures'>;

/** A value that is missing or not finite agrees with nothing, not even with itself, and nothing is measured of it. */
export const NOT_COMPARABLE: Compared = { agree: false, measures: {} };
