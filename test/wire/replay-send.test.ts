import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { RecordedRequest } from '../../src/recording/row.ts';
import { createSender } from '../../src/replay/send.ts';

const POST: RecordedRequest = {
  method: 'POST',
  path: '/rank?q=1',
  contentType: 'application/json',
  body: '{"name":"ü"}',
  redacted: false,
};

async function candidate(listener: http.RequestListener, { prefix = '', timeoutMs = 5_000 } = {}) {
  const server = http.createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const to = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`);
  const sender = createSender({ to, timeoutMs, maxInFlight: 4, headers: { authorization: 'Bearer x' } });
  onTestFinished(() => {
    sender.close();
    server.closeAllConnections();
    server.close();
  });
  return sender;
}

test('a request goes out as it was recorded, marked as a copy, over a connection that is kept', async () => {
  const seen: unknown[] = [];
  const ports = new Set<number | undefined>();
  const sender = await candidate(
    (request, response) => {
      let body = '';
      ports.add(request.socket.remotePort);
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        const { method, url, headers } = request;
        seen.push({ method, url, body, headers });
        response.writeHead(200, { 'content-type': 'application/json', 'x-fetch': '3' }).end('{"score":1}');
      });
    },
    { prefix: '/base/' },
  );
  const { answer, error } = await sender.send(POST, 'a'.repeat(32));
  await sender.send({ ...POST, method: 'GET', body: '' }, 'b'.repeat(32));
  expect(error).toBeUndefined();
  expect(answer).toMatchObject({ status: 200, headers: { 'x-fetch': '3' }, body: { json: true, unread: undefined } });
  expect(answer.body?.bytes.toString()).toBe('{"score":1}');
  expect(answer.latencyMs).toBeGreaterThan(0);
  expect(seen[0]).toMatchObject({ method: 'POST', url: '/base/rank?q=1', body: POST.body });
  expect(seen[0]).toHaveProperty(
    'headers',
    expect.objectContaining({
      'x-shadowed': '1',
      'x-understudy-id': 'a'.repeat(32),
      'x-understudy-role': 'replay',
      'content-type': 'application/json',
      authorization: 'Bearer x',
    }),
  );
  expect(seen[1]).toMatchObject({ method: 'GET', body: '' });
  expect(ports.size).toBe(1);
});

test('a redirect is an answer and is not followed', async () => {
  let asked = 0;
  const sender = await candidate((_, response) => {
    asked++;
    response.writeHead(302, { location: '/elsewhere' }).end();
  });
  expect((await sender.send(POST, 'x')).answer.status).toBe(302);
  expect(asked).toBe(1);
});

test('errors have the kinds that live exchanges have', async () => {
  const status = await candidate((_, response) => response.writeHead(503).end());
  expect(await status.send(POST, 'x')).toMatchObject({ error: 'http-5xx', answer: { status: 503 } });
  const refused = await candidate((_, response) => response.writeHead(404).end());
  expect(await refused.send(POST, 'x')).toMatchObject({ error: undefined, answer: { status: 404 } });
  const hanging = await candidate(() => {}, { timeoutMs: 50 });
  expect(await hanging.send(POST, 'x')).toMatchObject({ error: 'timeout', answer: { status: 0, body: undefined } });
  const cutting = await candidate((request) => request.socket.destroy());
  expect(await cutting.send(POST, 'x')).toMatchObject({ error: 'reset', answer: { status: 0 } });
  const half = await candidate((request, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('half');
    setImmediate(() => request.socket.destroy());
  });
  expect(await half.send(POST, 'x')).toMatchObject({ error: 'reset', answer: { status: 0 } });
  const options = { to: new URL('http://127.0.0.1:1'), timeoutMs: 5_000, maxInFlight: 1, headers: {} };
  expect(await createSender(options).send(POST, 'x')).toMatchObject({ error: 'unavailable' });
});

test('an answer that is longer than 4 MiB or encoded says so', async () => {
  const long = await candidate((_, response) => response.end(Buffer.alloc(5 * 1024 * 1024)));
  expect((await long.send(POST, 'x')).answer.body?.unread).toBe('too-large');
  const gzip = await candidate((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'));
  expect((await gzip.send(POST, 'x')).answer.body?.unread).toBe('encoded');
});
