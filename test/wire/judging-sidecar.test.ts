import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { expect, onTestFinished, test } from 'vitest';
import { sidecarPaths, startSidecar } from '../../rig/sidecar.ts';
import { until } from '../../rig/until.ts';
import { AccessLogServiceService, StreamAccessLogsMessage } from '../../src/gen/envoy/service/accesslog/v3/als.ts';
import { guardJudge } from '../../src/judging/judge.ts';
import { seenFromText } from '../../src/judging/seen-block.ts';
import { openStore } from '../../src/store/sqlite.ts';
import { productionEntry } from '../unit/accesslog/entry.ts';

/** A block lasts ten seconds. */
const BLOCK = { timeoutMs: 25_000 };

test('a sidecar judges what it is told, is killed, and goes on from the same bits with a counted gap', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-judged-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const paths = sidecarPaths(folder);
  const guards = [{ name: 'p95', metric: 'latency', quantile: 0.95, max: '50ms', action: 'alert' }];
  const rollout = {
    name: 'ranker',
    stable: { cluster: 'ranker-v1', version: '1' },
    canary: { cluster: 'ranker-v2', version: '2' },
    unit: [{ header: 'x-user-id' }],
    guards,
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
    const [row] = store.judges();
    const steps = store.steps('ranker');
    store.close();
    return { row, steps };
  };

  const first = await start();
  const [view] = (await first.rollouts()).rollouts;
  const tell = async (from: number, requests: number) => {
    const client = new Client(`unix:${paths.sockets.observe}`, credentials.createInsecure());
    const bytes = (value: Buffer) => value;
    let ended = false;
    const call = client.makeClientStreamRequest(AccessLogServiceService.streamAccessLogs.path, bytes, bytes, () => {
      ended = true;
    });
    const logEntry = Array.from({ length: requests }, (_, n) => entryOf(from + n, view?.release ?? '', view?.revision));
    const identifier = { node: undefined, logName: 'production' };
    const logEntries = { $case: 'httpLogs', value: { logEntry } } as const;
    call.write(Buffer.from(StreamAccessLogsMessage.encode({ identifier, logEntries }).finish()));
    call.end();
    await until(() => ended, { what: 'it has read all' });
    client.close();
  };
  const seen = () => stored().steps.reduce((sum, { seen: text }) => sum + requestsIn(text), 0);

  await tell(0, 100);
  await until(() => seen() === 100, { ...BLOCK, what: 'the first block is judged' });
  await tell(100, 50);
  first.signal('SIGKILL');
  await first.exited;
  const killed = stored();
  expect(killed.row?.gaps.count).toBe(0);

  await start();
  expect(stored().row).toEqual(killed.row);
  await tell(200, 30);
  await until(() => seen() === 130, { ...BLOCK, what: 'a block after the kill is judged' });
  const { row, steps } = stored();
  expect(row?.gaps.count).toBe(1);
  let state = guardJudge.start(JSON.parse(row?.judged ?? ''));
  for (const { seen: text } of steps) state = JSON.parse(JSON.stringify(guardJudge.step(state, seenFromText(text))));
  expect(JSON.stringify(state)).toBe(row?.state);
  expect(guardJudge.verdicts(state)).toMatchObject([{ guard: 'p95', status: 'fail', n: 130 }]);
});

/** Its model took 1,010.5 ms. */
function entryOf(number: number, release: string, revision = 0) {
  const id = number.toString(16).padStart(32, '0');
  const decided = { rollout: 'ranker', release, revision, weightBp: 0, reason: 'hash', segments: {} };
  return productionEntry({
    headers: { 'x-understudy-id': id, 'x-understudy-shadow-1': '', 'x-understudy-shadow-3': '' },
    decision: { ...decided, unit: number.toString(16).padStart(16, '0') },
  });
}

function requestsIn(text: string): number {
  return seenFromText(text).cells.reduce((sum, cell) => sum + ('arm' in cell ? cell.arm.requests : 0), 0);
}
