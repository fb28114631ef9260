/** A threshold as one number in the unit of the value, and on which side of it harm is. */
import type { GuardSpec } from './spec.ts';

type Bounded = Pick<GuardSpec, 'what' | 'threshold'>;

/** `max`: above it is harm. Of outcomes always: their value is how far canary is on the bad side of stable. */
export function sideOf({ what, threshold }: Bounded): 'max' | 'min' {
  if (what.metric === 'outcome') return 'max';
  return threshold.kind === 'max' || threshold.kind === 'above-stable' ? 'max' : 'min';
}

/** Of a share of agreement, 0.02 below stable is 0.98; of other comparisons, 0.02 below stable is -0.02. */
export function thresholdOf({ what, threshold }: Bounded): number {
  if ('value' in threshold) return threshold.value;
  const margin = 'relative' in threshold ? threshold.relative : threshold.points;
  if (threshold.kind === 'above-stable' || what.metric === 'outcome') return margin;
  return isAgreement(what) ? 1 - margin : -margin;
}

/** Stable agrees with itself in all. */
export function isAgreement({ metric }: GuardSpec['what']): boolean {
  return metric === 'pair.agreement' || metric === 'pair.overlap';
}
