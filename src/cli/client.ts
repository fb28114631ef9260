import {
  type CallOptions,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { RolloutAdminClient } from '../gen/understudy/admin/v1/admin.ts';
import { probeSocket } from '../sockets/claim.ts';
import { isServiceError, NoSidecarError } from './exit.ts';
import { adminSocket, type Settings } from './settings.ts';
import type { Terminal } from './terminal.ts';

const answerTimeoutMs = 10_000;

/** Calls `use` with a client of the sidecar's admin socket. Throws NoSidecarError at once when nobody listens there. */
export async function withAdmin(
  settings: Settings,
  terminal: Terminal,
  use: (client: RolloutAdminClient) => Promise<void>,
): Promise<void> {
  const path = adminSocket(settings, terminal);
  const { refusal } = await probeSocket(path);
  if (refusal !== undefined) throw new NoSidecarError(`no sidecar answers at ${path} (${refusal})`);
  const client = new RolloutAdminClient(`unix:${path}`, credentials.createInsecure());
  try {
    await use(client);
  } finally {
    client.close();
  }
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
