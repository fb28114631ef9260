import { randomBytes } from 'node:crypto';
import { chmodSync, copyFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { AdminTcp } from '../../src/access/admin-tcp.ts';
import { createTokenDesk } from '../../src/access/token-desk.ts';
import { startAdmin } from '../../src/admin/server.ts';
import { run } from '../../src/cli/program.ts';
import { fakeTerminal } from '../unit/cli/fake-terminal.ts';
import { startAdminStage } from './admin-stage.ts';

const fixtures = join(import.meta.dirname, '../fixtures/tls');
const file = (name: string) => join(fixtures, name);

/** A sidecar that is served by TCP too; `tcp`: the arguments that find it there. */
async function startTcpStage(options: Partial<AdminTcp> = {}) {
  const stage = await startAdminStage();
  const counted: string[] = [];
  const tokens = createTokenDesk(stage.store, { nowMs: Date.now, random: randomBytes });
  const socketPath = join(stage.folder, 'own.sock');
  const key = join(stage.folder, 'server.key');
  copyFileSync(file('server.key'), key);
  chmodSync(key, 0o600);
  const { tls, ...rest } = options;
  const admin = await startAdmin({
    ...stage.parts,
    ...{ socketPath, tokens, count: (name: string) => counted.push(name) },
    tcp: { listen: '127.0.0.1:0', auth: 'tokens', clients: {}, ...rest, tls: tls && { ...tls, key } },
  });
  const understudy = async (args: readonly string[], env: Record<string, string> = {}) => {
    const terminal = fakeTerminal({ USER: 'ana', ...env });
    const code = await run(args, terminal);
    return { code, out: terminal.printed.join(''), errors: terminal.errors.join('') };
  };
  const socket = ['--admin', socketPath];
  return {
    ...{ ...stage, counted, understudy, socketPath, socket, tcp: ['--admin', `localhost:${admin.tcpPort}`] },
    /** The file of a new token's secret. */
    async tokenFile(role: string): Promise<string> {
      const { out } = await understudy([...socket, 'token', 'create', `${role}-1`, '--role', role, '--expires', '1h']);
      const path = join(stage.folder, `${role}.token`);
      writeFileSync(path, out);
      return path;
    },
    async [Symbol.asyncDispose]() {
      await admin.stop();
      await stage[Symbol.asyncDispose]();
    },
  };
}

test('a token is made at the socket, its secret alone printed, and opens the TCP address until it is revoked', async () => {
  await using stage = await startTcpStage();
  const { understudy, socket, tcp } = stage;
  const made = await understudy([...socket, 'token', 'create', 'ci', '--role', 'operator', '--expires', '90d']);
  expect(made.code).toBe(0);
  expect(made.out).toMatch(/^us_[a-z2-7]{12}[\w-]{43}\n$/);
  const [, id = ''] =
    /^token ([a-z2-7]{12}) for ci: operator until \S+; its secret is not shown again\n$/.exec(made.errors) ?? [];
  const path = join(stage.folder, 'token');
  writeFileSync(path, made.out);

  const set = ['weight', 'ranker', '5%', '--reason', 'r', '--token-file', path];
  expect(await understudy([...tcp, ...set])).toMatchObject({ code: 0, errors: '' });
  expect(stage.controller.events({ limit: 1 })[0]).toMatchObject({ actor: 'ci (ana)' });
  expect((await understudy([...tcp, 'events'], { UNDERSTUDY_TOKEN: made.out.trim() })).code).toBe(0);
  expect((await understudy([...tcp, 'events'], { UNDERSTUDY_TOKEN_FILE: path })).code).toBe(0);

  const listed = await understudy([...socket, 'token', 'list']);
  expect(listed.out).toMatch(new RegExp(`^${id} +ci +operator +valid +\\S+ +\\S+ +ana$`, 'm'));
  expect(listed.out).not.toContain(made.out.slice(15).trim());

  expect(await understudy([...socket, 'token', 'revoke', id])).toMatchObject({
    code: 0,
    out: `token ${id} of ci is revoked\n`,
  });
  expect(await understudy([...tcp, ...set])).toEqual({
    ...{ code: 4, out: '' },
    errors: `authorization: token ${id} (ci) was revoked\n`,
  });
  expect((await understudy([...socket, 'token', 'list'])).out).toContain('revoked by ana');
  expect(stage.log.join('\n')).toMatch(
    new RegExp(
      `^token ${id} was made for ci, operator until \\S+: asked by "ana"\ntoken ${id} of ci was revoked: asked by "ana"\nadmin: a call of 127.0.0.1:\\d+ was refused: .*$`,
    ),
  );
  expect(stage.log.join('\n')).not.toContain(made.out.slice(15).trim());
});

test('without a token, and with one whose role may not, one line says why', async () => {
  await using stage = await startTcpStage();
  const { understudy, tcp } = stage;
  expect(await understudy([...tcp, 'events'])).toEqual({
    ...{ code: 4, out: '' },
    errors: 'authorization: expected a token (Bearer us_...), found none\n',
  });
  const token = ['--token-file', await stage.tokenFile('viewer')];
  expect((await understudy([...tcp, ...token, 'events'])).code).toBe(0);
  expect(await understudy([...tcp, ...token, 'weight', 'ranker', '5%', '--reason', 'r'])).toEqual({
    ...{ code: 4, out: '' },
    errors: 'SetWeight takes the role operator, and viewer-1 is viewer\n',
  });
  expect(stage.counted).toEqual(['admin.unauthenticated', 'admin.forbidden']);
});

test('wrong wishes for tokens are refused, each with its code', async () => {
  await using stage = await startTcpStage();
  const create = (...args: string[]) => stage.understudy([...stage.socket, 'token', 'create', ...args]);
  expect(await create('ci', '--role', 'root', '--expires', '1h')).toMatchObject({
    code: 2,
    errors: 'role: expected viewer, operator, approver or admin, found "root"\n',
  });
  for (const expires of ['soon', '10s', '367d']) {
    expect(await create('ci', '--role', 'admin', '--expires', expires)).toMatchObject({
      code: 2,
      errors: `--expires: expected 1m to 366d, for example 90d, found "${expires}"\n`,
    });
  }
  expect(await stage.understudy([...stage.socket, 'token', 'revoke', 'x'])).toMatchObject({
    code: 5,
    errors: 'id: there is no token "x"\n',
  });
  expect(stage.tcp).toHaveLength(2);
});

test('by TLS the sidecar is known by its root, and a client by its certificate', async () => {
  const tls = { certificate: file('server.pem'), key: '', clientCa: file('ca.pem') };
  await using stage = await startTcpStage({ tls, clients: { ci: 'operator' } });
  const { understudy, tcp } = stage;
  const ca = ['--ca', file('ca.pem')];
  const ci = ['--certificate', file('ci.pem'), '--key', file('ci.key')];
  const set = ['weight', 'ranker', '5%', '--reason', 'r', '--actor', 'bo'];
  expect(await understudy([...tcp, ...ca, ...ci, ...set])).toMatchObject({ code: 0, errors: '' });
  expect(stage.controller.events({ limit: 1 })[0]).toMatchObject({ actor: 'ci (bo)' });
  expect((await understudy([...tcp, ...ca, '--token-file', await stage.tokenFile('viewer'), 'events'])).code).toBe(0);
  expect(await understudy([...tcp, ...ca, 'events'])).toMatchObject({ code: 4, out: '' });
  // another root, and none at all
  for (const other of [['--ca', file('other-ca.pem')], []]) {
    const { code, errors } = await understudy([...tcp, ...other, 'events']);
    expect([code, errors.split('\n').length]).toEqual([3, 2]);
    expect(errors).toMatch(/^no connection to the sidecar at localhost:\d+: /);
  }
});

test('a token goes to the sidecar and through no proxy, whatever the environment says of one', async () => {
  await using stage = await startTcpStage();
  const through: (string | undefined)[] = [];
  const proxy = createServer().on('connect', (request, socket) => {
    through.push(request.url);
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    vi.unstubAllEnvs();
    proxy.close();
  });
  for (const name of ['no_grpc_proxy', 'no_proxy']) vi.stubEnv(name, undefined);
  vi.stubEnv('grpc_proxy', `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  const token = ['--token-file', await stage.tokenFile('viewer')];
  expect(await stage.understudy([...stage.tcp, ...token, 'events'])).toMatchObject({ code: 0, errors: '' });
  expect(through).toEqual([]);
});

test('what is given wrongly is said before anybody is asked', async () => {
  await using stage = await startTcpStage();
  const { understudy, tcp } = stage;
  const said = async (...args: string[]) => (await understudy([...tcp, ...args, 'events'])).errors;
  expect(await said('--token-file', '/nowhere')).toBe('--token-file: /nowhere cannot be read (ENOENT)\n');
  expect(await said('--ca', '/nowhere')).toBe('--ca: /nowhere cannot be read (ENOENT)\n');
  expect(await said('--certificate', file('ci.pem'))).toBe(
    '--certificate and --key belong together: give both or none\n',
  );
  expect((await understudy(['--admin', 'somewhere', 'events'])).errors).toBe(
    '--admin: expected an absolute path or host:port, found "somewhere"\n',
  );
  expect((await understudy([...tcp, 'events'], { UNDERSTUDY_TOKEN: 'us_\u00e4' })).code).toBe(2);
  const empty = join(stage.folder, 'empty');
  writeFileSync(empty, '\n');
  expect(await said('--token-file', empty)).toBe(`--token-file: ${empty} is empty\n`);
});

test('a certificate that cannot be used, or a port that is taken, leaves nothing behind', async () => {
  await using stage = await startAdminStage();
  const socketPath = join(stage.folder, 'own.sock');
  const start = (tcp: Partial<AdminTcp>) =>
    startAdmin({
      ...stage.parts,
      socketPath,
      tcp: { listen: '127.0.0.1:0', auth: 'tokens', tls: undefined, clients: {}, ...tcp },
    });
  const tls = { certificate: '/nowhere.pem', key: file('server.key'), clientCa: undefined };
  await expect(start({ tls })).rejects.toThrow('/nowhere.pem cannot be read: ENOENT');
  expect(statSync(socketPath, { throwIfNoEntry: false })).toBeUndefined();
  await using other = await startTcpStage();
  const taken = other.tcp[1]?.replace('localhost', '127.0.0.1') ?? '';
  await expect(start({ listen: taken })).rejects.toThrow(`${taken} is in use`);
  expect(statSync(socketPath, { throwIfNoEntry: false })).toBeUndefined();
});
