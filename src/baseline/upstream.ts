/** A first model's stable version: an HTTP upstream that answers every request with the same JSON. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { socketAddressOf } from '../sockets/address.ts';

/** Bodies are read, so that connections can be used again, and thrown away; a longer one is answered before its end. */
export const MAX_BODY_BYTES = 64 * 1024 * 1024;
/** Far above what Envoy's breakers open by default (1,024 a cluster). */
/** How long a body that is too large is still read, and thrown away, after its answer. */
const LINGER_MS = 1_000;
const MAX_CONNECTIONS = 4_096;

export type BaselineCounter = 'answered' | 'too-large' | 'connection-refused';

export interface BaselineUpstream {
  /** `host:port`, with the port it got. */
  readonly address: string;
  /** JSON text of the answers from now on. */
  use(answer: string): void;
  /** No new connections; those in a request end after it, within `graceMs`, else are cut. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Serves at `listen` (`host:port`; port 0 = any). `GET /healthz` is 200 as long as it serves; anything else gets `answer`
 * as application/json once its body has come. Rejects, naming the address, when it cannot listen.
 */
export async function startBaselineUpstream(
  listen: string,
  answer: string,
  count: (name: BaselineCounter) => void,
): Promise<BaselineUpstream> {
  let body = Buffer.from(answer);
  let stopping = false;
  const server = createServer((request, response) => {
    // an Envoy that is told closes the connection itself, so none is cut that it was about to use
    if (stopping) response.setHeader('connection', 'close');
    serve(request, response, () => body, count);
  });
  // a connection that we close while idle may be the one Envoy uses next, which costs a user a 503: Envoy closes them
  server.keepAliveTimeout = 0;
  server.maxConnections = MAX_CONNECTIONS;
  server.on('drop', () => count('connection-refused'));
  await listening(server, listen);
  // what goes wrong from now on costs one connection, never the process
  server.on('error', ignore);
  return {
    address: `${listen.slice(0, listen.lastIndexOf(':'))}:${(server.address() as AddressInfo).port}`,
    use(text) {
      body = Buffer.from(text);
    },
    async stop(graceMs) {
      stopping = true;
      const closed = once(server, 'close');
      server.close();
      const cut = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(cut);
    },
  };
}

async function listening(server: Server, listen: string): Promise<void> {
  try {
    const address = socketAddressOf(listen);
    if ('path' in address) throw new Error('expected host:port');
    server.listen(address.port, address.host);
    await once(server, 'listening');
  } catch (error) {
    throw new Error(`the baseline cannot be served at ${listen}: ${(error as Error).message}`, { cause: error });
  }
}

function serve(
  request: IncomingMessage,
  response: ServerResponse,
  answer: () => Buffer,
  count: (name: BaselineCounter) => void,
): void {
  let bytes = 0;
  request.on('error', ignore);
  response.on('error', ignore);
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES || response.headersSent) return;
    count('too-large');
    // closed at once, what is still unread would make the kernel reset the connection, and the answer be lost with it
    response.once('finish', () => setTimeout(() => request.complete || request.destroy(), LINGER_MS).unref());
    say(response, answer());
  });
  request.once('end', () => {
    if (response.headersSent) return;
    if (request.method === 'GET' && request.url === '/healthz') {
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end('ok\n');
      return;
    }
    count('answered');
    say(response, answer());
  });
}

function say(response: ServerResponse, body: Buffer): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
}

function ignore(): void {}
