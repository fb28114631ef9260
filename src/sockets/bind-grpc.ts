import { isIPv6 } from 'node:net';
import { type Server, ServerCredentials } from '@grpc/grpc-js';
import type { SocketAddress } from './address.ts';

/** Binds a grpc-js server, plainly unless `credentials` say otherwise; resolves with its port. Rejects when that cannot be. */
export function bindGrpc(
  server: Server,
  address: SocketAddress,
  credentials: ServerCredentials = ServerCredentials.createInsecure(),
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(targetOf(address), credentials, (error, port) => (error === null ? resolve(port) : reject(error)));
  });
}

function targetOf(address: SocketAddress): string {
  if ('path' in address) return `unix:${address.path}`;
  return `${isIPv6(address.host) ? `[${address.host}]` : address.host}:${address.port}`;
}
