/** Sends a recorded request to a candidate and takes its answer as Envoy's log would have told it. */
import http from 'node:http';
import https from 'node:https';
import type { ErrorKind } from '../pairing/pair.ts';
import type { Answer, CapturedBody } from '../prediction/answer.ts';
import type { RecordedRequest } from '../recording/row.ts';
import { version } from '../version.ts';

/** Longer answers are `too-large`, as they are where answers are captured. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

export interface Sent {
  readonly answer: Answer;
  readonly error: ErrorKind | undefined;
}

export interface Sender {
  /** Never rejects. `id`: of the recorded request. */
  send(request: RecordedRequest, id: string): Promise<Sent>;
  close(): void;
}

export interface SenderOptions {
  /** http or https; a path in it goes before the recorded one. */
  readonly to: URL;
  readonly timeoutMs: number;
  readonly maxInFlight: number;
  /** Sent with each request, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Redirects are answers, and not followed. */
export function createSender({ to, timeoutMs, maxInFlight, headers }: SenderOptions): Sender {
  const client = to.protocol === 'https:' ? https : http;
  const agent = new client.Agent({ keepAlive: true, maxSockets: maxInFlight });
  const prefix = to.pathname.replace(/\/$/, '');
  const { hostname, port } = to;
  return {
    send({ method, path, contentType, body }, id) {
      const startMs = performance.now();
      const hasBody = body !== '' || method === 'POST' || method === 'PUT' || method === 'PATCH';
      return new Promise((resolve) => {
        const fail = (error: ErrorKind, status = 0) => {
          clearTimeout(timer);
          resolve({ answer: { ...NO_ANSWER, status }, error });
        };
        const request = client.request({
          agent,
          hostname: hostname.replace(/^\[(.*)\]$/, '$1'),
          port,
          method,
          path: prefix + path,
          headers: {
            ...headers,
            ...(contentType === '' ? {} : { 'content-type': contentType }),
            ...(hasBody ? { 'content-length': Buffer.byteLength(body) } : {}),
            'accept-encoding': 'identity',
            'user-agent': `understudy-replay/${version}`,
            // an Envoy on the way mirrors it no further, and a model skips its side effects
            'x-shadowed': '1',
            'x-understudy-id': id,
            'x-understudy-role': 'replay',
          },
        });
        // of the whole exchange, unlike the option of the same name
        const timer = setTimeout(() => {
          fail('timeout');
          request.destroy();
        }, timeoutMs);
        let answered = false;
        request.once('error', (error: NodeJS.ErrnoException) =>
          fail(answered || error.code === 'ECONNRESET' ? 'reset' : 'unavailable'),
        );
        request.once('response', (response) => {
          answered = true;
          const chunks: Buffer[] = [];
          let bytes = 0;
          response.on('data', (chunk: Buffer) => {
            bytes += chunk.length;
            if (bytes <= MAX_ANSWER_BYTES) chunks.push(chunk);
          });
          response.once('error', () => fail('reset'));
          response.once('end', () => {
            clearTimeout(timer);
            const status = response.statusCode ?? 0;
            const answer = {
              status,
              grpcStatus: undefined,
              latencyMs: performance.now() - startMs,
              headers: plain(response.headers),
              trailers: plain(response.trailers),
              body: bodyOf(Buffer.concat(chunks), bytes, response.headers),
            };
            resolve({ answer, error: status >= 500 ? 'http-5xx' : undefined });
          });
        });
        request.end(hasBody ? body : undefined);
      });
    },
    close: () => agent.destroy(),
  };
}

const NO_ANSWER: Answer = {
  status: 0,
  grpcStatus: undefined,
  latencyMs: undefined,
  headers: {},
  trailers: {},
  body: undefined,
};

function bodyOf(bytes: Buffer, all: number, headers: http.IncomingHttpHeaders): CapturedBody {
  const json = /[/+]json\b/.test(headers['content-type'] ?? '');
  if (all > MAX_ANSWER_BYTES) return { bytes: Buffer.alloc(0), json, unread: 'too-large' };
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') return { bytes: Buffer.alloc(0), json, unread: 'encoded' };
  return { bytes, json, unread: undefined };
}

function plain(headers: NodeJS.Dict<string | string[]>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')]));
}
