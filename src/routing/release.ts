import { createHash } from 'node:crypto';
import type { RolloutSnapshot } from './snapshot.ts';

/**
 * Identity of the release a rollout is going through, for example `2.0.0-3fa9c1d2`: the canary's version and 8 hex
 * digits over everything whose change makes earlier evidence worthless.
 */
export function releaseOf(spec: Pick<RolloutSnapshot, 'name' | 'stable' | 'canary' | 'salt' | 'unit'>): string {
  const identity = [spec.name, spec.stable.version, spec.canary.version, spec.salt, spec.unit];
  const digest = createHash('sha256').update(JSON.stringify(identity)).digest('hex');
  return `${spec.canary.version}-${digest.slice(0, 8)}`;
}
