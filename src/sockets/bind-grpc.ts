import { isIPv6 } from 'node:net';
import { type Server, ServerCredentials } from '@grpc/grpc-js';
import type { SocketAddress } from './address.ts';

/** Binds a grpc-js server. Rejects when that cannot be. */
export function bindGrpc(server: Server, address: SocketAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.bindAsync(targetOf(address), ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
}

function targetOf(address: SocketAddress): string {
  if ('path' in address) return `unix:${address.path}`;
  return `${isIPv6(address.host) ? `[${address.host}]` : address.host}:${address.port}`;
}
