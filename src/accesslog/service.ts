/** Envoy's gRPC access-log service: log entries in, exchanges out. */
import { Server } from '@grpc/grpc-js';
import type { HTTPAccessLogEntry } from '../gen/envoy/data/accesslog/v3/accesslog.ts';
import { type AccessLogServiceServer, AccessLogServiceService } from '../gen/envoy/service/accesslog/v3/als.ts';
import { bindUnix } from '../sockets/bind-unix.ts';
import { claimSocket, releaseSocket } from '../sockets/claim.ts';

export type OnEntry = (logName: string, entry: HTTPAccessLogEntry) => void;

/** Envoy flushes at 64 KiB, but one entry with two bodies of 1 MiB (base64) is larger than that. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

export interface AccessLogListener {
  close(): Promise<void>;
}

/** Serves at `socketPath`, mode 0660, and calls `onEntry` for every HTTP entry of every stream. */
export async function listenAccessLogs(socketPath: string, onEntry: OnEntry): Promise<AccessLogListener> {
  const server = new Server({ 'grpc.max_receive_message_length': MAX_MESSAGE_BYTES });
  server.addService(AccessLogServiceService, accessLogService(onEntry));
  await claimSocket(socketPath, 0o660, (path) => bindUnix(server, path));
  return {
    async close() {
      releaseSocket(socketPath);
      // log streams never end by themselves
      server.forceShutdown();
    },
  };
}

function accessLogService(onEntry: OnEntry): AccessLogServiceServer {
  return {
    streamAccessLogs(call, answer) {
      // only the first message of a stream says which log it is
      let logName = '';
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
