/** The admin service with every handler stubbed, behind its guard, by TCP. */
import { randomBytes } from 'node:crypto';
import { type ChannelCredentials, credentials, Metadata, Server, type ServerCredentials, status } from '@grpc/grpc-js';
import type { AdminTcp } from '../../src/access/admin-tcp.ts';
import { createTokenDesk, type TokenDesk } from '../../src/access/token-desk.ts';
import { guardService } from '../../src/admin/authorize.ts';
import { socketCallers, tcpCallers } from '../../src/admin/callers.ts';
import {
  RolloutAdminClient,
  type RolloutAdminServer,
  RolloutAdminService,
} from '../../src/gen/understudy/admin/v1/admin.ts';
import { bindGrpc } from '../../src/sockets/bind-grpc.ts';
import { openStore } from '../../src/store/sqlite.ts';

export type Method = keyof typeof RolloutAdminService;
export const METHODS = Object.keys(RolloutAdminService) as Method[];

export const HOUR_MS = 3_600_000;

export interface Options {
  /** Default: tokens. */
  readonly door?: Pick<AdminTcp, 'auth' | 'clients'> | 'socket';
  readonly server?: ServerCredentials;
  readonly client?: ChannelCredentials;
}

/** `seen`: requests that reached a handler. Streams stay open until the client or the guard ends them. */
export async function startAccessStage({
  door = { auth: 'tokens', clients: {} },
  server: serverTls,
  client: clientTls,
}: Options = {}) {
  const store = openStore(':memory:');
  const clock = { ms: 1_700_000_000_000 };
  const desk: TokenDesk = createTokenDesk(store, { nowMs: () => clock.ms, random: randomBytes });
  const seen: { method: Method; request: unknown }[] = [];
  const denied: string[] = [];
  const again = new Set<() => void>();
  const handlers = Object.fromEntries(METHODS.map((method) => [method, stub(method, seen)])) as RolloutAdminServer;
  const guarded = guardService(handlers, {
    callerOf: door === 'socket' ? socketCallers(desk) : tcpCallers(door, desk),
    onDenied: (_, error) => denied.push(error.code),
    repeat(look) {
      again.add(look);
      return () => again.delete(look);
    },
  });
  const server = new Server();
  server.addService(RolloutAdminService, guarded);
  const port = await bindGrpc(server, { host: '127.0.0.1', port: 0 }, serverTls);
  const client = new RolloutAdminClient(`localhost:${port}`, clientTls ?? credentials.createInsecure());
  return {
    ...{ store, clock, desk, seen, denied, again, port, client },
    /** The secret of a new token. */
    secret: (role: string, lifetimeMs = HOUR_MS) => desk.create({ name: `${role}-1`, role, lifetimeMs, by: 'ana' }),
    async [Symbol.asyncDispose]() {
      client.close();
      server.forceShutdown();
      store.close();
    },
  };
}

function stub(method: Method, seen: { method: Method; request: unknown }[]) {
  const { requestStream, responseStream, responseDeserialize } = RolloutAdminService[method];
  // biome-ignore lint/suspicious/noExplicitAny: of any kind of method
  return (call: any, callback: any) => {
    seen.push({ method, request: call.request });
    if (responseStream) call.write(responseDeserialize(Buffer.alloc(0)));
    else if (requestStream) call.on('end', () => callback(null, responseDeserialize(Buffer.alloc(0)))).resume();
    else callback(null, responseDeserialize(Buffer.alloc(0)));
  };
}

export function bearer(secret: string | undefined): Metadata {
  const metadata = new Metadata();
  if (secret !== undefined) metadata.set('authorization', `Bearer ${secret}`);
  return metadata;
}

/** `OK`, or the name of the status with its details. A stream counts as answered with its first message. */
export function call(
  client: RolloutAdminClient,
  method: Method,
  metadata: Metadata,
  request: object = {},
): Promise<string> {
  const { requestStream, responseStream, requestDeserialize } = RolloutAdminService[method];
  const message = { ...requestDeserialize(Buffer.alloc(0)), ...request };
  return new Promise((resolve) => {
    // biome-ignore lint/suspicious/noExplicitAny: of any kind of method
    const done = (error: any) => resolve(error ? `${status[error.code]}: ${error.details}` : 'OK');
    // biome-ignore lint/suspicious/noExplicitAny: of any kind of method
    const send = (client[method] as any).bind(client);
    if (responseStream) {
      const stream = send(message, metadata);
      stream.on('error', done);
      stream.on('data', () => {
        done(undefined);
        stream.cancel();
      });
    } else if (requestStream) send(metadata, done).end();
    else send(message, metadata, done);
  });
}
