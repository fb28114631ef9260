/** Which times a guard on latency is about. */
import type { Sketch } from '../../evidence/sums.ts';
import type { GuardSpec } from '../spec.ts';
import type { Side } from './side.ts';

/** The times a guard is about, and requests that have none though they should. */
export function timesOf({ what }: GuardSpec, side: Side): { readonly sketch: Sketch; readonly unanswered: number } {
  return what.metric === 'feature-fetch'
    ? { sketch: side.featureFetch, unanswered: 0 }
    : { sketch: side.latency, unanswered: side.unanswered };
}

/** Throws Error when the guard has none. */
export function quantileOf({ name, what }: GuardSpec): number {
  if ('quantile' in what) return what.quantile;
  throw new Error(`guard ${name}: expected a metric with a quantile, found ${what.metric}`);
}
