/** The HTTP port for monitoring: /metrics, /healthz, /readyz. It shows and changes nothing. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CONTENT_TYPE } from './exposition.ts';

/** A scraper or two, a prober and a person; whoever connects beyond that is turned away. */
const MAX_CONNECTIONS = 32;
/** For the head of a request to arrive, and for a reader that takes nothing. */
const TIMEOUT_MS = 5_000;

export interface MetricsPages {
  /** The text of /metrics. */
  readonly metrics: () => string;
  /** Why the sidecar is not ready; empty = it is. */
  readonly unready: () => readonly string[];
}

export interface MetricsServer {
  /** With the port it got. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves at `listen` (`host:port`; port 0 = any). Rejects, naming the address, when it cannot. */
export async function startMetricsServer(
  listen: string,
  pages: MetricsPages,
  timeoutMs = TIMEOUT_MS,
): Promise<MetricsServer> {
  const options = { headersTimeout: timeoutMs, requestTimeout: timeoutMs, connectionsCheckingInterval: timeoutMs / 5 };
  const server = createServer(options, (request, response) => answer(request, response, pages));
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(timeoutMs);
  const colon = listen.lastIndexOf(':');
  const host = listen.slice(0, colon);
  server.listen(Number(listen.slice(colon + 1)), host.replace(/^\[(.*)\]$/, '$1'));
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new Error(`metrics cannot be served at ${listen}: ${(error as Error).message}`, { cause: error });
  }
  // what goes wrong from now on costs one connection, never the process
  server.on('error', () => {});
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse, pages: MetricsPages): void {
  const say = (status: number, text: string, headers: Record<string, string> = {}) =>
    response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', ...headers }).end(text);
  try {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      say(405, 'only GET and HEAD\n', { allow: 'GET, HEAD' });
      return;
    }
    switch (request.url?.split('?', 1)[0]) {
      case '/metrics':
        say(200, pages.metrics(), { 'content-type': CONTENT_TYPE });
        return;
      case '/healthz':
        say(200, 'ok\n');
        return;
      case '/readyz': {
        const reasons = pages.unready();
        say(reasons.length === 0 ? 200 : 503, reasons.length === 0 ? 'ready\n' : `${reasons.join('\n')}\n`);
        return;
      }
      default:
        say(404, 'only /metrics, /healthz and /readyz\n');
    }
  } catch (error) {
    // monitoring that fails must not end what it watches
    if (!response.headersSent) say(500, `${(error as Error).message}\n`);
  }
}
