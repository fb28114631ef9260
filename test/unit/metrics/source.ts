/** What metrics are made of, all of it invented. */
import type { GuardSpec } from '../../../src/guards/spec.ts';
import type { MetricsSource } from '../../../src/metrics/families.ts';
import type { PredictionSpec } from '../../../src/prediction/spec.ts';
import { FRESH_HOLD } from '../../../src/rollout/hold.ts';
import { rollout } from '../routing/rollout.ts';

export const noDelay = { p50Ms: 0, p99Ms: 0, maxMs: 0 };

const PREDICTION: PredictionSpec = {
  preset: 'json',
  batch: { at: undefined, key: undefined },
  fields: [{ name: 'score', source: { at: '/score' }, compare: { kind: 'number', abs: 0, rel: 0 } }],
  timings: { featureFetch: undefined },
};

const GUARD: GuardSpec = {
  name: 'p95',
  what: { metric: 'latency', quantile: 0.95 },
  threshold: { kind: 'max', value: 50 },
  forMs: 0,
  clear: undefined,
  windowMs: 60_000,
  minN: 200,
  missing: 'hold',
  evidence: 'e-value',
  alpha: 0.01,
  warmUpMs: 0,
  action: 'rollback',
  promote: 'shown',
  dryRun: false,
  scope: {},
};

type Observed = MetricsSource['observations'];
type Changes = { readonly [Name in keyof Observed]?: ReturnType<Observed[Name]> };

/** One rollout with two shadows and two threads that have seen nothing, and `seen`. */
export function metricsSource(seen: Changes = {}): MetricsSource {
  const view = {
    ...rollout({ prediction: PREDICTION }),
    guards: [GUARD],
    stages: [],
    weightBp: 500,
    cause: 'manual',
    updatedAtMs: 0,
    updatedBy: 'test',
    byHand: true,
    stage: undefined,
    hold: FRESH_HOLD,
    specRevision: 7,
    file: 'understudy.yaml',
  } as const;
  const threads = [
    { name: 'decide-0', state: 'serving', revision: 7, restarts: 0 },
    { name: 'observe', state: 'starting', revision: 0, restarts: 2 },
  ] as const;
  return {
    observations: {
      threads: () => seen.threads ?? threads,
      decisions: () => seen.decisions ?? [],
      evidence: () => seen.evidence ?? [],
      counters: () => seen.counters ?? {},
      recorder: () =>
        'recorder' in seen ? seen.recorder : { bytesOnDisk: 0, oldestMs: undefined, lastError: undefined },
    },
    vitals: {
      decisionTimes: () => ({ counts: Array(14).fill(0), sumSeconds: 0 }),
      streamsInFlight: () => new Map([['decide-0', 0]]),
      join: () => ({ waitingIds: 0, maxIds: 10, waitingBytes: 0, maxBytes: 100 }),
      loopDelays: () => new Map([['observe', noDelay]]),
    },
    controller: { views: () => [view], snapshot: () => ({ revision: 7, unitKey: '', rollouts: [] }) },
    controlDelay: () => noDelay,
    version: '0.1.0',
    startedAtMs: 1_700_000_000_000,
  };
}
