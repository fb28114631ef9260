import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  credentials,
  type GrpcObject,
  loadPackageDefinition,
  makeGenericClientConstructor,
  type ServiceClientConstructor,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { service as healthService } from 'grpc-health-check';
import { expect, test } from 'vitest';
import { ask } from '../../src/cli/client.ts';
import type { Pair, RolloutAdminClient } from '../../src/gen/understudy/admin/v1/admin.ts';
import { specOf } from '../unit/rollout/fakes.ts';
import { differentPair, pairOf, startAdminStage } from './admin-stage.ts';

const setFive = { rollout: 'ranker', weightBp: 500, reason: 'first users', actor: 'ana' };

const noFacts = { route: '', method: '', headers: {}, hasBody: false, path: '', clientAddress: '' };

test('the list shows each rollout with its own counts, and the sidecar', async () => {
  await using stage = await startAdminStage();
  const { rollouts, sidecar } = await ask(stage.client, stage.client.listRollouts, {});
  expect(rollouts.map((rollout) => rollout.name)).toEqual(['ranker', 'search']);
  expect(rollouts[0]).toMatchObject({
    routes: ['ranker'],
    release: '2.0.0-b5c722b8',
    stable: { cluster: 'ranker-v1', version: '1.8.0' },
    canary: { cluster: 'ranker-v2', version: '2.0.0' },
    shadows: [{ name: 'candidate', cluster: 'ranker-v2-shadow', version: '2.0.0', twin: false }],
    phase: 'paused',
    cause: 'manual',
    weightBp: 0,
    revision: 1,
    updatedAtMs: 1_700_000_000_000,
    updatedBy: 'configuration',
    decisions: [{ arm: 'stable', reason: 'hash', count: 40 }],
    tallies: [
      {
        shadow: 'candidate',
        pairs: 4,
        outputs: [{ name: 'score', same: 1, compared: 2 }],
        referenceLatency: { count: 1_000, p50Ms: 20, p95Ms: 20, p99Ms: 20 },
      },
    ],
  });
  expect(rollouts[1]?.tallies).toEqual([]);
  expect(sidecar).toEqual({
    version: '0.1.0',
    revision: 1,
    startedAtMs: 1_600_000_000_000,
    threads: [{ name: 'decide-0', state: 'serving', revision: 1, restarts: 0 }],
    counters: { 'pairs.joined': 4 },
  });
});

test('a weight that is set is answered with the rollout and the threads still to confirm', async () => {
  await using stage = await startAdminStage({ unconfirmed: ['decide-1'] });
  const answer = await ask(stage.client, stage.client.setWeight, { ...setFive, expectedRevision: 1 });
  expect(answer).toMatchObject({
    rollout: { weightBp: 500, revision: 2, updatedBy: 'ana' },
    unconfirmedThreads: ['decide-1'],
  });
  expect(await ask(stage.client, stage.client.getRollout, { name: 'ranker' })).toEqual(answer.rollout);
  const { events } = await ask(stage.client, stage.client.listEvents, { rollout: 'ranker', limit: 0, before: 0 });
  expect(events.map((event) => [event.number, event.kind, event.reason])).toEqual([
    [3, 'weight-set', 'first users'],
    [1, 'release-started', 'first seen in the configuration'],
  ]);
  const older = await ask(stage.client, stage.client.listEvents, { rollout: 'ranker', limit: 1, before: 3 });
  expect(older.events.map((event) => event.number)).toEqual([1]);
});

test.each<[string, keyof typeof status, string, (client: RolloutAdminClient) => Promise<unknown>]>([
  [
    'no weight',
    'INVALID_ARGUMENT',
    'weight_bp: expected 0 to 10000, found nothing',
    (c) => ask(c, c.setWeight, { ...setFive, weightBp: undefined }),
  ],
  [
    'no reason',
    'INVALID_ARGUMENT',
    'reason: expected a non-empty text',
    (c) => ask(c, c.setWeight, { ...setFive, reason: '' }),
  ],
  [
    'another revision',
    'FAILED_PRECONDITION',
    'expected_revision: expected 7, but ranker was changed by revision 1',
    (c) => ask(c, c.setWeight, { ...setFive, expectedRevision: 7 }),
  ],
  [
    'an unknown rollout',
    'NOT_FOUND',
    'rollout: there is no rollout "nobody"',
    (c) => ask(c, c.getRollout, { name: 'nobody' }),
  ],
  ['no name', 'INVALID_ARGUMENT', 'name: expected a non-empty text', (c) => ask(c, c.getRollout, { name: '' })],
  [
    'too many events',
    'INVALID_ARGUMENT',
    'limit: expected 1 to 1000, found 1001',
    (c) => ask(c, c.listEvents, { rollout: '', limit: 1001, before: 0 }),
  ],
  [
    'no route',
    'INVALID_ARGUMENT',
    'route: expected a non-empty text',
    (c) => ask(c, c.explain, { ...noFacts, route: '', method: '', headers: {} }),
  ],
  [
    'no header name',
    'INVALID_ARGUMENT',
    'headers: expected header names, found "x y"',
    (c) => ask(c, c.explain, { ...noFacts, route: 'ranker', method: '', headers: { 'x y': '' } }),
  ],
  [
    'a header twice',
    'INVALID_ARGUMENT',
    'headers: expected "x-a" once, in any case',
    (c) => ask(c, c.explain, { ...noFacts, route: 'ranker', method: '', headers: { 'X-A': '', 'x-a': '' } }),
  ],
  [
    'no method',
    'INVALID_ARGUMENT',
    'method: expected an HTTP method, found "G T"',
    (c) => ask(c, c.explain, { ...noFacts, route: 'ranker', method: 'G T', headers: {} }),
  ],
  [
    'a short interval',
    'INVALID_ARGUMENT',
    'interval_ms: expected 100 to 60000, found 99',
    (c) => once(c.watchRollouts({ intervalMs: 99 }), 'data'),
  ],
  [
    'too many pairs',
    'INVALID_ARGUMENT',
    'recent: expected 1 to 1000, found 1001',
    (c) => once(c.watchPairs({ ...allPairs, recent: 1001 }), 'data'),
  ],
  [
    'an unknown shadow',
    'NOT_FOUND',
    'shadow: there is no shadow "nobody"',
    (c) => once(c.watchPairs({ ...allPairs, shadow: 'nobody' }), 'data'),
  ],
])('%s is answered with %s and the field', async (_, code, details, call) => {
  await using stage = await startAdminStage();
  await expect(call(stage.client)).rejects.toMatchObject({ code: status[code], details });
});

test('a store that cannot be written is UNAVAILABLE', async () => {
  await using stage = await startAdminStage();
  stage.store.close();
  await expect(ask(stage.client, stage.client.setWeight, setFive)).rejects.toMatchObject({ code: status.UNAVAILABLE });
});

test('explain says what decide would, with header names in any case', async () => {
  const rules = [{ when: { header: { 'x-canary': { exact: 'always' } } }, arm: 'canary' as const }];
  await using stage = await startAdminStage({ specs: [specOf('ranker', { rules, initialWeightBp: 10_000 })] });
  const explain = (headers: Record<string, string>, route = 'ranker') =>
    ask(stage.client, stage.client.explain, { ...noFacts, route, headers });
  expect(await explain({ 'X-User-Id': 'u1' })).toMatchObject({
    rollout: 'ranker',
    arm: 'canary',
    reason: 'hash',
    cluster: 'ranker-v2',
    weightBp: 10_000,
    unitSource: 'header x-user-id',
    bucket: expect.any(Number),
    rule: undefined,
    skipped: [{ shadow: 'candidate', reason: 'same-version' }],
    revision: 1,
  });
  expect(await explain({ 'X-Canary': 'always' })).toMatchObject({
    arm: 'canary',
    reason: 'rule',
    rule: 0,
    bucket: undefined,
  });
  expect(await explain({})).toMatchObject({ arm: 'stable', reason: 'no-unit', shadows: [{ name: 'candidate' }] });
  expect(await explain({}, 'elsewhere')).toMatchObject({ rollout: '', arm: '', revision: 1 });
});

test('explain looks the client address up, with or without a port', async () => {
  const segments = { country: { geoip: 'country' as const } };
  await using stage = await startAdminStage({ specs: [specOf('ranker', { segments })] });
  const explain = (clientAddress: string) =>
    ask(stage.client, stage.client.explain, { ...noFacts, route: 'ranker', clientAddress });
  expect((await explain('203.97.0.1')).segments).toEqual({ country: 'NZ' });
  expect((await explain('203.97.0.1:4711')).segments).toEqual({ country: 'NZ' });
  expect((await explain('10.0.0.1')).segments).toEqual({});
});

test('a watcher of rollouts gets the list now, after a change and after the interval', async () => {
  await using stage = await startAdminStage();
  const slow = stage.client.watchRollouts({ intervalMs: 60_000 });
  const weights = slow[Symbol.asyncIterator]();
  expect((await weights.next()).value.rollouts[0].weightBp).toBe(0);
  await ask(stage.client, stage.client.setWeight, setFive);
  expect((await weights.next()).value.rollouts[0].weightBp).toBe(500);
  const fast = stage.client.watchRollouts({ intervalMs: 100 })[Symbol.asyncIterator]();
  await fast.next();
  expect((await fast.next()).value.rollouts[0].weightBp).toBe(500);
  for (const stream of [weights, fast]) await stream.return?.();
});

const allPairs = { rollout: '', shadow: '', onlyDifferent: false, recent: 0, follow: false };

test('recent pairs come oldest first and the stream ends, or goes on with new ones', async () => {
  await using stage = await startAdminStage({ recent: [pairOf(1), pairOf(2), differentPair] });
  const recent = (await stage.client.watchPairs({ ...allPairs, recent: 2 }).toArray()) as Pair[];
  expect(recent.map((pair) => pair.timeMs % 1000)).toEqual([2, 99]);
  const { difference, unit: _, reference, candidate, ...same } = differentPair;
  expect(recent[1]).toEqual({
    ...same,
    ...difference,
    reference: { ...reference, error: '' },
    candidate: { ...candidate, error: '' },
    droppedBefore: 0,
    whyKept: [],
    different: true,
    fromRecording: false,
  });

  const different = stage.client.watchPairs({
    ...allPairs,
    rollout: 'ranker',
    shadow: 'candidate',
    onlyDifferent: true,
    recent: 1,
    follow: true,
  });
  const pairs = different[Symbol.asyncIterator]();
  expect((await pairs.next()).value.body).toBe('different');
  stage.emit(pairOf(3), pairOf(4, { rollout: 'search' }), { ...differentPair, timeMs: 5 });
  expect((await pairs.next()).value.timeMs).toBe(5);
  await pairs.return?.();
});

test('a reader of pairs that is too slow loses some, is told how many, and is forgotten when it goes', async () => {
  await using stage = await startAdminStage();
  const stream = stage.client.watchPairs({ ...allPairs, follow: true });
  await until(() => stage.followers() === 1);
  const flood = 20_000;
  for (let n = 0; n < flood; n += 1) stage.emit(pairOf(n));

  let received = 0;
  let lost = 0;
  let lostAfterwards: number | undefined;
  for await (const pair of stream as AsyncIterable<Pair>) {
    if (received === keptForSlowReader + 1) {
      lostAfterwards = pair.droppedBefore;
      break;
    }
    received += 1;
    lost += pair.droppedBefore;
    if (received === keptForSlowReader) stage.emit(pairOf(flood), pairOf(flood + 1));
  }
  expect(lost).toBe(flood - keptForSlowReader);
  expect(lostAfterwards).toBe(0);
  stream.cancel();
  await until(() => stage.followers() === 0);
});

const keptForSlowReader = 1_024;

test('reflection and health answer for the service', async () => {
  await using stage = await startAdminStage();
  const address = `unix:${stage.socketPath}`;
  const health = new (makeGenericClientConstructor(healthService, 'health'))(address, credentials.createInsecure());
  for (const service of ['', 'understudy.admin.v1.RolloutAdmin']) {
    const answer = await new Promise((resolve, reject) => {
      health.check?.({ service }, (error: ServiceError | null, value: unknown) =>
        error ? reject(error) : resolve(value),
      );
    });
    expect(answer).toEqual({ status: 'SERVING' });
  }
  health.close();

  const folder = join(import.meta.dirname, '../../node_modules/@grpc/reflection/build/proto/grpc/reflection/v1');
  const { ServerReflection } = reflectionOf(loadPackageDefinition(loadSync(join(folder, 'reflection.proto'))));
  const reflection = new ServerReflection(address, credentials.createInsecure());
  const call = reflection.serverReflectionInfo?.();
  call.write({ listServices: '' });
  const [{ listServicesResponse }] = await once(call, 'data');
  expect(listServicesResponse.service.map(({ name }: { name: string }) => name)).toContain(
    'understudy.admin.v1.RolloutAdmin',
  );
  call.end();
  reflection.close();
});

test('stopping ends streams with UNAVAILABLE and removes the socket', async () => {
  const stage = await startAdminStage();
  const stream = stage.client.watchPairs({ ...allPairs, follow: true });
  const end = { code: status.UNAVAILABLE, details: 'the sidecar stops' };
  const ended = expect(once(stream, 'data')).rejects.toMatchObject(end);
  await until(() => stage.followers() === 1);
  await stage.admin.stop();
  await ended;
  expect(existsSync(stage.socketPath)).toBe(false);
  expect(stage.followers()).toBe(0);
  stage.client.close();
  rmSync(stage.folder, { recursive: true });
});

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(setImmediate);
}

/** The generated tree is untyped. */
function reflectionOf(tree: GrpcObject): { ServerReflection: ServiceClientConstructor } {
  return (tree as { grpc: { reflection: { v1: never } } }).grpc.reflection.v1;
}
