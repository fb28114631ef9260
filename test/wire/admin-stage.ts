/** A served admin socket over a real controller and store, with everything else stubbed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import type { Observations } from '../../src/admin/observations.ts';
import { startAdmin } from '../../src/admin/server.ts';
import { RolloutAdminClient } from '../../src/gen/understudy/admin/v1/admin.ts';
import type { Pair } from '../../src/pairing/pair.ts';
import { createController } from '../../src/rollout/controller.ts';
import type { RolloutSpec } from '../../src/rollout/spec.ts';
import type { LookUpGeo } from '../../src/routing/segments.ts';
import { openStore } from '../../src/store/sqlite.ts';
import { fakePublisher, specOf } from '../unit/rollout/fakes.ts';

export const latency = { count: 2, p50Ms: 10, p95Ms: 20.04, p99Ms: 30 };

export function pairOf(number: number, changes: Partial<Pair> = {}): Pair {
  const side = { cluster: 'ranker-v1', status: 200, grpcStatus: undefined, latencyMs: 10, details: 'via_upstream' };
  return {
    id: number.toString(16).padStart(32, '0'),
    timeMs: 1_700_000_000_000 + number,
    rollout: 'ranker',
    release: '2.0.0-0a0b0c0d',
    revision: 1,
    weightBp: 0,
    reason: 'hash',
    segments: { country: 'NZ' },
    shadow: 'candidate',
    referenced: true,
    reference: { ...side, version: '1.8.0' },
    candidate: { ...side, version: '2.0.0', latencyMs: undefined },
    answeredBy: 'reference',
    arm: 'stable',
    difference: {
      sameStatus: true,
      body: 'same',
      notJson: false,
      outputs: { score: true },
      latencyDifferenceMs: undefined,
    },
    traceId: undefined,
    ...changes,
  };
}

export const differentPair = pairOf(99, {
  difference: {
    sameStatus: true,
    body: 'different',
    notJson: false,
    outputs: { score: false },
    latencyDifferenceMs: 2.5,
  },
  traceId: 'f'.repeat(32),
});

/** Observations of one shadow; `emit` hands pairs to those who follow, of whom there are `followers()`. */
export function stubObservations(recent: readonly Pair[] = []) {
  const listeners = new Set<(pairs: readonly Pair[]) => void>();
  const observations: Observations = {
    threads: () => [{ name: 'decide-0', state: 'serving', revision: 1, restarts: 0 }],
    decisions: () => [
      { rollout: 'ranker', arm: 'stable', reason: 'hash', count: 40 },
      { rollout: 'search', arm: 'canary', reason: 'rule', count: 2 },
    ],
    tallies: () => [
      {
        rollout: 'ranker',
        shadow: 'candidate',
        pairs: 4,
        unreferenced: 1,
        sameStatus: 4,
        sameBody: 1,
        bodiesCompared: 2,
        outputs: [{ name: 'score', same: 1, compared: 2 }],
        referenceLatency: latency,
        candidateLatency: { ...latency, p95Ms: 25 },
      },
    ],
    counters: () => ({ 'pairs.joined': 4 }),
    recentPairs: (limit) => recent.slice(-limit),
    onPairs(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const emit = (...pairs: Pair[]) => {
    for (const listener of listeners) listener(pairs);
  };
  return { observations, emit, followers: () => listeners.size };
}

export async function startAdminStage(
  options: { specs?: RolloutSpec[]; recent?: Pair[]; unconfirmed?: string[] } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-admin-'));
  const socketPath = join(folder, 'admin.sock');
  const store = openStore(':memory:');
  const specs = options.specs ?? [specOf('ranker'), specOf('search')];
  const publisher = fakePublisher(options.unconfirmed);
  const controller = createController({ specs, store, publisher, now: () => 1_700_000_000_000 });
  const stub = stubObservations(options.recent);
  const lookUp: LookUpGeo = (address, field) => (address === '203.97.0.1' && field === 'country' ? 'NZ' : undefined);
  const parts = {
    controller,
    observations: stub.observations,
    lookUp,
    version: '0.1.0',
    startedAtMs: 1_600_000_000_000,
  };
  const admin = await startAdmin({ ...parts, socketPath });
  const client = new RolloutAdminClient(`unix:${socketPath}`, credentials.createInsecure());
  return {
    ...stub,
    ...{ folder, socketPath, store, controller, parts, admin, client },
    async [Symbol.asyncDispose]() {
      client.close();
      await admin.stop();
      rmSync(folder, { recursive: true });
    },
  };
}
