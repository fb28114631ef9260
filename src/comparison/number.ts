import type { NumberComparator } from '../prediction/spec.ts';
import { type Compared, NOT_COMPARABLE } from './compared.ts';
import type { Measure } from './difference.ts';

/** Agrees within the tolerance. `difference` is antisymmetric; `ratio` swapped is its reciprocal. */
export function compareNumber(spec: Tolerance, reference: number, candidate: number): Compared {
  if (!Number.isFinite(reference) || !Number.isFinite(candidate)) return NOT_COMPARABLE;
  const measures: Partial<Record<Measure, number>> = { difference: differenceOf(reference, candidate) };
  const ratio = candidate / reference;
  if (Number.isFinite(ratio)) measures.ratio = ratio;
  return { agree: isWithin(spec, reference, candidate), measures };
}

/** `abs` in the unit of the value; `rel` a fraction of the reference. */
type Tolerance = Pick<NumberComparator, 'abs' | 'rel'>;

/**
 * |candidate - reference| <= abs + rel * |reference|, as numpy.isclose: with `rel` it is not symmetric, because the
 * reference says how large a difference matters. NaN and infinity are within no tolerance of anything.
 */
export function isWithin({ abs, rel }: Tolerance, reference: number, candidate: number): boolean {
  const distance = Math.abs(candidate - reference);
  return Number.isFinite(distance) && distance <= abs + rel * Math.abs(reference);
}

/** Finite, so that it can be summed and sorted: two numbers of opposite sign can be further apart than a number is large. */
function differenceOf(reference: number, candidate: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, candidate - reference));
}
