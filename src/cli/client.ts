import { isIPv6 } from 'node:net';
import {
  type CallOptions,
  type ChannelCredentials,
  type ClientReadableStream,
  credentials,
  InterceptingCall,
  type Interceptor,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { RolloutAdminClient } from '../gen/understudy/admin/v1/admin.ts';
import { type SocketAddress, socketAddressOf } from '../sockets/address.ts';
import { probeSocket } from '../sockets/claim.ts';
import { isLoopback } from '../sockets/loopback.ts';
import { isServiceError, NoSidecarError, UsageError } from './exit.ts';
import { adminSocket, type Login, loginOf, type Settings } from './settings.ts';
import type { Terminal } from './terminal.ts';

const answerTimeoutMs = 10_000;

/** Calls `use` with a client of the sidecar's admin API. Throws NoSidecarError at once when nobody listens there. */
export async function withAdmin(
  settings: Settings,
  terminal: Terminal,
  use: (client: RolloutAdminClient) => Promise<void>,
): Promise<void> {
  const where = adminSocket(settings, terminal);
  const address = addressOf(where);
  const login = loginOf(settings, terminal);
  const { refusal } = await probeSocket(address);
  if (refusal !== undefined) throw new NoSidecarError(`no sidecar answers at ${where} (${refusal})`);
  const client = new RolloutAdminClient(targetOf(address, where, login), channelOf(address, login), {
    interceptors: login.token === undefined ? [] : [showing(login.token)],
    // of $https_proxy: it would get the token in the clear, and connect to a loopback address of its own
    'grpc.enable_http_proxy': 0,
  });
  try {
    await use(client);
  } catch (error) {
    // of the connection: what the sidecar itself says is in its own words
    if (isServiceError(error) && error.code === status.UNAVAILABLE && NOT_CONNECTED.test(error.details))
      throw new NoSidecarError(`no connection to the sidecar at ${where}: ${error.details.replace(NOT_CONNECTED, '')}`);
    throw error;
  } finally {
    client.close();
  }
}

const NOT_CONNECTED = /^No connection established\. (Last error: )?/;

/** Throws UsageError. */
function addressOf(text: string): SocketAddress {
  try {
    return text.includes('/') ? { path: text } : socketAddressOf(text);
  } catch (error) {
    throw new UsageError(`--admin: ${(error as Error).message}`);
  }
}

type Trust = Pick<Login, 'ca' | 'certificate'>;

/** Only where nobody else listens: a token must not cross a network so. */
function isInTheClear(address: SocketAddress, { ca, certificate }: Trust): boolean {
  return 'path' in address || (isLoopback(address.host) && ca === undefined && certificate === undefined);
}

/**
 * What grpc-js connects to. By TLS a name has to stay one, for the certificate says it; in the clear it is the address that
 * it means here: what else a resolver makes of `localhost` somebody else may serve.
 */
export function targetOf(address: SocketAddress, where: string, trust: Trust): string {
  if ('path' in address) return `unix:${address.path}`;
  if (!isInTheClear(address, trust)) return where;
  return `${isIPv6(address.host) ? `[${address.host}]` : address.host}:${address.port}`;
}

function channelOf(address: SocketAddress, login: Login): ChannelCredentials {
  if (isInTheClear(address, login)) return credentials.createInsecure();
  const { ca, certificate } = login;
  try {
    return credentials.createSsl(ca ?? null, certificate?.key ?? null, certificate?.certificate ?? null);
  } catch (error) {
    throw new UsageError(`--ca, --certificate, --key: ${(error as Error).message}`);
  }
}

function showing(token: string): Interceptor {
  return (options, nextCall) =>
    new InterceptingCall(nextCall(options), {
      start(metadata, listener, next) {
        metadata.set('authorization', `Bearer ${token}`);
        next(metadata, listener);
      },
    });
}

type UnaryMethod<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => unknown;

/** One answer, within 10 s. Rejects with a ServiceError. */
export function ask<Request, Response>(
  client: RolloutAdminClient,
  method: UnaryMethod<Request, Response>,
  request: Request,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const deadline = Date.now() + answerTimeoutMs;
    method.call(client, request, new Metadata(), { deadline }, (error, response) => {
      if (error) reject(error);
      else resolve(response);
    });
  });
}

/** Calls `show` with each message until the stream or the process is asked to end. Rejects when the sidecar goes away. */
export async function follow<Message>(
  stream: ClientReadableStream<Message>,
  terminal: Terminal,
  show: (message: Message) => void,
): Promise<void> {
  const cancel = () => stream.cancel();
  terminal.signal.addEventListener('abort', cancel, { once: true });
  try {
    for await (const message of stream) show(message as Message);
  } catch (error) {
    if (terminal.signal.aborted) return;
    if (isServiceError(error) && error.code === status.UNAVAILABLE)
      throw new NoSidecarError(`the sidecar went away: ${error.details}`);
    throw error;
  } finally {
    terminal.signal.removeEventListener('abort', cancel);
  }
}
