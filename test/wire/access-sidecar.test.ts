import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { sidecarPaths, startSidecar } from '../../rig/sidecar.ts';
import { until } from '../../rig/until.ts';
import { run } from '../../src/cli/program.ts';
import { fakeTerminal } from '../unit/cli/fake-terminal.ts';

const fixtures = join(import.meta.dirname, '../fixtures/tls');
const tls = {
  certificate: join(fixtures, 'server.pem'),
  key: join(fixtures, 'server.key'),
  clientCa: join(fixtures, 'ca.pem'),
};

function configured(changes: object) {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-access-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const paths = sidecarPaths(folder);
  const [stable, canary] = ['1', '2'].map((version) => ({ cluster: `ranker-v${version}`, version }));
  const file = join(folder, 'understudy.yaml');
  writeFileSync(file, JSON.stringify({ ...paths, ...changes, rollouts: [{ name: 'ranker', stable, canary }] }));
  return { file, socket: paths.sockets.admin };
}

async function understudy(...args: string[]) {
  const terminal = fakeTerminal({ USER: 'ana' });
  const code = await run(args, terminal);
  return { code, out: terminal.printed.join(''), errors: terminal.errors.join('') };
}

test('a sidecar serves its admin API by TCP, counts who is not let in, and forgets no token when it starts again', async () => {
  const { file, socket } = configured({ admin: { listen: '127.0.0.1:0', tls } });
  const start = async () => {
    const sidecar = await startSidecar(file, socket);
    onTestFinished(() => sidecar.stop());
    const line = () => /^admin by TCP at port (\d+)$/m.exec(sidecar.log());
    const [, port = ''] = await until(line, { what: 'it says its port' });
    return { ...sidecar, tcp: ['--admin', `localhost:${port}`, '--ca', tls.clientCa] };
  };
  const first = await start();
  const made = await understudy('--admin', socket, 'token', 'create', 'ci', '--role', 'viewer', '--expires', '1h');
  const token = `${file}.token`;
  writeFileSync(token, made.out);
  expect((await understudy(...first.tcp, 'events')).code).toBe(4);
  expect((await understudy(...first.tcp, '--token-file', token, 'events')).code).toBe(0);
  const { sidecar } = await first.rollouts();
  expect(sidecar?.counters['admin.unauthenticated']).toBe(1);
  await first.stop();
  const second = await start();
  expect((await understudy(...second.tcp, '--token-file', token, 'events')).code).toBe(0);
});

test.each([
  [
    'a key that is missing',
    { admin: { listen: '127.0.0.1:0', tls: { ...tls, key: '/nowhere.key' } } },
    '/nowhere.key cannot be read: ENOENT',
  ],
  [
    'a root of Envoys that is missing',
    { sockets: { observe: '127.0.0.1:9' }, observe: { tls: { ...tls, clientCa: '/nowhere.pem' } } },
    '/nowhere.pem cannot be read: ENOENT',
  ],
  [
    'an address that others reach in the clear',
    { admin: { listen: '0.0.0.0:0' } },
    'expected a loopback address, or admin.tls, found "0.0.0.0:0"',
  ],
])('a sidecar does not start with %s', async (_, changes, reason) => {
  const { file, socket } = configured(changes);
  await expect(startSidecar(file, socket)).rejects.toThrow(reason);
});
