import { type Server, ServerCredentials } from '@grpc/grpc-js';

/** Binds a grpc-js server to the Unix socket `path`. Rejects when that cannot be. */
export function bindUnix(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
}
