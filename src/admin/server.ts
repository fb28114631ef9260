import { fileURLToPath } from 'node:url';
import { Server } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';
import { RolloutAdminService } from '../gen/understudy/admin/v1/admin.ts';
import { bindGrpc } from '../sockets/bind-grpc.ts';
import { claimSocket, releaseSocket } from '../sockets/claim.ts';
import { type AdminParts, createService } from './service.ts';

const serviceName = 'understudy.admin.v1.RolloutAdmin';
const maxStreamsPerConnection = 100;
const drainTimeoutMs = 1_000;

/**
 * Serves RolloutAdmin, server reflection and grpc.health.v1 on the Unix socket `socketPath` (mode 0600). Throws when
 * another process serves there. `stop` refuses new calls, ends streams and waits up to 1 s for the rest.
 */
export async function startAdmin(
  options: AdminParts & { readonly socketPath: string },
): Promise<{ stop(): Promise<void> }> {
  const { socketPath } = options;
  const stopping = new AbortController();
  const server = new Server({ 'grpc.max_concurrent_streams': maxStreamsPerConnection });
  const health = new HealthImplementation({ '': 'SERVING', [serviceName]: 'SERVING' });
  server.addService(RolloutAdminService, createService(options, stopping.signal));
  reflection().addToServer(server);
  health.addToServer(server);

  await claimSocket(socketPath, 0o600, (address) => bindGrpc(server, address));

  return {
    async stop() {
      releaseSocket(socketPath);
      health.setStatus('', 'NOT_SERVING');
      health.setStatus(serviceName, 'NOT_SERVING');
      stopping.abort();
      await shutDown(server);
    },
  };
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
