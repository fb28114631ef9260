import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { expect, onTestFinished, test } from 'vitest';
import { sidecarPaths, startSidecar } from '../../rig/sidecar.ts';
import { until } from '../../rig/until.ts';
import { AccessLogServiceService, StreamAccessLogsMessage } from '../../src/gen/envoy/service/accesslog/v3/als.ts';
import { openStore } from '../../src/store/sqlite.ts';
import { productionEntry } from '../unit/accesslog/entry.ts';

/** A block lasts ten seconds. */
const BLOCK = { timeoutMs: 35_000 };

test('a sidecar promotes on evidence and is killed; it goes on at the same stage, and rolls back for good when its canary fails', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-release-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const paths = sidecarPaths(folder);
  const errors = { name: 'errors', metric: 'error-rate', max: '10%', evidence: 'none', minN: 20, action: 'rollback' };
  const rollout = {
    name: 'ranker',
    stable: { cluster: 'ranker-v1', version: '1' },
    canary: { cluster: 'ranker-v2', version: '2' },
    unit: [{ header: 'x-user-id' }],
    stages: [
      { name: 'some', weight: '10%', hold: { requests: 50 } },
      { name: 'most', weight: '50%', hold: { requests: 1_000_000 } },
      { name: 'all', weight: '100%' },
    ],
    guards: [errors],
  };
  const file = join(folder, 'understudy.yaml');
  writeFileSync(file, JSON.stringify({ trustedHeaders: ['x-user-id'], ...paths, rollouts: [rollout] }));
  const start = async () => {
    const sidecar = await startSidecar(file, paths.sockets.admin);
    onTestFinished(() => sidecar.stop());
    return sidecar;
  };
  const stored = () => {
    const store = openStore(paths.store);
    const [state] = store.states();
    const kinds = store.events({ after: 0, limit: 100 }).map(({ kind }) => kind);
    store.close();
    return { state, kinds };
  };
  let told = 0;
  const tell = async (requests: number, status: number) => {
    const { state } = stored();
    const client = new Client(`unix:${paths.sockets.observe}`, credentials.createInsecure());
    const bytes = (value: Buffer) => value;
    let ended = false;
    const call = client.makeClientStreamRequest(AccessLogServiceService.streamAccessLogs.path, bytes, bytes, () => {
      ended = true;
    });
    const decided = { release: state?.release, revision: state?.revision, weightBp: state?.reached.at(-1)?.weightBp };
    const logEntry = Array.from({ length: requests }, () => canaryEntry(told++, decided, status));
    const logEntries = { $case: 'httpLogs', value: { logEntry } } as const;
    const identifier = { node: undefined, logName: 'production' };
    call.write(Buffer.from(StreamAccessLogsMessage.encode({ identifier, logEntries }).finish()));
    call.end();
    await until(() => ended, { what: 'it has read all' });
    client.close();
  };
  const kill = async (sidecar: Awaited<ReturnType<typeof start>>) => {
    sidecar.signal('SIGKILL');
    await sidecar.exited;
    return stored();
  };

  const first = await start();
  expect(stored()).toMatchObject({ state: { phase: 'baking', stage: 'some' }, kinds: ['release-started'] });
  await tell(60, 200);
  await until(() => stored().state?.stage === 'most', { ...BLOCK, what: 'it is promoted' });
  const promoted = await kill(first);
  expect(promoted.kinds).toEqual(['release-started', 'promoted']);

  const second = await start();
  expect(stored()).toEqual(promoted);
  await tell(40, 500);
  await until(() => stored().state?.phase === 'rolled-back', { ...BLOCK, what: 'it is rolled back' });
  const over = await kill(second);
  expect(over.kinds.slice(2)).toEqual(['rollback-started', 'rolled-back']);

  const third = await start();
  expect(stored()).toEqual(over);
  const [view] = (await third.rollouts()).rollouts;
  expect(view).toMatchObject({ weightBp: 0, release: over.state?.release });
});

function canaryEntry(number: number, decided: object, status: number) {
  const entry = productionEntry({
    headers: {
      ...{ 'x-understudy-id': number.toString(16).padStart(32, '0'), 'x-understudy-arm': 'canary' },
      ...{ 'x-understudy-shadow-1': '', 'x-understudy-shadow-3': '' },
    },
    decision: {
      ...{ rollout: 'ranker', reason: 'hash', segments: {}, unit: number.toString(16).padStart(16, '0') },
      ...decided,
    },
  });
  if (entry.commonProperties !== undefined) entry.commonProperties.upstreamCluster = 'ranker-v2';
  if (entry.response !== undefined) entry.response.responseCode = status;
  return entry;
}
