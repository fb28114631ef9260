import { createHash } from 'node:crypto';
import type { RolloutSnapshot } from '../routing/snapshot.ts';

/** A rollout as understudy.yaml says it. Release, phase, weight and revision belong to the store and are never in the file. */
export interface RolloutSpec extends Omit<RolloutSnapshot, 'release' | 'phase' | 'weightBp' | 'reached' | 'revision'> {
  /** Basis points; read once, when a release is first seen. */
  readonly initialWeightBp: number;
}

/** Hex digest that changes when anything of the spec but `initialWeightBp` changes; the order of keys is nothing. */
export function specHash(spec: RolloutSpec): string {
  const { initialWeightBp: _, ...lasting } = spec;
  return createHash('sha256').update(JSON.stringify(lasting, sortKeys)).digest('hex');
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
