import type { Publisher } from '../../../src/rollout/publisher.ts';
import type { RolloutSpec } from '../../../src/rollout/spec.ts';
import type { Snapshot } from '../../../src/routing/snapshot.ts';
import { shadowOf } from '../routing/rollout.ts';

export function specOf(name: string, changes: Partial<RolloutSpec> = {}): RolloutSpec {
  return {
    name,
    routes: [name],
    stable: { cluster: `${name}-v1`, version: '1.8.0' },
    canary: { cluster: `${name}-v2`, version: '2.0.0' },
    shadows: [shadowOf('candidate', `${name}-v2-shadow`, '2.0.0')],
    unit: [{ header: 'x-user-id' }],
    segments: {},
    rules: [],
    capture: { requestBytes: 0, responseBytes: 0 },
    prediction: undefined,
    baseline: undefined,
    salt: `${name}/2.0.0`,
    initialWeightBp: 0,
    stages: [],
    guards: [],
    ...changes,
  };
}

/** Confirms at once, but for the threads in `unconfirmed`; remembers what it published. */
export function fakePublisher(unconfirmed: readonly string[] = []): Publisher & { readonly published: Snapshot[] } {
  const published: Snapshot[] = [];
  return {
    published,
    async publish(snapshot) {
      published.push(snapshot);
      return unconfirmed;
    },
    unconfirmed: () => unconfirmed,
  };
}
