import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../rig/free-port.ts';
import { until } from '../../rig/until.ts';
import { type BaselineCounter, MAX_BODY_BYTES, startBaselineUpstream } from '../../src/baseline/upstream.ts';
import type { Baseline, Snapshot } from '../../src/routing/snapshot.ts';
import { createBaselines } from '../../src/threads/baselines.ts';
import { rollout as rolloutOf } from '../unit/routing/rollout.ts';

const TOP = '{"items":["a","b","c"]}';

async function start(answer = TOP) {
  const counted: BaselineCounter[] = [];
  const upstream = await startBaselineUpstream('127.0.0.1:0', answer, (name) => counted.push(name));
  onTestFinished(() => upstream.stop(0));
  return { upstream, counted, url: `http://${upstream.address}` };
}

async function ask(url: string, init?: RequestInit) {
  const response = await fetch(url, init);
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

test('every path and method gets the same JSON, and a new one after a reload', async () => {
  const { upstream, counted, url } = await start();
  const answer = { status: 200, type: 'application/json', text: TOP };
  expect(await ask(`${url}/v1/rank?user=7`, { method: 'POST', body: '{"user":7}' })).toEqual(answer);
  expect(await ask(`${url}/anything`)).toEqual(answer);
  expect(await ask(url, { method: 'DELETE' })).toEqual(answer);
  upstream.use('{"score":"ü"}');
  expect((await ask(url)).text).toBe('{"score":"ü"}');
  expect(counted).toEqual(['answered', 'answered', 'answered', 'answered']);
});

test('GET /healthz is 200 and not the answer', async () => {
  const { url, counted } = await start();
  expect(await ask(`${url}/healthz`)).toMatchObject({ status: 200, text: 'ok\n' });
  expect(counted).toEqual([]);
});

test('a body is read to its end, so that the connection serves the next request', async () => {
  const { url } = await start();
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const sockets = new Set<unknown>();
  for (const size of [0, 1_000_000, 5]) {
    const request = http.request(url, { method: 'POST', agent });
    request.on('socket', (socket) => sockets.add(socket));
    request.end('x'.repeat(size));
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    response.resume();
    await once(response, 'end');
    expect(response.statusCode).toBe(200);
  }
  expect(sockets.size).toBe(1);
});

test('a body that does not end is answered and cut off at its bound, and counted', async () => {
  const { url, counted } = await start();
  const request = http.request(url, { method: 'POST' });
  request.on('error', () => {});
  const answered = once(request, 'response') as Promise<[http.IncomingMessage]>;
  const chunk = Buffer.alloc(1024 * 1024);
  let sent = 0;
  const more = () => {
    while (!request.destroyed && sent <= 2 * MAX_BODY_BYTES) {
      sent += chunk.length;
      if (!request.write(chunk)) return;
    }
  };
  request.on('drain', more);
  more();
  const [response] = await answered;
  expect(response.statusCode).toBe(200);
  expect(counted).toEqual(['too-large']);
  await once(request, 'close');
});

test('a client that breaks off or talks nonsense costs its connection only', async () => {
  const { upstream, url } = await start();
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => {});
  socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc');
  await once(socket, 'connect');
  socket.destroy();
  const nonsense = net.connect(Number(new URL(url).port), '127.0.0.1');
  nonsense.end('\0\0\0\r\n\r\n');
  await once(nonsense, 'data');
  expect((await ask(`http://${upstream.address}`)).text).toBe(TOP);
});

test('an address that is taken is refused by its name', async () => {
  const { upstream } = await start();
  await expect(startBaselineUpstream(upstream.address, TOP, () => {})).rejects.toThrow(
    `the baseline cannot be served at ${upstream.address}: `,
  );
});

function snapshotOf(revision: number, baselines: Record<string, Baseline>): Snapshot {
  const rollouts = Object.entries(baselines).map(([name, baseline]) => rolloutOf({ name, baseline }));
  return { revision, unitKey: '', rollouts };
}

function startThreads(first: Snapshot) {
  const newest = { snapshot: first };
  const log: string[] = [];
  const counters: Record<string, number> = {};
  const baselines = createBaselines({
    snapshot: () => newest.snapshot,
    onReport(report) {
      for (const [name, by] of Object.entries(report.counters)) counters[name] = (counters[name] ?? 0) + by;
    },
    onChange: () => {},
    log: (line) => log.push(line),
  });
  onTestFinished(() => baselines.stop(0));
  const change = async (snapshot: Snapshot) => {
    newest.snapshot = snapshot;
    for (const worker of baselines.workers()) worker.use(snapshot);
    await baselines.follow();
  };
  return { baselines, change, log, counters };
}

test('each rollout with a baseline has a thread that serves it, answers anew after a change and ends with it', async () => {
  const [one, two] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const { baselines, change, counters } = startThreads(
    snapshotOf(1, { ranker: { listen: one, answer: '1' }, process: { outcome: true } }),
  );
  await baselines.start();
  expect(baselines.workers().map(({ state }) => state)).toEqual([
    { name: 'baseline-ranker', state: 'serving', revision: 1, restarts: 0 },
  ]);
  expect((await ask(`http://${one}`)).text).toBe('1');

  await change(snapshotOf(2, { ranker: { listen: one, answer: '2' }, other: { listen: two, answer: '3' } }));
  await until(async () => (await ask(`http://${one}`)).text === '2', { what: 'the new answer' });
  expect((await ask(`http://${two}`)).text).toBe('3');

  await change(snapshotOf(3, { other: { listen: one, answer: '3' } }));
  expect(baselines.workers().map(({ state }) => state.name)).toEqual(['baseline-other']);
  expect((await ask(`http://${one}`)).text).toBe('3');
  await expect(fetch(`http://${two}`)).rejects.toThrow();
  await until(() => (counters['baseline.answered'] ?? 0) >= 3, { what: 'the answers are counted' });
});

test('a baseline that cannot listen stops the start, and after a reload is a line in the log and tried at the next change', async () => {
  const { upstream } = await start();
  const taken = snapshotOf(1, { ranker: { listen: upstream.address, answer: '1' } });
  await expect(startThreads(taken).baselines.start()).rejects.toThrow(
    `baseline-ranker: the baseline cannot be served at ${upstream.address}`,
  );

  const { baselines, change, log } = startThreads(snapshotOf(1, {}));
  await baselines.start();
  await change(taken);
  expect(log).toEqual([expect.stringMatching(/^baseline-ranker: .*; users of stable get no answer$/)]);
  expect(baselines.workers().map(({ state }) => state.state)).toEqual(['stopped']);
  await upstream.stop(0);
  await change(taken);
  expect((await ask(`http://${upstream.address}`)).text).toBe('1');
});
