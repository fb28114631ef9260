import { fileURLToPath } from 'node:url';
import { Server, type ServerOptions } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';
import type { AdminTcp } from '../access/admin-tcp.ts';
import { type RolloutAdminServer, RolloutAdminService } from '../gen/understudy/admin/v1/admin.ts';
import { bindGrpc } from '../sockets/bind-grpc.ts';
import { claimSocket, releaseSocket } from '../sockets/claim.ts';
import { createTls, type TlsServer } from '../sockets/tls.ts';
import { guardService } from './authorize.ts';
import { type CallerOf, socketCallers, tcpCallers } from './callers.ts';
import { createDenials } from './denials.ts';
import { createDoorkeeper } from './doorkeeper.ts';
import { type AdminParts, createService } from './service.ts';

const serviceName = 'understudy.admin.v1.RolloutAdmin';
const maxStreamsPerConnection = 100;
/** By TCP come programs that may forget to hang up. */
const maxIdleMs = 10 * 60_000;
const drainTimeoutMs = 1_000;

export interface AdminOptions extends AdminParts {
  readonly socketPath: string;
  /** Undefined: nothing by TCP. */
  readonly tcp?: AdminTcp | undefined;
  /** Of calls that were not let in. */
  readonly count?: (name: string) => void;
}

export interface AdminListener {
  /** Undefined: nothing by TCP. */
  readonly tcpPort: number | undefined;
  stop(): Promise<void>;
}

/**
 * Serves RolloutAdmin and grpc.health.v1 on the Unix socket `socketPath` (mode 0600), with server reflection, and by TCP
 * where `tcp` says so. Throws when another process serves there, or a certificate cannot be used. `stop` refuses new
 * calls, ends streams and waits up to 1 s for the rest.
 */
export async function startAdmin(options: AdminOptions): Promise<AdminListener> {
  const { socketPath, tcp, tokens, count = () => {}, log = console.log } = options;
  const stopping = new AbortController();
  const service = createService(options, stopping.signal);
  const onDenied = createDenials({ count, log, nowMs: () => performance.now() });
  const doors: Door[] = [];
  const open = (callerOf: CallerOf, settings: ServerOptions) => {
    const door = createDoor(guardService(service, { callerOf, onDenied }), settings);
    doors.push(door);
    return door;
  };
  const openToStrangers = (callerOf: CallerOf) => {
    const interceptors = [createDoorkeeper({ callerOf, onDenied })];
    return open(callerOf, { 'grpc.max_connection_idle_ms': maxIdleMs, interceptors });
  };
  // before anything is served: it may be wrong
  const tls = tcp?.tls && createTls(tcp.tls, { mustShow: false, log });
  const stopAll = async () => {
    tls?.stop();
    for (const { close } of doors) close();
    stopping.abort();
    await Promise.all(doors.map(({ server }) => shutDown(server)));
  };
  try {
    const tcpPort = tcp && (await bindTcp(openToStrangers(tcpCallers(tcp, tokens)), tcp, tls));
    // last: whoever finds it serving finds all serving
    const { server } = open(socketCallers(tokens), {});
    reflection().addToServer(server);
    await claimSocket(socketPath, 0o600, async (address) => {
      await bindGrpc(server, address);
    });
    return {
      tcpPort,
      async stop() {
        releaseSocket(socketPath);
        await stopAll();
      },
    };
  } catch (error) {
    // the path may be somebody else's: it stays
    await stopAll();
    throw error;
  }
}

interface Door {
  readonly server: Server;
  /** Health says that it is over. */
  close(): void;
}

function createDoor(service: RolloutAdminServer, settings: ServerOptions): Door {
  const server = new Server({ 'grpc.max_concurrent_streams': maxStreamsPerConnection, ...settings });
  const health = new HealthImplementation({ '': 'SERVING', [serviceName]: 'SERVING' });
  server.addService(RolloutAdminService, service);
  health.addToServer(server);
  return {
    server,
    close() {
      health.setStatus('', 'NOT_SERVING');
      health.setStatus(serviceName, 'NOT_SERVING');
    },
  };
}

async function bindTcp({ server }: Door, { listen }: AdminTcp, tls: TlsServer | undefined): Promise<number> {
  let port = 0;
  await claimSocket(listen, 0, async (address) => {
    port = await bindGrpc(server, address, tls?.credentials);
  });
  return port;
}

function reflection(): ReflectionService {
  const includeDirs = [fileURLToPath(new URL('../../proto', import.meta.url))];
  const files = ['understudy/admin/v1/admin.proto', 'grpc/health/v1/health.proto'];
  return new ReflectionService(loadSync(files, { includeDirs }));
}

/** A health watch never ends by itself, so waiting needs a bound. */
function shutDown(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => server.forceShutdown(), drainTimeoutMs);
    server.tryShutdown(() => {
      clearTimeout(force);
      resolve();
    });
  });
}
