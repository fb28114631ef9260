/** v2 as a next build that breaks for its users when it is told to: `PUT /fault/slow`, `/fault/errors`, `/fault/hanging`, `/fault/none`. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { modelListener } from './server.ts';

export const faults = ['none', 'slow', 'errors', 'hanging'] as const;
export type Fault = (typeof faults)[number];

/** Longer than the guard on p95 allows, and answered before anybody would call it a hang. */
export const slowMs = 800;

const control = /^\/fault\/(\w+)$/;

/** Port 0 takes a free one; `close` cuts what hangs. */
export async function startFaultyServer(options: {
  version: string;
  name: string;
  port: number;
  host: string;
}): Promise<{ port: number; close(): Promise<void> }> {
  const answer = modelListener(options.version, options.name);
  let fault: Fault = 'none';
  const server = createServer((request, response) => {
    const [, asked] = control.exec(request.url ?? '') ?? [];
    if (asked !== undefined) {
      const known = faults.find((name) => name === asked);
      fault = known ?? fault;
      response.writeHead(known === undefined ? 404 : 204).end();
      return;
    }
    // users only: copies tell them nothing, as with a fault that only production has
    if (request.headers['x-understudy-role'] !== undefined) answer(request, response);
    else if (fault === 'slow') setTimeout(() => answer(request, response), slowMs);
    else if (fault === 'none') answer(request, response);
    else {
      request.resume();
      // a hang is an answer that never comes
      if (fault === 'errors') response.writeHead(500, { 'x-model-version': options.name, 'content-length': 0 }).end();
    }
  });
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      version: { type: 'string', default: 'v2' },
      name: { type: 'string', default: 'next' },
      port: { type: 'string', default: '8080' },
      host: { type: 'string', default: '127.0.0.1' },
    },
  });
  const server = await startFaultyServer({ ...values, port: Number(values.port) });
  console.log(`${values.name} listening on ${server.port}`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void server.close());
}
