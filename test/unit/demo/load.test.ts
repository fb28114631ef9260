import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { type Answer, type Load, startLoad } from '../../../demo/load.ts';
import { startModelServer } from '../../../demo/models/server.ts';

const host = '127.0.0.1';

test('every request sent is counted once, by outcome and by the version that answered', async () => {
  const server = await startModelServer({ version: 'v1', port: 0, host });
  const answers: Answer[] = [];
  const load = await loadUntil(20, { port: server.port, maxInFlight: 50, onAnswer: (answer) => answers.push(answer) });
  await server.close();
  const { sent, ok, failed, byVersion } = load.counts();
  expect({ ok, failed, byVersion }).toEqual({ ok: sent, failed: 0, byVersion: { v1: sent } });
  expect(answers).toHaveLength(sent);
  expect(answers[0]).toEqual({
    user: expect.stringMatching(/^user-\d{5}$/),
    state: expect.stringMatching(/^[A-Z]{2}$/),
    version: 'v1',
    status: 200,
    latencyMs: expect.any(Number),
  });
  expect(load.quantile(0)).toBeGreaterThan(0);
  expect(load.quantile(0)).toBeLessThanOrEqual(load.quantile(0.5));
  expect(load.quantile(0.5)).toBeLessThanOrEqual(load.quantile(1));
});

test('with too many open, what is due is skipped and counted, and stop waits for the open ones', async () => {
  let answerAll = () => {};
  const held = new Promise<void>((resolve) => {
    answerAll = resolve;
  });
  let most = 0;
  let open = 0;
  const server = createServer(async (_, response) => {
    most = Math.max(most, ++open);
    await held;
    open--;
    response.end();
  });
  const port = await listen(server);
  const load = startLoad({ host, port, ratePerSecond: 2000, maxInFlight: 3 });
  await expect.poll(() => load.counts().skipped, { interval: 5 }).toBeGreaterThan(10);
  expect(load.quantile(0.5)).toBeNaN();
  answerAll();
  await load.stop();
  server.close();
  const { sent, ok, byVersion } = load.counts();
  expect(most).toBeLessThanOrEqual(3);
  expect(ok).toBe(sent);
  expect(byVersion).toEqual({});
});

test('an answer that is an error and a target that is not there are failures, not exceptions', async () => {
  const server = createServer((_, response) => void response.writeHead(503).end());
  const port = await listen(server);
  const refused = (await loadUntil(5, { port, maxInFlight: 5 })).counts();
  expect(refused).toMatchObject({ ok: 0, failed: refused.sent });
  await new Promise((resolve) => server.close(resolve));
  const absent = (await loadUntil(5, { port, maxInFlight: 5 })).counts();
  expect(absent).toMatchObject({ ok: 0, failed: absent.sent });
});

async function loadUntil(
  sent: number,
  options: { port: number; maxInFlight: number; onAnswer?: (answer: Answer) => void },
): Promise<Load> {
  const load = startLoad({ host, ratePerSecond: 500, ...options });
  await expect.poll(() => load.counts().sent, { interval: 5 }).toBeGreaterThanOrEqual(sent);
  await load.stop();
  return load;
}

async function listen(server: ReturnType<typeof createServer>): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, host, resolve));
  return (server.address() as AddressInfo).port;
}
