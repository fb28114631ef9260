import { createHash } from 'node:crypto';
import type { GuardSpec, StageSpec } from '../guards/spec.ts';
import type { RolloutSnapshot } from '../routing/snapshot.ts';

/** What a rollout goes through and what it is held to. Decisions do not need it: threads are not sent it. */
export interface Plan {
  /** In their order; empty = weights are set by hand. */
  readonly stages: readonly StageSpec[];
  readonly guards: readonly GuardSpec[];
}

/** A rollout as understudy.yaml says it. Release, phase, weight and revision belong to the store and are never in the file. */
export interface RolloutSpec
  extends Omit<RolloutSnapshot, 'release' | 'phase' | 'weightBp' | 'reached' | 'revision'>,
    Plan {
  /** Basis points; read once, when a release is first seen. */
  readonly initialWeightBp: number;
}

/** Hex digest that changes when anything of the spec but `initialWeightBp` changes; the order of keys is nothing. */
export function specHash(spec: RolloutSpec): string {
  const { initialWeightBp: _, stages, guards, ...lasting } = spec;
  // none is as it was before there were any: an update of the sidecar is no change of the spec
  const plan = { ...(stages.length > 0 && { stages }), ...(guards.length > 0 && { guards }) };
  return createHash('sha256')
    .update(JSON.stringify({ ...lasting, ...plan }, sortKeys))
    .digest('hex');
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
