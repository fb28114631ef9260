import { compileSnapshot, type RequestFacts } from '../../../src/routing/decide.ts';
import type { RolloutSnapshot } from '../../../src/routing/snapshot.ts';

/** A rollout of one model with one candidate and one twin shadow, at 5 %. */
export function rollout(changes: Partial<RolloutSnapshot> = {}): RolloutSnapshot {
  return {
    name: 'ranker',
    routes: ['ranker'],
    release: '2.0.0-00000000',
    stable: { cluster: 'ranker-v1', version: '1.8.0' },
    canary: { cluster: 'ranker-v2', version: '2.0.0' },
    shadows: [
      { name: 'candidate', cluster: 'ranker-v2-shadow', version: '2.0.0' },
      { name: 'twin', cluster: 'ranker-v1-shadow', version: '1.8.0' },
    ],
    unit: [{ header: 'x-user-id' }, { header: 'x-session' }],
    segments: { country: { header: 'x-geo-country' } },
    rules: [],
    capture: { requestBytes: 0, responseBytes: 65_536 },
    salt: 'ranker/2.0.0',
    weightBp: 500,
    revision: 7,
    ...changes,
  };
}

export function compiled(changes: Partial<RolloutSnapshot> = {}) {
  return compileSnapshot({ revision: 7, unitKey: '00'.repeat(32), rollouts: [rollout(changes)] });
}

export function facts(headers: Record<string, string> = {}, changes: Partial<RequestFacts> = {}): RequestFacts {
  return { route: 'ranker', method: 'GET', header: (name) => headers[name], hasBody: false, ...changes };
}
