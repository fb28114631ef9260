import type { ProductionExchange, ShadowExchange } from '../../../src/pairing/exchange.ts';

const COMMON = {
  timeMs: 0,
  status: 200,
  grpcStatus: undefined,
  details: 'via_upstream',
  latencyMs: 10,
  headers: {},
  trailers: {},
  body: undefined,
  request: {
    method: 'GET',
    path: '/rank',
    host: 'models.example',
    protocol: 'HTTP/1.1',
    bytes: 0,
    contentType: '',
    contentEncoding: '',
    body: undefined,
  },
  span: undefined,
};

export function production(
  id: string,
  slots: number[] = [1],
  changes: Partial<ProductionExchange> = {},
): ProductionExchange {
  return {
    ...COMMON,
    role: 'production',
    id,
    cluster: 'ranker-v1',
    arm: 'stable',
    userLatencyMs: 12,
    decision: { rollout: 'ranker', release: 'r', revision: 7, weightBp: 500, reason: 'hash', segments: {}, unit: '' },
    expected: new Map(slots.map((slot) => [slot, `shadow-cluster-${slot}`])),
    ...changes,
  };
}

export function shadow(id: string, slot = 1, changes: Partial<ShadowExchange> = {}): ShadowExchange {
  return { ...COMMON, role: 'shadow', id, cluster: `shadow-cluster-${slot}`, slot, ...changes };
}

export function body(text: string) {
  return { bytes: Buffer.from(text), json: false, unread: undefined };
}
