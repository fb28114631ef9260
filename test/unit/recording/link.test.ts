import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { expect, onTestFinished, test, vi } from 'vitest';
import { until } from '../../../rig/until.ts';
import { createRecordingLink, type ToRecorder } from '../../../src/recording/link.ts';
import { blockOf, cellOf, counting, NOON_MS, range, rowOf } from './recorded.ts';

function link(limits: { maxRowsInFlight?: number; maxBytesInFlight?: number } = {}) {
  const { port1, port2 } = new MessageChannel();
  const { counts, count } = counting();
  const sender = createRecordingLink(port1, { maxRowsInFlight: 1_000, maxBytesInFlight: 2 ** 20, count, ...limits });
  onTestFinished(() => {
    port1.close();
    port2.close();
  });
  const receive = (): ToRecorder | undefined => receiveMessageOnPort(port2)?.message;
  return { sender, port2, counts, receive };
}

test('rows are sent in batches, as JSON, in their order', async () => {
  const { sender, receive } = link();
  for (const n of range(0, 250)) sender.offer(rowOf(n));
  const first = receive();
  expect(first?.type === 'rows' && first.rows.map((text) => JSON.parse(text).timeMs - NOON_MS)).toEqual(range(0, 200));
  expect(receive()).toBeUndefined();
  const second = await until(receive, { what: 'the rest is sent by itself' });
  expect(second).toMatchObject({ type: 'rows', rows: { length: 50 } });
});

test('what was offered last is sent though its thread has nothing more to do', async () => {
  const module = new URL('../../../src/recording/link.ts', import.meta.url).href;
  const code = `
    import { workerData } from 'node:worker_threads';
    import { createRecordingLink } from '${module}';
    createRecordingLink(workerData, { maxRowsInFlight: 9, maxBytesInFlight: 999, count() {} }).offer({ id: 'last' });`;
  const { port1, port2 } = new MessageChannel();
  onTestFinished(() => port2.close());
  const entry = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
  const worker = new Worker(entry, { workerData: port1, transferList: [port1] });
  await new Promise((resolve) => worker.once('exit', resolve));
  expect(receiveMessageOnPort(port2)?.message).toMatchObject({ rows: ['{"id":"last"}'] });
});

test('beyond the bounds rows are dropped and counted, until the recorder has written', async () => {
  const { sender, receive, port2, counts } = link({ maxRowsInFlight: 3 });
  expect(range(0, 5).map((n) => sender.offer(rowOf(n)))).toEqual([true, true, true, false, false]);
  expect(counts).toEqual({ 'recording.offered': 5, 'recording.dropped-busy': 2 });
  sender.flush();
  const sent = receive();
  port2.postMessage({ rows: 3, characters: sent?.type === 'rows' ? sent.characters : 0, blocks: 0 });
  await until(() => sender.offer(rowOf(9)), { what: 'there is room again' });
});

test('large rows are bounded by their size', () => {
  const { sender, counts } = link({ maxBytesInFlight: 10_000 });
  const large = rowOf(1, { fields: 'x'.repeat(6_000) });
  expect(range(0, 4).map(() => sender.offer(large))).toEqual([true, true, false, false]);
  expect(counts).toMatchObject({ 'recording.dropped-busy': 2 });
});

test('blocks are bounded, and what is beyond is counted', () => {
  const { sender, counts } = link();
  const sent = range(0, 100).filter(() => sender.offerBlock(blockOf(NOON_MS, [cellOf(1)])));
  expect(sent).toHaveLength(60);
  expect(counts).toEqual({ 'recording.dropped-blocks': 40 });
});

test('when the recorder dies, what it had not written is counted, and nothing throws or is held afterwards', async () => {
  const { sender, port2, counts } = link();
  for (const n of range(0, 10)) sender.offer(rowOf(n));
  sender.offerBlock(blockOf(NOON_MS, []));
  port2.close();
  await vi.waitUntil(() => counts['recording.unconfirmed'] === 10);
  expect(sender.offer(rowOf(11))).toBe(false);
  expect(sender.offerBlock(blockOf(NOON_MS, []))).toBe(false);
  sender.flush();
  sender.close();
  expect(counts).toEqual({
    'recording.offered': 11,
    'recording.unconfirmed': 10,
    'recording.dropped-busy': 1,
    'recording.dropped-blocks': 2,
  });
});
