/** The share of buckets on canary for one request. Pure. */
import type { RolloutSnapshot } from './snapshot.ts';

/**
 * What a person set, else the highest weight of the stages reached whose scope the request is in; basis points. A later stage
 * may be lower where an earlier one had a scope: nobody is moved back by it.
 */
export function baseWeight(
  { weightBp, reached }: Pick<RolloutSnapshot, 'weightBp' | 'reached'>,
  segments: Readonly<Record<string, string>>,
): number {
  if (weightBp !== undefined) return weightBp;
  const inScope = reached.filter(({ scope }) =>
    Object.entries(scope).every(([name, values]) => values.includes(segments[name] ?? '')),
  );
  return Math.max(0, ...inScope.map((stage) => stage.weightBp));
}

/**
 * A rule can only raise the base, and only once it is above 0: so a shadow stage, or a person's 0, leaves nobody on
 * canary by a rule's weight. And so raising the base never moves a unit back.
 */
export function effectiveWeight(baseBp: number, ruleBp: number | undefined): number {
  return baseBp === 0 || ruleBp === undefined ? baseBp : Math.max(baseBp, ruleBp);
}
