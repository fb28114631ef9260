import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../../rig/until.ts';
import { add, openTestStore, start, startReceiver, webhook } from './notifications-stage.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const HOUR_MS = 3_600_000;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'understudy-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test('a receiver can prove that a message is ours, and when it was sent', async () => {
  const receiver = await startReceiver();
  const store = openTestStore();
  const { notifier } = start(store, [webhook(receiver.url, { secret: { env: 'HOOK' } })], { env: { HOOK: SECRET } });
  add(store, {});
  notifier.tick();
  const { headers, body } = await until(() => receiver.received[0], { what: 'a message' });
  // as its libraries do it
  const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64');
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  expect(headers).toMatchObject({
    ...{ 'webhook-id': 'abc-1', 'webhook-timestamp': '1700000001' },
    ...{ 'content-type': 'application/json', 'user-agent': 'understudy/0.0.0' },
  });
  expect(JSON.parse(body)).toMatchObject({ type: 'rollout.phase', data: { event: 1, kind: 'rollback-started' } });
});

test('a new webhook begins with the next event, and is told what it asked for only, in order and one at a time', async () => {
  const receiver = await startReceiver();
  receiver.reply = (response) => void setImmediate(() => response.writeHead(200).end('ok'));
  const store = openTestStore();
  add(store, {}, {});
  const { notifier, counted } = start(store, [webhook(receiver.url, { rollouts: ['ranker'] })]);
  add(store, { kind: 'promoted' }, { kind: 'weight-set' }, { rollout: 'search' }, { kind: 'guard-failed' });
  add(store, ...Array(40).fill({ kind: 'spec-changed' }), { kind: 'completed' }, { rollout: 'search' });
  notifier.tick();
  await until(() => store.deliveries()[0]?.event === 48, { what: 'everything looked at' });
  expect(receiver.numbers()).toEqual([3, 6, 47]);
  expect(receiver.mostOpen()).toBe(1);
  expect(counted('told')).toBe(3);
});

test('a message that is not taken is sent again, later each time, before any other', async () => {
  const receiver = await startReceiver();
  let status = 500;
  receiver.reply = (response) => response.writeHead(status).end();
  const store = openTestStore();
  const { notifier, pass, counted, logged } = start(store, [webhook(receiver.url)]);
  add(store, {}, {});
  notifier.tick();
  await until(() => counted('failed') === 1, { what: 'the first try' });
  for (const [tries, waitMs] of [2_000, 4_000, 8_000].entries()) {
    pass(waitMs - 1);
    expect(receiver.received).toHaveLength(tries + 1);
    pass(1);
    await until(() => counted('failed') === tries + 2, { what: 'the next try' });
  }
  status = 200;
  pass(16_000);
  await until(() => counted('told') === 2, { what: 'both told' });
  expect(receiver.numbers()).toEqual([1, 1, 1, 1, 1, 2]);
  const [first, second] = receiver.received;
  expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
  expect(Number(second?.headers['webhook-timestamp'])).toBe(Number(first?.headers['webhook-timestamp']) + 2);
  expect(logged).toEqual(['webhook chat: HTTP 500; it is told again later', 'webhook chat: answers again']);
});

test('after a restart it goes on where it was: nothing is lost, and nothing told twice', async () => {
  const receiver = await startReceiver();
  let status = 200;
  receiver.reply = (response) => response.writeHead(status).end();
  const path = join(folder(), 'understudy.db');
  const before = openTestStore(path);
  const first = start(before, [webhook(receiver.url)]);
  add(before, {}, {});
  first.notifier.tick();
  await until(() => first.counted('told') === 2, { what: 'two told' });
  status = 503;
  add(before, {});
  first.notifier.tick();
  await until(() => first.counted('failed') === 1, { what: 'one refused' });
  await first.notifier.stop();
  add(before, {});
  before.close();

  status = 200;
  const after = openTestStore(path);
  const second = start(after, [webhook(receiver.url)]);
  await until(() => second.counted('told') === 2, { what: 'the rest told' });
  expect(receiver.numbers()).toEqual([1, 2, 3, 3, 4]);
});

test('when it cannot be noted what was told, telling goes on; a restart then tells it again under the same id', async () => {
  const receiver = await startReceiver();
  const store = openTestStore();
  let isFull = false;
  const noteDelivery = (name: string, event: number) => {
    if (isFull) throw new Error('disk is full');
    store.noteDelivery(name, event);
  };
  const first = start(store, [webhook(receiver.url)], { deliveries: { ...store, noteDelivery } });
  await until(() => store.deliveries()[0]?.event === 0, { what: 'the beginning' });
  isFull = true;
  add(store, {}, {});
  first.notifier.tick();
  await until(() => first.counted('told') === 2, { what: 'both told' });
  expect(store.deliveries()).toEqual([{ webhook: 'chat', event: 0 }]);
  expect(first.logged).toEqual(['webhook chat: what it was told cannot be stored: disk is full']);

  const second = start(store, [webhook(receiver.url)]);
  await until(() => second.counted('told') === 2, { what: 'both told again' });
  const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
  expect(ids).toEqual(['abc-1', 'abc-2', 'abc-1', 'abc-2']);

  isFull = false;
  store.noteDelivery('chat', 0);
  first.pass(5_000);
  await until(() => store.deliveries()[0]?.event === 2, { what: 'noted later' });
});

test('while it is down for days, an event is given up a day after it happened, and the newer ones are kept', async () => {
  const receiver = await startReceiver();
  let status = 500;
  receiver.reply = (response) => response.writeHead(status).end();
  const store = openTestStore();
  const { clock, notifier, pass, counted, logged } = start(store, [webhook(receiver.url)]);
  add(store, { timeMs: clock.wallMs }, { timeMs: clock.wallMs + HOUR_MS });
  notifier.tick();
  await until(() => counted('failed') === 1, { what: 'the first try' });
  pass(24 * HOUR_MS);
  await until(() => counted('failed') === 2, { what: 'the last try of a day' });
  expect(counted('given-up')).toBe(0);
  pass(HOUR_MS);
  await until(() => counted('given-up') === 1, { what: 'given up' });
  expect(logged.at(-1)).toBe('webhook chat: event 1 is given up, as it is more than 24 h old');
  status = 200;
  pass(HOUR_MS);
  await until(() => counted('told') === 1, { what: 'the other is told' });
  expect(receiver.numbers()).toEqual([1, 1, 1, 2]);
});

test('of more than 10,000 events that wait the oldest are skipped, and counted', async () => {
  const store = openTestStore();
  const told: string[] = [];
  const { notifier, counted } = start(store, [webhook('http://localhost:1/')], {
    async post({ headers }) {
      told.push(headers['webhook-id'] ?? '');
      return { result: 'failed', reason: 'down' };
    },
  });
  add(store, ...Array(10_050).fill({}));
  notifier.tick();
  await until(() => counted('failed') === 1, { what: 'the first try' });
  expect(told).toEqual(['abc-51']);
  expect(counted('skipped')).toBe(50);
});

test('who answers 410 is told nothing more, until a restart or at another url', async () => {
  const receiver = await startReceiver();
  receiver.reply = (response, { path }) => response.writeHead(path === '/new' ? 200 : 410).end();
  const store = openTestStore();
  const { notifier, pass, counted } = start(store, [webhook(receiver.url)]);
  add(store, {});
  notifier.tick();
  await until(() => counted('gone') === 1, { what: '410' });
  pass(24 * HOUR_MS);
  notifier.use([webhook(receiver.url)]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(counted('failed')).toBe(0);
  notifier.use([webhook(new URL('/new', receiver.url).href)]);
  await until(() => counted('told') === 1, { what: 'told at the other url' });
  expect(receiver.received.map(({ path }) => path)).toEqual(['/secret-path', '/new']);

  const restarted = start(store, [webhook(receiver.url)]);
  add(store, {});
  restarted.notifier.tick();
  await until(() => restarted.counted('gone') === 1, { what: '410 again' });
});

test('an answer that comes when the webhook has another url already ends nothing there', async () => {
  const receiver = await startReceiver();
  const waiting: (() => void)[] = [];
  receiver.reply = (response, { path }) => {
    if (path === '/new') response.writeHead(200).end();
    else waiting.push(() => response.writeHead(410).end());
  };
  const store = openTestStore();
  const { notifier, counted } = start(store, [webhook(receiver.url)]);
  add(store, {});
  notifier.tick();
  await until(() => waiting.length === 1, { what: 'asked at the old url' });
  notifier.use([webhook(new URL('/new', receiver.url).href)]);
  waiting[0]?.();
  await until(() => counted('told') + counted('gone') === 1, { what: 'an answer' });
  expect(counted('told')).toBe(1);
});

test('a redirect is not followed', async () => {
  const receiver = await startReceiver();
  receiver.reply = (response) => response.writeHead(307, { location: '/elsewhere' }).end();
  const store = openTestStore();
  const { notifier, counted, logged } = start(store, [webhook(receiver.url)]);
  add(store, {});
  notifier.tick();
  await until(() => counted('failed') === 1, { what: 'refused' });
  expect(receiver.received.map(({ path }) => path)).toEqual(['/secret-path']);
  expect(logged).toEqual(['webhook chat: HTTP 307: redirects are not followed; it is told again later']);
});

test('an answer whose body never ends is an answer', async () => {
  const receiver = await startReceiver();
  receiver.reply = (response) => {
    response.writeHead(200);
    response.write('x'.repeat(1_000));
  };
  const store = openTestStore();
  const { notifier, counted } = start(store, [webhook(receiver.url)]);
  add(store, {}, {});
  notifier.tick();
  await until(() => counted('told') === 2, { what: 'both told' });
});

test('one that hangs holds up no other, and is given up in time', async () => {
  const [hanging, other] = await Promise.all([startReceiver(), startReceiver()]);
  hanging.reply = () => {};
  const store = openTestStore();
  const both = [webhook(hanging.url), webhook(other.url, { name: 'other' })];
  const { notifier, counted, logged } = start(store, both, { timeoutMs: 100 });
  add(store, {}, {});
  notifier.tick();
  await until(() => other.numbers().length === 2, { what: 'the other is told' });
  await until(() => counted('failed') === 1, { what: 'the one that hangs' });
  expect(hanging.numbers()).toEqual([1]);
  expect(logged).toEqual(['webhook chat: no answer in time; it is told again later']);
});

test('a stop waits for nobody, and what was in flight is told after the next start', async () => {
  const receiver = await startReceiver();
  receiver.reply = () => {};
  const store = openTestStore();
  const first = start(store, [webhook(receiver.url)], { timeoutMs: 3_600_000 });
  add(store, {});
  first.notifier.tick();
  await until(() => receiver.received.length === 1, { what: 'a request in flight' });
  await first.notifier.stop();
  expect(first.counted('failed')).toBe(0);
  receiver.reply = (response) => response.writeHead(200).end();
  const second = start(store, [webhook(receiver.url)]);
  await until(() => second.counted('told') === 1, { what: 'told after the start' });
  expect(receiver.numbers()).toEqual([1, 1]);
});

test('without its secret nothing is sent; it is looked for each time', async () => {
  const receiver = await startReceiver();
  const file = join(folder(), 'secret');
  const store = openTestStore();
  const { notifier, pass, counted, logged } = start(store, [webhook(receiver.url, { secret: { file } })]);
  await until(() => logged.length > 0, { what: 'said at the start' });
  expect(logged).toEqual([`webhook chat: its secret cannot be used: ${file}: ENOENT`]);
  add(store, {});
  notifier.tick();
  await until(() => counted('failed') === 1, { what: 'the first try' });
  expect(receiver.received).toEqual([]);
  writeFileSync(file, `${SECRET}\n`);
  pass(2_000);
  await until(() => counted('told') === 1, { what: 'told' });
  expect(receiver.received[0]?.headers['webhook-signature']).toMatch(/^v1,/);
});

test('one that is taken away in the middle of a message is forgotten; if it comes back it begins with the next event', async () => {
  const receiver = await startReceiver();
  const ranker = webhook(receiver.url, { rollouts: ['ranker'] });
  let isCut = false;
  receiver.reply = (response) =>
    response.on('close', () => {
      isCut = true;
    });
  const store = openTestStore();
  const { notifier, counted } = start(store, [ranker]);
  await until(() => store.deliveries().length === 1, { what: 'the beginning' });
  add(store, ...Array(20).fill({ rollout: 'search' }), {});
  notifier.tick();
  await until(() => receiver.received.length === 1, { what: 'a request in flight' });
  notifier.use([]);
  await until(() => isCut, { what: 'the request is given up' });
  expect(store.deliveries()).toEqual([]);
  receiver.reply = (response) => response.writeHead(200).end();
  notifier.use([ranker]);
  add(store, {});
  notifier.tick();
  await until(() => counted('told') === 1, { what: 'told' });
  expect(receiver.numbers()).toEqual([21, 22]);
});

test('the url, which may be a secret, is not logged, whatever goes wrong', async () => {
  const [receiver, closed] = await Promise.all([startReceiver(), startReceiver()]);
  await closed.close();
  const store = openTestStore();
  const { notifier, pass, counted, logged } = start(store, [webhook(closed.url)]);
  add(store, {});
  notifier.tick();
  await until(() => counted('failed') === 1, { what: 'no connection' });
  receiver.reply = (response) => response.destroy();
  notifier.use([webhook(receiver.url)]);
  await until(() => counted('failed') === 2, { what: 'cut off' });
  receiver.reply = (response) => response.writeHead(410).end();
  pass(2_000);
  await until(() => counted('gone') === 1, { what: '410' });
  expect(logged).toHaveLength(3);
  expect(logged[0]).toBe('webhook chat: ECONNREFUSED; it is told again later');
  expect(logged.join()).not.toContain('secret-path');
  expect(logged.join()).not.toContain('127.0.0.1');
});
