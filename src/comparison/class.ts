import type { ClassComparator } from '../prediction/spec.ts';
import { type Compared, NOT_COMPARABLE } from './compared.ts';

/**
 * Texts agree when they are equal, scores when both or neither reach the threshold. `flip` only with a threshold: the class of
 * the candidate minus that of the reference (antisymmetric).
 */
export function compareClass(
  { threshold }: Pick<ClassComparator, 'threshold'>,
  reference: string | number,
  candidate: string | number,
): Compared {
  if (threshold === undefined) return { agree: typeof reference === 'string' && reference === candidate, measures: {} };
  if (!Number.isFinite(reference) || !Number.isFinite(candidate)) return NOT_COMPARABLE;
  const flip = reaches(candidate, threshold) - reaches(reference, threshold);
  return { agree: flip === 0, measures: { flip } };
}

function reaches(score: string | number, threshold: number): 0 | 1 {
  return Number(score) >= threshold ? 1 : 0;
}
