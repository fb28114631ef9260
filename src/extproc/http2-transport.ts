/**
 * gRPC streams over node:http2.
 *
 * Why not grpc-js: Envoy ends every ext_proc stream with RST_STREAM, and nghttp2's rapid-reset defence (1,000 resets,
 * then 33 a second) closes the whole connection, with the decisions in flight on it. node:http2 lets the limit be
 * raised, grpc-js does not.
 */
import { once } from 'node:events';
import http2, { type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { claimSocket, releaseSocket } from '../sockets/claim.ts';
import { FrameError, FrameReader, frame } from './grpc-frames.ts';
import { type Call, type CallHandler, type Listener, type OpenCall, STATUS } from './transport.ts';

/** More resets a second than this machine can receive: the peer is our own Envoy on a private socket. */
const RESETS_PER_SECOND = 1_000_000;
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
/** Envoy opens another connection, or waits, beyond this. */
const MAX_STREAMS_PER_CONNECTION = 16_384;
/** node:http2 refuses streams of a session that holds more; a burst of 16,384 streams of 4 KiB fits. */
const MAX_SESSION_MEMORY_MB = 128;

export interface Http2Options {
  /** Without it Node's own reset limit stands: only the reset proof's tests want that. */
  readonly raiseResetLimit?: boolean;
}

/** Serves `open` at `address` (a path, mode 0660, or `host:port`). Rejects when somebody serves there already. */
export async function listenHttp2(address: string, open: OpenCall, options: Http2Options = {}): Promise<Listener> {
  const { raiseResetLimit = true } = options;
  const sessions = new Set<ServerHttp2Session>();
  const streams = new Set<ServerHttp2Stream>();
  const server = http2.createServer({
    ...(raiseResetLimit ? { streamResetBurst: RESETS_PER_SECOND, streamResetRate: RESETS_PER_SECOND } : {}),
    maxSessionMemory: MAX_SESSION_MEMORY_MB,
    settings: { maxConcurrentStreams: MAX_STREAMS_PER_CONNECTION, enablePush: false },
  });
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', ignore);
    session.on('close', () => sessions.delete(session));
  });
  server.on('sessionError', ignore);
  server.on('stream', (stream, headers) => {
    streams.add(stream);
    stream.on('close', () => streams.delete(stream));
    serveStream(stream, headers, open);
  });
  await claimSocket(address, 0o660, async (where) => {
    server.listen(where);
    await once(server, 'listening');
  });
  return {
    close(graceMs) {
      releaseSocket(address);
      return closeServer(server, sessions, () => streams.size, graceMs);
    },
  };
}

function serveStream(stream: ServerHttp2Stream, headers: http2.IncomingHttpHeaders, open: OpenCall): void {
  let state: 'open' | 'answering' | 'finished' = 'open';
  let trailers: http2.OutgoingHttpHeaders = {};
  const reader = new FrameReader(MAX_MESSAGE_BYTES);

  // respond() and write() throw on a stream the peer has already reset; that is how Envoy says "no longer needed"
  const gone = () => stream.destroyed || stream.closed || state === 'finished';

  const call: Call = {
    path: headers[':path'] ?? '',
    connection: stream.session ?? { destroyed: true },
    metadata: (name) => one(headers[name]),
    send(message) {
      if (gone()) return;
      if (state === 'open') {
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        state = 'answering';
      }
      stream.write(frame(message));
    },
    finish(status, message) {
      if (gone()) return;
      trailers = { 'grpc-status': status, ...(message === undefined ? {} : { 'grpc-message': encodeURI(message) }) };
      if (state === 'open') {
        stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...trailers }, { endStream: true });
      } else {
        stream.end();
      }
      state = 'finished';
    },
  };

  const handler: CallHandler = open(call);
  stream.on('wantTrailers', () => {
    if (!stream.destroyed && !stream.closed) stream.sendTrailers(trailers);
  });
  stream.on('data', (chunk: Buffer) => {
    if (state === 'finished') return;
    try {
      for (const message of reader.read(chunk)) handler.message(message);
    } catch (error) {
      // whatever a handler failed at, it fails this stream and no other
      if (error instanceof FrameError) call.finish(error.status, error.message);
      else call.finish(STATUS.internal, 'internal error');
    }
  });
  stream.on('end', () => handler.halfClosed());
  stream.on('error', ignore);
  stream.on('close', () => handler.closed());
}

async function closeServer(
  server: http2.Http2Server,
  sessions: ReadonlySet<ServerHttp2Session>,
  openStreams: () => number,
  graceMs: number,
): Promise<number> {
  let cutStreams = 0;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  for (const session of sessions) session.close();
  const cut = setTimeout(() => {
    cutStreams = openStreams();
    for (const session of sessions) session.destroy();
  }, graceMs);
  await closed;
  clearTimeout(cut);
  return cutStreams;
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** A connection or stream that breaks ends in `close`, where it is dealt with. */
function ignore(): void {}
