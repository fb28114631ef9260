/** Mean overlap of what both models list, at least `min`: pair-difference.ts on the measure `overlap`. */
import type { GuardMethod } from '../input.ts';
import { type DifferenceState, pairDifferenceMethod } from './pair-difference.ts';

export const pairOverlapMethod: GuardMethod<DifferenceState> = pairDifferenceMethod;
