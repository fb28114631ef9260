import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { type ModelParameters, predict } from './predict.ts';
import { BadRequest, inferResponse, modelMetadata, modelName, readInferRequest } from './protocol.ts';

const maxBodyBytes = 1 << 20;

/**
 * Serves one version of the flight delay model by the Open Inference Protocol (KServe v2, JSON over HTTP).
 * Port 0 takes a free one; the promise resolves once it listens. Rejects on an unknown version or a taken port.
 * `close` answers what is in flight and resolves when the last connection is gone.
 */
export async function startModelServer(options: {
  version: string;
  port: number;
  host: string;
}): Promise<{ port: number; close(): Promise<void> }> {
  const listen = modelListener(options.version);
  const server = createServer((request, response) => {
    // A kept connection would hold up close() until its client lets go.
    if (!server.listening) response.setHeader('connection', 'close');
    listen(request, response);
  });
  // A proxy keeps connections for longer than Node's five seconds; closing one under its hands loses a request.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

/** Answers requests as `version` does; `name` is what it calls itself. Throws on an unknown version. */
export function modelListener(
  version: string,
  name?: string,
): (request: IncomingMessage, response: ServerResponse) => void {
  const read = readParameters(version);
  const parameters = { ...read, version: name ?? read.version };
  return (request, response) => {
    response.setHeader('x-model-version', parameters.version);
    answer(parameters, request, response).catch((error) => fail(response, error));
  };
}

function readParameters(version: string): ModelParameters {
  const file = new URL(`parameters/${encodeURIComponent(version)}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as ModelParameters;
}

async function answer(parameters: ModelParameters, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { version } = parameters;
  switch (`${request.method} ${request.url?.split('?')[0]}`) {
    case 'GET /v2/health/live':
      return send(response, 200, { live: true });
    case 'GET /v2/health/ready':
      return send(response, 200, { ready: true });
    case `GET /v2/models/${modelName}`:
      return send(response, 200, modelMetadata(version));
    case `GET /v2/models/${modelName}/ready`:
      return send(response, 200, { name: modelName, ready: true });
    case `POST /v2/models/${modelName}/infer`: {
      const { id, questions } = readInferRequest(await readBody(request));
      const predictions = questions.map((question) => predict(parameters, question));
      return send(response, 200, inferResponse(version, id, predictions));
    }
    default:
      return send(response, 404, { error: `unknown: ${request.method} ${request.url}` });
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    // What is too much is still read to its end, or the client would see a reset instead of the answer.
    if (size <= maxBodyBytes) chunks.push(chunk);
  }
  if (size > maxBodyBytes) throw new BadRequest(`body: expected at most ${maxBodyBytes} bytes, found ${size}`);
  return Buffer.concat(chunks).toString();
}

function send(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  response.writeHead(status, headers).end(text);
}

function fail(response: ServerResponse, error: unknown): void {
  // Without a socket the client has left in the middle of its body: nobody to answer.
  if (response.destroyed || response.headersSent) return;
  if (error instanceof BadRequest) send(response, 400, { error: error.message });
  else send(response, 500, { error: String(error) });
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      version: { type: 'string', default: 'v1' },
      port: { type: 'string', default: '8080' },
      host: { type: 'string', default: '127.0.0.1' },
    },
  });
  const server = await startModelServer({ ...values, port: Number(values.port) });
  console.log(`${modelName} ${values.version} listening on ${server.port}`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void server.close());
}
