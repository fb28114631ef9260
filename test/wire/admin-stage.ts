/** A served admin socket over a real controller and store, with everything else stubbed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import type { MadeRollouts } from '../../src/admin/apply.ts';
import type { Observations } from '../../src/admin/observations.ts';
import { startAdmin } from '../../src/admin/server.ts';
import type { FieldDifference } from '../../src/comparison/difference.ts';
import type { Config } from '../../src/config/parse.ts';
import { emptyPair } from '../../src/evidence/merge.ts';
import { add } from '../../src/evidence/sketch.ts';
import type { PairSums } from '../../src/evidence/sums.ts';
import { RolloutAdminClient } from '../../src/gen/understudy/admin/v1/admin.ts';
import type { Verdicts } from '../../src/judging/verdicts.ts';
import type { Pair } from '../../src/pairing/pair.ts';
import type { KeptPair } from '../../src/recording/kept-pair.ts';
import type { RecordedRow } from '../../src/recording/row.ts';
import { createController } from '../../src/rollout/controller.ts';
import type { RolloutSpec } from '../../src/rollout/spec.ts';
import type { LookUpGeo } from '../../src/routing/segments.ts';
import { openStore } from '../../src/store/sqlite.ts';
import { fakePublisher, specOf } from '../unit/rollout/fakes.ts';

const candidateCell = {
  rollout: 'ranker',
  release: '2.0.0-0a0b0c0d',
  weightBp: 0,
  arm: 'stable',
  shadow: 'candidate',
  segment: '',
  segmentValue: '',
} as const;

function candidateSums(): PairSums {
  const sums = emptyPair();
  Object.assign(sums, { pairs: 4, unreferenced: 1, sameStatus: 4, sameBody: 1, bodiesCompared: 2 });
  sums.outputs.set('score', { same: 1, compared: 2 });
  // enough for every quantile to be told
  for (let n = 0; n < 1_000; n++) {
    add(sums.reference.latency, 20);
    add(sums.candidate.latency, 25);
  }
  return sums;
}

export function pairOf(number: number, changes: Partial<Pair> = {}): Pair {
  const side = {
    cluster: 'ranker-v1',
    status: 200,
    grpcStatus: undefined,
    latencyMs: 10,
    details: 'via_upstream',
    error: undefined,
    featureFetchMs: undefined,
  };
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
      fields: [],
      refusedAlike: false,
    },
    unequal: [],
    unit: 'a'.repeat(16),
    userLatencyMs: 12,
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
    fields: [],
    refusedAlike: false,
  },
  traceId: 'f'.repeat(32),
});

/** One number field, of which the candidate's value is `by` larger than the reference's 10. */
export function scoreDiffers(by: number): FieldDifference {
  const element = {
    key: undefined,
    agree: by === 0,
    missing: { reference: undefined, candidate: undefined },
    reference: 10,
    candidate: 10 + by,
    measures: { difference: by },
    amount: undefined,
  };
  return { name: 'score', kind: 'number', compared: true, agree: by === 0, elements: [element], cut: 0 };
}

export function withFields(pair: Pair, fields: readonly FieldDifference[]): Pair {
  return { ...pair, difference: { ...pair.difference, fields } };
}

export function keptOf(pair: Pair, changes: Partial<KeptPair> = {}): KeptPair {
  const body = (text: string) => ({ text, cut: 0, note: undefined, json: true });
  return {
    pair,
    why: ['sample'],
    reference: body('{"score":10}'),
    candidate: body('{"score":12}'),
    request: undefined,
    productionSpan: undefined,
    shadowSpan: undefined,
    ...changes,
  };
}

/** Observations of one shadow; `emit` hands pairs to those who follow, of whom there are `followers()`. */
export function stubObservations(recent: readonly Pair[] = [], kept: readonly KeptPair[] = []) {
  const forgotten: string[] = [];
  const listeners = new Set<(pairs: readonly Pair[]) => void>();
  const observations: Observations = {
    threads: () => [{ name: 'decide-0', state: 'serving', revision: 1, restarts: 0 }],
    decisions: () => [
      { rollout: 'ranker', arm: 'stable', reason: 'hash', count: 40 },
      { rollout: 'search', arm: 'canary', reason: 'rule', count: 2 },
    ],
    evidence: () => [{ key: candidateCell, pair: candidateSums() }],
    counters: () => ({ 'pairs.joined': 4 }),
    recentPairs: (limit) => recent.slice(-limit),
    recorder: () => undefined,
    lastDeliveredMs: () => undefined,
    kept: () => kept,
    forgetUnits(units) {
      forgotten.push(...units);
      return units.size;
    },
    onPairs(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const emit = (...pairs: Pair[]) => {
    for (const listener of listeners) listener(pairs);
  };
  return { observations, emit, forgotten, followers: () => listeners.size };
}

export async function startAdminStage(
  options: {
    specs?: RolloutSpec[];
    recent?: Pair[];
    kept?: KeptPair[];
    allowBodies?: boolean;
    findRecorded?: (id: string) => Promise<RecordedRow | undefined>;
    unconfirmed?: string[];
    /** What rollouts that are applied are held to; undefined: none can be. */
    running?: Config;
    verdicts?: Verdicts;
    lastDeliveredMs?: (cluster: string) => number | undefined;
  } = {},
) {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-admin-'));
  const socketPath = join(folder, 'admin.sock');
  const store = openStore(':memory:');
  const specs = options.specs ?? [specOf('ranker'), specOf('search')];
  const publisher = fakePublisher(options.unconfirmed);
  const controller = createController({ specs, store, publisher, now: () => 1_700_000_000_000 });
  const stub = stubObservations(options.recent, options.kept);
  const log: string[] = [];
  const { findRecorded, running, verdicts, lastDeliveredMs } = options;
  const made: MadeRollouts | undefined = running && { running: () => running, texts: store.specs };
  const lookUp: LookUpGeo = (address, field) => (address === '203.97.0.1' && field === 'country' ? 'NZ' : undefined);
  const parts = {
    controller,
    observations: { ...stub.observations, ...(lastDeliveredMs === undefined ? {} : { lastDeliveredMs }) },
    lookUp,
    version: '0.1.0',
    startedAtMs: 1_600_000_000_000,
    allowBodies: () => options.allowBodies ?? false,
    ...(findRecorded === undefined ? {} : { findRecorded }),
    ...(made === undefined ? {} : { made }),
    ...(verdicts === undefined ? {} : { verdicts }),
    log: (line: string) => log.push(line),
  };
  const admin = await startAdmin({ ...parts, socketPath });
  const client = new RolloutAdminClient(`unix:${socketPath}`, credentials.createInsecure());
  return {
    ...stub,
    ...{ folder, socketPath, store, controller, parts, admin, client, log },
    async [Symbol.asyncDispose]() {
      client.close();
      await admin.stop();
      rmSync(folder, { recursive: true });
    },
  };
}
