import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { networkInterfaces } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../../rig/until.ts';
import { startMetricsServer } from '../../src/metrics/server.ts';

const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ family }) => family === 'IPv6'),
);

async function start(pages: { metrics?: () => string; unready?: () => string[] } = {}, timeoutMs?: number) {
  const { metrics = () => 'x 1\n', unready = () => [] } = pages;
  const server = await startMetricsServer('127.0.0.1:0', { metrics, unready }, timeoutMs);
  onTestFinished(() => server.close());
  return server;
}

async function ask(url: string, method = 'GET') {
  const response = await fetch(url, { method });
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

async function connect(url: string): Promise<net.Socket> {
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

test('/metrics is the text format, with or without a query', async () => {
  const { url } = await start();
  const page = { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', text: 'x 1\n' };
  expect(await ask(`${url}/metrics`)).toEqual(page);
  expect(await ask(`${url}/metrics?name[]=x`)).toEqual(page);
});

test('/healthz answers as long as the process does, ready or not', async () => {
  const { url } = await start({ unready: () => ['observe is starting'] });
  expect(await ask(`${url}/healthz`)).toMatchObject({ status: 200, text: 'ok\n' });
});

test('/readyz is 200, or 503 with every reason', async () => {
  const reasons: string[] = ['decide-0 is starting', 'observe is stopped'];
  const { url } = await start({ unready: () => reasons });
  expect(await ask(`${url}/readyz`)).toMatchObject({ status: 503, text: 'decide-0 is starting\nobserve is stopped\n' });
  reasons.length = 0;
  expect(await ask(`${url}/readyz`)).toMatchObject({ status: 200, text: 'ready\n' });
});

test('HEAD is GET without the text', async () => {
  const { url } = await start();
  expect(await ask(`${url}/metrics`, 'HEAD')).toMatchObject({ status: 200, text: '' });
});

test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('%s is 405 and says what is allowed', async (method) => {
  const { url } = await start();
  const response = await fetch(`${url}/metrics`, { method });
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});

test.each(['/', '/metrics/', '/Metrics', '/metricsx', '//metrics', '/%6detrics', '*'])('%s is 404', async (path) => {
  const { port } = new URL((await start()).url);
  const request = http.get({ host: '127.0.0.1', port, path });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  response.resume();
  expect(response.statusCode).toBe(404);
});

test('a page that cannot be made is a 500, and the next one is made', async () => {
  let broken = true;
  const metrics = () => {
    if (broken) throw new Error('broken on purpose');
    return 'x 1\n';
  };
  const { url } = await start({ metrics });
  expect(await ask(`${url}/metrics`)).toMatchObject({ status: 500, text: 'broken on purpose\n' });
  broken = false;
  expect(await ask(`${url}/metrics`)).toMatchObject({ status: 200 });
});

test('a client that never ends its request is cut off', async () => {
  const { url } = await start({}, 200);
  const socket = await connect(url);
  socket.write('GET /metrics HTTP/1.1\r\nhost: x\r\n');
  socket.resume();
  await once(socket, 'close');
  expect(await ask(`${url}/healthz`)).toMatchObject({ status: 200 });
});

test('a client that reads nothing of a long page is cut off', async () => {
  const { url } = await start({ metrics: () => 'x'.repeat(16 * 1024 * 1024) }, 200);
  const theirs = new Promise<net.Socket>((resolve) => {
    const accepted = (message: unknown) => resolve((message as { socket: net.Socket }).socket);
    subscribe('net.server.socket', accepted);
    onTestFinished(() => void unsubscribe('net.server.socket', accepted));
  });
  const socket = await connect(url);
  socket.pause();
  socket.write('GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n');
  await once(await theirs, 'close');
});

test('beyond 32 connections the next is turned away, until one has gone', async () => {
  const { url } = await start();
  const sockets = await Promise.all(Array.from({ length: 32 }, () => connect(url)));
  const surplus = await connect(url);
  surplus.resume();
  await once(surplus, 'close');
  sockets[0]?.destroy();
  await until(async () => (await ask(`${url}/healthz`)).status === 200, { what: 'there is room again' });
});

test('nonsense on the port costs one connection', async () => {
  const { url } = await start();
  const socket = await connect(url);
  socket.write('\x16\x03\x01 this is TLS\r\n\r\n');
  socket.resume();
  await once(socket, 'close');
  expect(await ask(`${url}/healthz`)).toMatchObject({ status: 200 });
});

test('an address that is taken is named', async () => {
  const { url } = await start();
  const listen = new URL(url).host;
  const pages = { metrics: () => '', unready: () => [] };
  await expect(startMetricsServer(listen, pages)).rejects.toThrow(`metrics cannot be served at ${listen}: `);
});

test.skipIf(!hasIpv6)('an IPv6 address is written in brackets, as in a URL', async () => {
  const server = await startMetricsServer('[::1]:0', { metrics: () => '', unready: () => [] });
  onTestFinished(() => server.close());
  expect(await ask(`${server.url}/healthz`)).toMatchObject({ status: 200 });
});

test('closing does not wait for connections that stay open', async () => {
  const server = await startMetricsServer('127.0.0.1:0', { metrics: () => '', unready: () => [] });
  const socket = await connect(server.url);
  socket.resume();
  await Promise.all([once(socket, 'close'), server.close()]);
});
