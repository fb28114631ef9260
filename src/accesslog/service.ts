/** Envoy's gRPC access-log service: log entries in, exchanges out. */
import { Server } from '@grpc/grpc-js';
import type { HTTPAccessLogEntry } from '../gen/envoy/data/accesslog/v3/accesslog.ts';
import { type AccessLogServiceServer, AccessLogServiceService } from '../gen/envoy/service/accesslog/v3/als.ts';
import { bindGrpc } from '../sockets/bind-grpc.ts';
import { claimSocket, releaseSocket } from '../sockets/claim.ts';
import { createTls, type TlsFiles } from '../sockets/tls.ts';

export type OnEntry = (logName: string, entry: HTTPAccessLogEntry) => void;

/** Envoy flushes at 64 KiB, but one entry with two bodies of 1 MiB (base64) is larger than that. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

export interface AccessLogListener {
  /** Some Envoy has a log stream open. */
  readonly connected: boolean;
  close(): Promise<void>;
}

/**
 * Serves at `address` (a path, mode 0660, or `host:port`) and calls `onEntry` for every HTTP entry of every stream. Where
 * `tls` has a clientCa, only clients with such a certificate get in. Throws when it cannot serve, or a file is wrong.
 */
export async function listenAccessLogs(
  address: string,
  onEntry: OnEntry,
  tls?: TlsFiles | undefined,
): Promise<AccessLogListener> {
  const secured = tls && createTls(tls, { mustShow: tls.clientCa !== undefined, log: console.error });
  const streams = new Set<object>();
  const server = new Server({ 'grpc.max_receive_message_length': MAX_MESSAGE_BYTES });
  server.addService(AccessLogServiceService, accessLogService(onEntry, streams));
  await claimSocket(address, 0o660, async (where) => {
    await bindGrpc(server, where, secured?.credentials);
  });
  return {
    get connected() {
      return streams.size > 0;
    },
    async close() {
      releaseSocket(address);
      secured?.stop();
      // log streams never end by themselves
      server.forceShutdown();
    },
  };
}

function accessLogService(onEntry: OnEntry, streams: Set<object>): AccessLogServiceServer {
  return {
    streamAccessLogs(call, answer) {
      // only the first message of a stream says which log it is
      let logName = '';
      streams.add(call);
      call.on('close', () => streams.delete(call));
      call.on('data', ({ identifier, logEntries }) => {
        logName = identifier?.logName ?? logName;
        if (logEntries?.$case !== 'httpLogs') return;
        for (const entry of logEntries.value.logEntry) onEntry(logName, entry);
      });
      call.on('end', () => answer(null, {}));
      // a stream that breaks is Envoy's to open again
      call.on('error', () => {});
    },
  };
}
