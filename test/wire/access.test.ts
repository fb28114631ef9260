import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { until } from '../../rig/until.ts';
import { ROLES } from '../../src/access/roles.ts';
import { createTls } from '../../src/sockets/tls.ts';
import { bearer, call, HOUR_MS, METHODS, type Method, startAccessStage } from './access-stage.ts';

const folder = join(import.meta.dirname, '../fixtures/tls');
const pem = (name: string) => readFileSync(join(folder, name));

const watching = ['listRollouts', 'getRollout', 'watchRollouts', 'explain', 'listEvents', 'watchEvents', 'watchPairs'];
const reading = [...watching, 'listPairs', 'getPair', 'getVerdict', 'watchVerdicts', 'getTruth'];
const operating = ['setWeight', 'promote', 'pause', 'resume', 'abort', 'recordOutcomes', 'streamOutcomes'];
const approving = ['approve', 'complete'];
const ruling = ['applyRollout', 'deleteRollout', 'forgetUnit', 'createToken', 'listTokens', 'revokeToken'];
const allowed: Readonly<Record<string, readonly string[]>> = {
  viewer: reading,
  operator: [...reading, ...operating],
  approver: [...reading, ...operating, ...approving],
  admin: [...reading, ...operating, ...approving, ...ruling],
};

test.each(ROLES)('a token of role %s is let in to its methods and to no other', async (role) => {
  await using stage = await startAccessStage();
  const { secret } = stage.secret(role);
  const answers = new Map<Method, string>();
  for (const method of METHODS) answers.set(method, await call(stage.client, method, bearer(secret)));
  const open = METHODS.filter((method) => answers.get(method) === 'OK');
  expect([...open].sort()).toEqual([...(allowed[role] ?? [])].sort());
  expect(stage.seen.map(({ method }) => method)).toEqual(open);
  const shut = METHODS.filter((method) => !open.includes(method));
  for (const method of shut)
    expect(answers.get(method)).toMatch(/^PERMISSION_DENIED: \w+ takes the role \w+, and \w+-1 is \w+$/);
  expect(stage.denied).toEqual(shut.map(() => 'forbidden'));
});

test.each(['none', 'expired', 'revoked', 'of a wrong secret', 'of no form'])(
  'a token that is %s opens no method',
  async (how) => {
    await using stage = await startAccessStage();
    const { token, secret } = stage.secret('admin');
    if (how === 'expired') stage.clock.ms += HOUR_MS;
    if (how === 'revoked') stage.desk.revoke(token.id, 'ana');
    const shown = {
      none: undefined,
      'of a wrong secret': `${secret.slice(0, 15)}${'A'.repeat(43)}`,
      'of no form': 'x',
    };
    const metadata = bearer(how in shown ? shown[how as keyof typeof shown] : secret);
    const answers = await Promise.all(METHODS.map((method) => call(stage.client, method, metadata)));
    for (const answer of answers) expect(answer).toMatch(/^UNAUTHENTICATED: authorization: /);
    expect(stage.seen).toEqual([]);
    expect(stage.denied).toEqual(METHODS.map(() => 'unauthenticated'));
  },
);

test('bodies take an operator, though the pair does not', async () => {
  await using stage = await startAccessStage();
  const [viewer, operator] = [stage.secret('viewer').secret, stage.secret('operator').secret];
  for (const method of ['getPair', 'watchPairs'] as const) {
    expect(await call(stage.client, method, bearer(viewer), { includeBodies: true })).toMatch(
      /^PERMISSION_DENIED: \w+ with include_bodies takes the role operator, and viewer-1 is viewer$/,
    );
    expect(await call(stage.client, method, bearer(operator), { includeBodies: true })).toBe('OK');
  }
});

test('who acts is whose token it is, and whom the request names', async () => {
  await using stage = await startAccessStage();
  const { secret } = stage.secret('admin');
  const acted = async (method: Method, request: object) => {
    await call(stage.client, method, bearer(secret), request);
    return stage.seen.at(-1)?.request;
  };
  expect(await acted('setWeight', { actor: '' })).toMatchObject({ actor: 'admin-1' });
  expect(await acted('setWeight', { actor: 'admin-1' })).toMatchObject({ actor: 'admin-1' });
  expect(await acted('setWeight', { actor: 'bo', rollout: 'r' })).toMatchObject({
    actor: 'admin-1 (bo)',
    rollout: 'r',
  });
  expect(await acted('forgetUnit', { actor: 'b'.repeat(200) })).toEqual({
    ...{ units: [], reason: '' },
    actor: `admin-1 (${'b'.repeat(191)}`,
  });
  // too long stays too long: the handler says so
  expect(await acted('forgetUnit', { actor: 'b'.repeat(201) })).toMatchObject({ actor: 'b'.repeat(201) });
  const change = { rollout: 'r', reason: 'why', actor: 'bo', expectedRevision: 7 };
  for (const method of ['promote', 'resume', 'complete'] as const)
    expect(await acted(method, { change })).toMatchObject({ change: { ...change, actor: 'admin-1 (bo)' } });
  for (const method of ['pause', 'abort', 'approve', 'deleteRollout'] as const)
    expect(await acted(method, change)).toMatchObject({ ...change, actor: 'admin-1 (bo)' });
});

test('at the socket everybody is admin by the name they give, until they show a token', async () => {
  await using stage = await startAccessStage({ door: 'socket' });
  expect(await call(stage.client, 'abort', bearer(undefined), { actor: 'bo' })).toBe('OK');
  expect(stage.seen.at(-1)?.request).toMatchObject({ actor: 'bo' });
  expect(await call(stage.client, 'abort', bearer(stage.secret('viewer').secret))).toMatch(/^PERMISSION_DENIED/);
  expect(await call(stage.client, 'abort', bearer('us_x'))).toMatch(/^UNAUTHENTICATED/);
});

test('with auth: none everybody is admin', async () => {
  await using stage = await startAccessStage({ door: { auth: 'none', clients: {} } });
  expect(await call(stage.client, 'createToken', bearer(undefined))).toBe('OK');
});

test('a stream ends when its token is revoked or expires', async () => {
  await using stage = await startAccessStage();
  const [one, other] = [stage.secret('viewer'), stage.secret('operator', 2 * HOUR_MS)];
  const watch = stage.client.watchRollouts({ intervalMs: 0 }, bearer(one.secret));
  const ended = new Promise<string>((resolve) => watch.on('error', ({ message }) => resolve(message)));
  let outcome = 'open';
  const outcomes = stage.client.streamOutcomes(bearer(other.secret), (error) => {
    outcome = String(error?.message);
  });
  await new Promise((resolve) => watch.once('data', resolve));
  await until(() => stage.again.size === 2, { what: 'both streams are open' });
  for (const look of stage.again) look();
  stage.clock.ms += HOUR_MS;
  for (const look of stage.again) look();
  expect(await ended).toMatch(/^16 UNAUTHENTICATED: .* expired at/);
  expect([stage.again.size, outcome]).toEqual([1, 'open']);
  stage.desk.revoke(other.token.id, 'ana');
  for (const look of stage.again) look();
  await until(() => outcome !== 'open', { what: 'the stream of outcomes has ended' });
  expect(outcome).toMatch(/^16 UNAUTHENTICATED: .* was revoked/);
  outcomes.cancel();
  expect(stage.again.size).toBe(0);
});

async function startTlsStage(client: string | undefined, auth: 'tokens' | 'none' = 'tokens') {
  const files = {
    certificate: join(folder, 'server.pem'),
    key: join(folder, 'server.key'),
    clientCa: join(folder, 'ca.pem'),
  };
  const tls = createTls(files, { mustShow: false, log: () => {} });
  const [key, certificate] = client === undefined ? [null, null] : [pem(`${client}.key`), pem(`${client}.pem`)];
  const stage = await startAccessStage({
    door: { auth, clients: { ci: 'operator', 'spiffe://example.org/dashboard': 'viewer' } },
    server: tls.credentials,
    client: credentials.createSsl(pem('ca.pem'), key, certificate),
  });
  return {
    ...stage,
    async [Symbol.asyncDispose]() {
      tls.stop();
      await stage[Symbol.asyncDispose]();
    },
  };
}

test.each([
  ['ci', 'OK', 'PERMISSION_DENIED: Complete takes the role approver, and ci is operator'],
  [
    'dashboard',
    'PERMISSION_DENIED: Abort takes the role operator, and spiffe://example.org/dashboard is viewer',
    'PERMISSION_DENIED: Complete takes the role approver, and spiffe://example.org/dashboard is viewer',
  ],
  ['nobody', /^UNAUTHENTICATED/, /^UNAUTHENTICATED/],
  // says that it is ci, and its own root does
  ['forged', /^UNAUTHENTICATED/, /^UNAUTHENTICATED/],
  [undefined, /^UNAUTHENTICATED/, /^UNAUTHENTICATED/],
] as const)(
  'a client certificate %s has the role of its name, if the root is right',
  async (client, abort, complete) => {
    await using stage = await startTlsStage(client);
    expect(await call(stage.client, 'abort', bearer(undefined))).toEqual(
      typeof abort === 'string' ? abort : expect.stringMatching(abort),
    );
    expect(await call(stage.client, 'complete', bearer(undefined))).toEqual(
      typeof complete === 'string' ? complete : expect.stringMatching(complete),
    );
    expect(await call(stage.client, 'complete', bearer(stage.secret('approver').secret))).toBe('OK');
  },
);
