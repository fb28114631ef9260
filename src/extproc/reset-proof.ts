/**
 * Proof, at start, that this Node keeps a connection on which every stream is reset, as Envoy does. A Node that does
 * not would lose decisions under load, silently, because Envoy fails open.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import http2, { type ClientHttp2Session } from 'node:http2';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProcessingRequest } from '../gen/envoy/service/ext_proc/v3/external_processor.ts';
import { frame } from './grpc-frames.ts';
import { type Http2Options, listenHttp2 } from './http2-transport.ts';
import { PROCESS_PATH } from './services.ts';
import type { OpenCall } from './transport.ts';

const RESETS = 2_000;
const IN_PARALLEL = 100;

/**
 * Serves `open` on a socket of its own and resets 2,000 answered streams of one connection, which also warms the path
 * every decision takes. Rejects, naming the Node version needed, when the connection does not survive.
 */
export async function proveResets(open: OpenCall, options: Http2Options = {}): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'understudy-proof-'));
  const path = join(folder, 'proof.sock');
  const listener = await listenHttp2(path, open, options);
  const session = http2.connect('http://localhost', { createConnection: () => net.connect(path) });
  let broken = false;
  session.on('goaway', () => {
    broken = true;
  });
  session.on('error', () => {
    broken = true;
  });
  try {
    for (let done = 0; done < RESETS && !broken; done += IN_PARALLEL) {
      await Promise.all(Array.from({ length: IN_PARALLEL }, () => answerThenReset(session)));
    }
    if (broken || session.closed || !(await answerThenReset(session))) throw new Error(EXPLANATION);
  } finally {
    session.destroy();
    await listener.close(0);
    await rm(folder, { recursive: true, force: true });
  }
}

const EXPLANATION =
  `Node ${process.version} closes an HTTP/2 connection after about 1,000 stream resets, and Envoy resets every ext_proc ` +
  'stream: decisions would be lost under load. Node 24 or newer is needed (streamResetBurst and streamResetRate).';

const REQUEST = frame(
  ProcessingRequest.encode({
    request: {
      $case: 'requestHeaders',
      value: {
        headers: {
          headers: [
            { key: ':method', value: '', rawValue: Buffer.from('GET') },
            { key: ':path', value: '', rawValue: Buffer.from('/') },
          ],
        },
        attributes: {},
        endOfStream: true,
      },
    },
    attributes: {},
    observabilityMode: false,
  }).finish(),
);

/** Resolves with whether an answer came before the stream ended. */
function answerThenReset(session: ClientHttp2Session): Promise<boolean> {
  if (session.closed || session.destroyed) return Promise.resolve(false);
  const stream = session.request({ ':method': 'POST', ':path': PROCESS_PATH, 'content-type': 'application/grpc' });
  let answered = false;
  stream.on('error', () => {});
  stream.once('data', () => {
    answered = true;
    stream.close(http2.constants.NGHTTP2_CANCEL);
  });
  stream.write(REQUEST);
  return new Promise((resolve) => stream.once('close', () => resolve(answered)));
}
