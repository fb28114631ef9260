import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type PeerCertificate } from 'node:tls';
import { credentials, Metadata, Server } from '@grpc/grpc-js';
import { expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../rig/free-port.ts';
import { listenAccessLogs } from '../../src/accesslog/service.ts';
import { AccessLogServiceClient } from '../../src/gen/envoy/service/accesslog/v3/als.ts';
import { bindGrpc } from '../../src/sockets/bind-grpc.ts';
import { createTls, readTls, type TlsFiles } from '../../src/sockets/tls.ts';

const fixtures = join(import.meta.dirname, '../fixtures/tls');
const pem = (name: string) => readFileSync(join(fixtures, name));

/** A folder of its own with the server's certificate, its key and the root of clients. */
function copied(): TlsFiles {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const files = {
    certificate: join(folder, 'cert.pem'),
    key: join(folder, 'key.pem'),
    clientCa: join(folder, 'ca.pem'),
  };
  copyFileSync(join(fixtures, 'server.pem'), files.certificate);
  copyFileSync(join(fixtures, 'server.key'), files.key);
  copyFileSync(join(fixtures, 'ca.pem'), files.clientCa);
  chmodSync(files.key, 0o600);
  return files;
}

test('a file that is missing or wrong is named', () => {
  const files = copied();
  const said = (changes: Partial<TlsFiles>) => () => readTls({ ...files, ...changes }, () => {});
  const [other, nonsense] = [join(fixtures, 'renewed.key'), `${files.key}.txt`];
  writeFileSync(nonsense, 'hello');
  expect(said({})).not.toThrow();
  expect(said({ certificate: '/nowhere.pem' })).toThrow(new Error('/nowhere.pem cannot be read: ENOENT'));
  expect(said({ certificate: nonsense })).toThrow(`${nonsense}: expected a certificate in PEM, found something else`);
  expect(said({ key: nonsense })).toThrow(`${nonsense}: expected a private key in PEM, without a passphrase`);
  expect(said({ key: other })).toThrow(`${other}: expected the key of ${files.certificate}, found another one`);
  expect(said({ clientCa: nonsense })).toThrow(`${nonsense}: expected a certificate in PEM, found something else`);
});

test('a key that everybody can read is said, one that the group can is not', () => {
  const files = copied();
  const lines: string[] = [];
  chmodSync(files.key, 0o640);
  readTls(files, (line) => lines.push(line));
  expect(lines).toEqual([]);
  chmodSync(files.key, 0o644);
  readTls(files, (line) => lines.push(line));
  expect(lines).toEqual([`${files.key} can be read by every user of this machine`]);
});

/** What a server shows to somebody who comes now. */
function shownBy(port: number): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      port,
      host: '127.0.0.1',
      servername: 'localhost',
      ca: pem('ca.pem'),
      ALPNProtocols: ['h2'],
    });
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      resolve(socket.getPeerCertificate());
      socket.destroy();
    });
  });
}

test('new files are taken while it serves, a pair that does not fit is not', async () => {
  const files = copied();
  const lines: string[] = [];
  const tls = createTls(files, { mustShow: false, log: (line) => lines.push(line) });
  const server = new Server();
  onTestFinished(() => {
    tls.stop();
    server.forceShutdown();
  });
  const port = await bindGrpc(server, { host: '127.0.0.1', port: 0 }, tls.credentials);
  expect((await shownBy(port)).subject.CN).toBe('understudy');
  tls.refresh();
  expect(lines).toEqual([]);

  copyFileSync(join(fixtures, 'renewed.pem'), files.certificate);
  tls.refresh();
  expect(lines).toEqual([
    `${files.key}: expected the key of ${files.certificate}, found another one; the certificate from before stays`,
  ]);
  expect((await shownBy(port)).subject.CN).toBe('understudy');

  // its mode stays
  writeFileSync(files.key, pem('renewed.key'));
  tls.refresh();
  expect(lines.slice(1)).toEqual([`certificate ${files.certificate} was read again`]);
  expect((await shownBy(port)).subject.CN).toBe('renewed');

  rmSync(files.key);
  tls.refresh();
  expect(lines.slice(2)).toEqual([`${files.key} cannot be read: ENOENT; the certificate from before stays`]);
  expect((await shownBy(port)).subject.CN).toBe('renewed');

  symlinkSync(files.key, files.key);
  tls.refresh();
  expect(lines.slice(3)).toEqual([`${files.key} cannot be read: ELOOP; the certificate from before stays`]);
  tls.refresh();
  expect(lines).toHaveLength(4);
});

/** Sends one empty log entry; `OK` or the details of the failure. */
function sendLog(port: number, who: string | undefined): Promise<string> {
  const [key, certificate] = who === undefined ? [null, null] : [pem(`${who}.key`), pem(`${who}.pem`)];
  const client = new AccessLogServiceClient(
    `localhost:${port}`,
    credentials.createSsl(pem('ca.pem'), key, certificate),
  );
  return new Promise((resolve) => {
    const call = client.streamAccessLogs(new Metadata(), { deadline: Date.now() + 10_000 }, (error) => {
      client.close();
      resolve(error === null ? 'OK' : error.details);
    });
    call.on('error', () => {});
    call.write({
      identifier: { node: undefined, logName: who ?? 'nobody' },
      logEntries: {
        $case: 'httpLogs',
        value: {
          logEntry: [
            { commonProperties: undefined, protocolVersion: 0, request: undefined, response: undefined } as never,
          ],
        },
      },
    });
    call.end();
  });
}

test('with a clientCa only those with a certificate of it write log entries', async () => {
  const heard: string[] = [];
  const port = await freePort();
  const listener = await listenAccessLogs(`127.0.0.1:${port}`, (log) => heard.push(log), copied());
  onTestFinished(() => listener.close());
  expect(await sendLog(port, 'ci')).toBe('OK');
  for (const who of ['forged', undefined]) expect(await sendLog(port, who)).not.toBe('OK');
  expect(heard).toEqual(['ci']);
});

test('without a clientCa log entries are only read by nobody else', async () => {
  const heard: string[] = [];
  const port = await freePort();
  const listener = await listenAccessLogs(`127.0.0.1:${port}`, (log) => heard.push(log), {
    ...copied(),
    clientCa: undefined,
  });
  onTestFinished(() => listener.close());
  expect(await sendLog(port, undefined)).toBe('OK');
  expect(heard).toEqual(['nobody']);
});
