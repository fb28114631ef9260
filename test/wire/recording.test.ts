import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../../rig/until.ts';
import { emptyArm } from '../../src/evidence/merge.ts';
import { cellFromJson } from '../../src/evidence/serialize.ts';
import { createRecordingLink, LINK_LIMITS } from '../../src/recording/link.ts';
import { readBlocks, readRows } from '../../src/recording/reader.ts';
import type { RecordReport } from '../../src/recording/record-room.ts';
import { connect } from '../../src/threads/connect.ts';
import type { RecordStart } from '../../src/threads/messages.ts';
import { RoomWorker } from '../../src/threads/worker.ts';
import { idOf, range, rowOf, specOf } from '../unit/recording/recorded.ts';
import { killedRecordersLoseNothing } from './recording-crash.ts';

const ALL = { sinceMs: 0, untilMs: Number.POSITIVE_INFINITY };
const snapshot = { revision: 1, unitKey: '', rollouts: [] };

function createThread(directory: string) {
  const counts: Record<string, number> = {};
  const reports: RecordReport[] = [];
  const served: number[] = [];
  const count = (name: string, by = 1) => {
    counts[name] = (counts[name] ?? 0) + by;
  };
  const worker = new RoomWorker<RecordReport>({
    name: 'record',
    entry: new URL('../../src/threads/record-thread.ts', import.meta.url),
    start: (): RecordStart => ({ address: '', snapshot, recording: specOf(directory) }),
    onReport(report) {
      reports.push(report);
      for (const [name, by] of Object.entries(report.counters)) count(name, by);
    },
    onServing: () => served.push(reports.length),
    onChange: () => {},
    log: () => {},
  });
  onTestFinished(() => worker.stop(0));
  const link = () => {
    const { port1, port2 } = new MessageChannel();
    worker.usePort(port2);
    onTestFinished(() => port1.close());
    return createRecordingLink(port1, { ...LINK_LIMITS, count });
  };
  return { worker, link, counts, reports, served };
}

function newFolder(): string {
  const directory = mkdtempSync(join(tmpdir(), 'recording-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

async function idsIn(directory: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of readRows(directory, ALL)) ids.push(id);
  return ids;
}

test('what is offered is on disk when the record thread has stopped, though the stop came at once', async () => {
  const directory = newFolder();
  const { worker, link, counts, reports } = createThread(directory);
  await worker.start();
  const sender = link();
  for (const n of range(0, 25_000)) sender.offer(rowOf(n));
  const key = {
    rollout: 'ranker',
    release: 'a',
    weightBp: 0,
    arm: 'stable',
    shadow: '',
    segment: '',
    segmentValue: '',
  } as const;
  sender.offerBlock({ startMs: 1, durationMs: 10_000, cells: [{ key, arm: { ...emptyArm(), requests: 7 } }] });
  sender.flush();
  await worker.stop(5_000);
  expect(await idsIn(directory)).toEqual(range(0, 25_000).map(idOf));
  for await (const { cell } of readBlocks(directory, ALL, { cellFromJson }))
    expect(cell).toMatchObject({ arm: { requests: 7 } });
  expect(counts).toMatchObject({ 'recording.offered': 25_000, 'recording.rows': 25_000, 'recording.blocks': 1 });
  expect(reports.at(-1)).toMatchObject({ lastError: undefined });
  expect(reports.at(-1)?.bytesOnDisk).toBeGreaterThan(0);
});

test('a record thread that dies is started again and takes rows over a new channel; what was in flight is counted', async () => {
  const directory = newFolder();
  const { worker, link, counts, served } = createThread(directory);
  await worker.start();
  const sender = link();
  sender.offer(rowOf(1));
  sender.flush();
  // a message that it cannot read
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port1.close());
  worker.usePort(port2);
  port1.postMessage(null);
  await until(() => served.length === 2, { what: 'it serves again' });
  await until(() => counts['recording.unconfirmed'] === 1, { what: 'the row in flight is counted' });
  expect(sender.offer(rowOf(2))).toBe(false);
  const next = link();
  next.offer(rowOf(3));
  next.flush();
  await worker.stop(5_000);
  expect(await idsIn(directory)).toContain(idOf(3));
});

test('a folder that cannot be written neither stops the record thread nor keeps it from stopping', async () => {
  const { worker, link, counts, reports } = createThread('/proc/no/such/folder');
  await worker.start();
  const sender = link();
  sender.offer(rowOf(1));
  sender.flush();
  await until(() => reports.at(-1)?.lastError?.includes('ENOENT'), { what: 'the reason is reported' });
  expect(worker.state).toMatchObject({ state: 'serving', restarts: 0 });
  await worker.stop(1_000);
  expect(counts).toMatchObject({ 'recording.dropped-failed': 1 });
});

test('two threads are given a channel when both serve, and not before', () => {
  const given: unknown[] = [];
  const thread = (state: 'serving' | 'starting') => ({
    state: { name: 'x', state, revision: 1, restarts: 0 },
    usePort: (port: { close(): void }) => {
      given.push(port);
      port.close();
    },
  });
  connect(thread('serving'), thread('starting'));
  expect(given).toHaveLength(0);
  connect(thread('serving'), thread('serving'));
  expect(given).toHaveLength(2);
});

test('a recorder killed at any moment leaves every file readable, every safe row and block, and none twice', async () => {
  await killedRecordersLoseNothing(6, 1);
}, 120_000);
