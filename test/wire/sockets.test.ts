import { mkdtempSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { afterAll, describe, expect, test } from 'vitest';
import { freePort } from '../../rig/free-port.ts';
import { until } from '../../rig/until.ts';
import { listenAccessLogs } from '../../src/accesslog/service.ts';
import { listenHttp2 } from '../../src/extproc/http2-transport.ts';
import { type OpenCall, STATUS } from '../../src/extproc/transport.ts';
import { AccessLogServiceClient } from '../../src/gen/envoy/service/accesslog/v3/als.ts';
import { socketAddressOf } from '../../src/sockets/address.ts';
import { productionEntry } from '../unit/accesslog/entry.ts';

const folder = mkdtempSync(join(tmpdir(), 'understudy-sockets-'));
afterAll(() => rmSync(folder, { recursive: true }));

const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'));
const hosts = ['127.0.0.1', 'localhost', ...(hasIpv6 ? ['[::1]'] : [])];

/** Sends each message back. */
const echo: OpenCall = (call) => ({
  message: (bytes) => call.send(Buffer.from(bytes)),
  halfClosed: () => call.finish(STATUS.ok),
  closed() {},
});

function askEcho(target: string, text: string): Promise<string> {
  const client = new Client(target, credentials.createInsecure());
  const call = client.makeBidiStreamRequest<Buffer, Buffer>(
    '/echo/Echo',
    (value) => value,
    (value) => value,
  );
  let answer = '';
  return new Promise<string>((resolve, reject) => {
    call.on('data', (bytes: Buffer) => {
      answer += bytes;
    });
    call.on('error', reject);
    call.on('end', () => resolve(answer));
    call.end(Buffer.from(text));
  }).finally(() => client.close());
}

/** Sends one entry of the production log. */
function log(target: string): AccessLogServiceClient {
  const client = new AccessLogServiceClient(target, credentials.createInsecure());
  const call = client.streamAccessLogs(() => {});
  call.write({
    identifier: { node: undefined, logName: 'production' },
    logEntries: { $case: 'httpLogs', value: { logEntry: [productionEntry()] } },
  });
  return client;
}

/** Where a client finds what listens on `host`. */
const targetOf = (host: string, port: number) => `${host === 'localhost' ? '127.0.0.1' : host}:${port}`;

describe.each(hosts)('on a port of %s', (host) => {
  test('the decide transport answers, and the port is free again after close', async () => {
    const port = await freePort();
    for (const text of ['first', 'second']) {
      const listener = await listenHttp2(`${host}:${port}`, echo);
      expect(await askEcho(targetOf(host, port), text)).toBe(text);
      await listener.close(0);
    }
  });

  test('the observe transport hears, and the port is free again after close', async () => {
    const port = await freePort();
    for (const _ of ['first', 'second']) {
      const heard: string[] = [];
      const listener = await listenAccessLogs(`${host}:${port}`, (logName) => heard.push(logName));
      const client = log(targetOf(host, port));
      await until(() => heard.length > 0, { what: 'the entry arrives' });
      expect(heard).toEqual(['production']);
      client.close();
      await listener.close();
    }
  });

  test('a port that is taken is refused by both, with the reason, and left to who has it', async () => {
    const port = await freePort();
    const address = `${host}:${port}`;
    const first = await listenHttp2(address, echo);
    await expect(listenHttp2(address, echo)).rejects.toThrow(new Error(`${address} is in use`));
    await expect(listenAccessLogs(address, () => {})).rejects.toThrow(new Error(`${address} is in use`));
    expect(await askEcho(targetOf(host, port), 'still here')).toBe('still here');
    await first.close(0);
  });
});

test('an address that this machine does not have is refused, with the reason', async () => {
  const address = `192.0.2.1:${await freePort()}`;
  await expect(listenHttp2(address, echo)).rejects.toThrow(`${address} cannot be served: listen EADDRNOTAVAIL`);
  await expect(listenAccessLogs(address, () => {})).rejects.toThrow(`${address} cannot be served: `);
});

describe('an address is', () => {
  test.each([
    ['/run/understudy/decide.sock', { path: '/run/understudy/decide.sock' }],
    ['/run/a:1', { path: '/run/a:1' }],
    ['127.0.0.1:9001', { host: '127.0.0.1', port: 9001 }],
    ['localhost:9001', { host: '127.0.0.1', port: 9001 }],
    ['[::1]:9001', { host: '::1', port: 9001 }],
  ])('%s', (text, expected) => expect(socketAddressOf(text)).toEqual(expected));

  test.each(['', 'decide.sock', '127.0.0.1', '::1:9001', 'unix:/a', '127.0.0.1:', ':9001'])('never %j', (text) => {
    expect(() => socketAddressOf(text)).toThrow(
      `expected an absolute path or host:port, found ${JSON.stringify(text)}`,
    );
  });
});

test('a path is served and released as before', async () => {
  const path = join(folder, 'a.sock');
  const listener = await listenHttp2(path, echo);
  expect(await askEcho(`unix:${path}`, 'hello')).toBe('hello');
  await expect(listenAccessLogs(path, () => {})).rejects.toThrow(`another process serves ${path}`);
  await listener.close(0);
});
