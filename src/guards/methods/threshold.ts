/** What a guard's threshold allows. */
import type { Threshold } from '../spec.ts';
import type { Margin } from './strata-bet.ts';

/** A plain limit; undefined: it is against stable. */
export function plainLimit(threshold: Threshold): number | undefined {
  return 'value' in threshold ? threshold.value : undefined;
}

/** What the canary's rate may be beside stable's; of a plain limit, the same. */
export function marginOf(threshold: Threshold): Margin {
  if ('relative' in threshold) return { ratio: 1 + Math.max(0, threshold.relative), points: 0 };
  if ('points' in threshold) return { ratio: 1, points: Math.max(0, threshold.points) };
  return { ratio: 1, points: 0 };
}

/** The number of the threshold as people wrote it. */
export function numberOf(threshold: Threshold): number {
  if ('value' in threshold) return threshold.value;
  return 'relative' in threshold ? threshold.relative : threshold.points;
}

/** The least share that is allowed: 0.02 below stable, which agrees with itself, is at least 0.98. */
export function leastShare(threshold: Threshold): number {
  return threshold.kind === 'min' && 'value' in threshold ? threshold.value : 1 - numberOf(threshold);
}
