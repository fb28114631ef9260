/** By which name the ripe outcomes of a guard are handed to it. Pure. */
import type { GuardMetric } from './spec.ts';

export type OutcomeMetric = Extract<GuardMetric, { metric: 'outcome' }>;

/** Guards that look at the same exposures in the same way share it; one with another window does not. */
export function ripeKeyOf({ outcome, of, attributionMs }: Omit<OutcomeMetric, 'metric'>): string {
  return `${outcome} ${of === 'mean' ? 'mean' : 'sum'} ${attributionMs}`;
}
