import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { join } from 'node:path';
import { type ClientReadableStream, credentials, Server, type ServiceError, status } from '@grpc/grpc-js';
import { expect, onTestFinished, test } from 'vitest';
import { createTokenDesk } from '../../src/access/token-desk.ts';
import { tcpCallers } from '../../src/admin/callers.ts';
import { createDoorkeeper } from '../../src/admin/doorkeeper.ts';
import { startAdmin } from '../../src/admin/server.ts';
import {
  type Event,
  RolloutAdminClient,
  type RolloutAdminServer,
  RolloutAdminService,
} from '../../src/gen/understudy/admin/v1/admin.ts';
import { bindGrpc } from '../../src/sockets/bind-grpc.ts';
import { openStore } from '../../src/store/sqlite.ts';
import { bearer } from './access-stage.ts';
import { startAdminStage } from './admin-stage.ts';

/** Opens a call and says nothing, or (`body`) all of it; the headers that come back, with the trailers if there are no others. */
function knock(session: ClientHttp2Session, path: string, body?: Buffer) {
  const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
  const stream = session.request(headers);
  if (body !== undefined) stream.end(body);
  const got: { status?: string } = {};
  stream.on('response', (answer) => Object.assign(got, { status: answer['grpc-status'] }));
  return { got, answered: once(stream, 'response') };
}

test('nobody has to be known to be refused: of a request without a login nothing is waited for', async () => {
  await using stage = await startAdminStage();
  const tokens = createTokenDesk(stage.store, { nowMs: Date.now, random: randomBytes });
  const admin = await startAdmin({
    ...stage.parts,
    ...{ socketPath: join(stage.folder, 'own.sock'), tokens },
    tcp: { listen: '127.0.0.1:0', auth: 'tokens', clients: {}, tls: undefined },
  });
  const session = connect(`http://127.0.0.1:${admin.tcpPort}`);
  onTestFinished(async () => {
    session.destroy();
    await admin.stop();
  });
  const calls = ['ApplyRollout', 'StreamOutcomes', 'WatchPairs'].map((method) =>
    knock(session, `/understudy.admin.v1.RolloutAdmin/${method}`),
  );
  // whatever answers those before it has done so by then
  await knock(session, '/grpc.health.v1.Health/Check', Buffer.alloc(5)).answered;
  expect(calls.map(({ got }) => got.status)).toEqual(Array(3).fill(String(status.UNAUTHENTICATED)));
});

test('one caller, and all together, have so many calls open, and each that ends makes room for another', async () => {
  const store = openStore(':memory:');
  const desk = createTokenDesk(store, { nowMs: Date.now, random: randomBytes });
  const secretOf = (name: string) => desk.create({ name, role: 'viewer', lifetimeMs: 3_600_000, by: 'ana' }).secret;
  const denied: string[] = [];
  const limits = { ofAll: 3, ofOne: 2, ofHealth: 1 };
  const keeper = createDoorkeeper(
    { callerOf: tcpCallers({ auth: 'tokens', clients: {} }, desk), onDenied: (_, { code }) => denied.push(code) },
    limits,
  );
  const server = new Server({ interceptors: [keeper] });
  server.addService(RolloutAdminService, {
    watchEvents: (call) => call.write(RolloutAdminService.watchEvents.responseDeserialize(Buffer.alloc(0))),
  } as Partial<RolloutAdminServer> as RolloutAdminServer);
  const port = await bindGrpc(server, { host: '127.0.0.1', port: 0 });
  const client = new RolloutAdminClient(`127.0.0.1:${port}`, credentials.createInsecure());
  onTestFinished(() => {
    client.close();
    server.forceShutdown();
    store.close();
  });
  const [one, two] = [secretOf('one'), secretOf('two')];
  const open = (secret: string): Promise<ClientReadableStream<Event> | string> =>
    new Promise((resolve) => {
      const stream = client.watchEvents({ rollout: '' }, bearer(secret));
      stream.once('data', () => resolve(stream));
      stream.on('error', ({ code, details }: ServiceError) => resolve(`${status[code]}: ${details}`));
    });
  const crowded = (max: number) => `RESOURCE_EXHAUSTED: calls: expected at most ${max} at once, found one more`;
  const first = (await open(one)) as ClientReadableStream<Event>;
  await open(one);
  expect(await open(one)).toBe(crowded(2));
  expect(await open(two)).toBeTypeOf('object');
  expect(await open(two)).toBe(crowded(3));
  expect(denied).toEqual(['crowded', 'crowded']);
  first.cancel();
  await expect.poll(() => open(one)).toBeTypeOf('object');
});
