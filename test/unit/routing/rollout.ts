import { compileSnapshot } from '../../../src/routing/decide.ts';
import type { RequestFacts } from '../../../src/routing/facts.ts';
import type { RolloutSnapshot, Shadow } from '../../../src/routing/snapshot.ts';

/** A rollout of one model with one candidate and one twin shadow, at 5 %. */
export function rollout(changes: Partial<RolloutSnapshot> = {}): RolloutSnapshot {
  return {
    name: 'ranker',
    routes: ['ranker'],
    release: '2.0.0-00000000',
    stable: { cluster: 'ranker-v1', version: '1.8.0' },
    canary: { cluster: 'ranker-v2', version: '2.0.0' },
    shadows: [shadowOf('candidate', 'ranker-v2-shadow', '2.0.0'), shadowOf('twin', 'ranker-v1-shadow', '1.8.0')],
    unit: [{ header: 'x-user-id' }, { header: 'x-session' }],
    segments: { country: { header: 'x-geo-country' } },
    rules: [],
    capture: { requestBytes: 0, responseBytes: 65_536 },
    prediction: undefined,
    baseline: undefined,
    salt: 'ranker/2.0.0',
    phase: 'paused',
    weightBp: 500,
    reached: [],
    revision: 7,
    ...changes,
  };
}

export function compiled(changes: Partial<RolloutSnapshot> = {}) {
  return compileSnapshot({ revision: 7, unitKey: '00'.repeat(32), rollouts: [rollout(changes)] });
}

export function facts(headers: Record<string, string> = {}, changes: Partial<RequestFacts> = {}): RequestFacts {
  return {
    route: 'ranker',
    method: 'GET',
    path: '/rank',
    header: (name) => headers[name],
    hasBody: false,
    clientAddress: undefined,
    random: 0,
    ...changes,
  };
}

/** A shadow that gets a copy of everything, as the configuration's defaults make it. */
export function shadowOf(name: string, cluster: string, version: string, changes: Partial<Shadow> = {}): Shadow {
  return {
    name,
    cluster,
    version,
    sampleBp: 10_000,
    sampleBy: 'request',
    methods: [],
    maxPerSecond: undefined,
    maxBodyBytes: 4 * 1024 * 1024,
    onlyArm: undefined,
    mirrorUnknownLength: ['application/grpc*'],
    ...changes,
  };
}
