/** The oracle: the same decide services over stock grpc-js, which frames and ends streams by code that is not ours. */
import { type handleBidiStreamingCall, Server, type ServiceDefinition } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { PROCESS_PATH, PROCESSOR_NAME } from '../../src/extproc/services.ts';
import type { Listener, OpenCall } from '../../src/extproc/transport.ts';
import { socketAddressOf } from '../../src/sockets/address.ts';
import { bindGrpc } from '../../src/sockets/bind-grpc.ts';

const bytes = { serialize: (value: Buffer) => value, deserialize: (value: Buffer) => value };

const SERVICE: ServiceDefinition = {
  process: {
    path: PROCESS_PATH,
    requestStream: true,
    responseStream: true,
    requestSerialize: bytes.serialize,
    requestDeserialize: bytes.deserialize,
    responseSerialize: bytes.serialize,
    responseDeserialize: bytes.deserialize,
  },
};

export async function listenGrpcJs(address: string, open: OpenCall): Promise<Listener> {
  const process: handleBidiStreamingCall<Buffer, Buffer> = (call) => {
    let finished = false;
    const handler = open({
      path: PROCESS_PATH,
      connection: { destroyed: false },
      metadata: (name) => call.metadata.get(name)[0]?.toString(),
      send: (message) => {
        if (!finished) call.write(Buffer.from(message));
      },
      finish(status, details) {
        if (finished) return;
        finished = true;
        if (status === 0) call.end();
        else call.emit('error', { code: status, details });
      },
    });
    call.on('data', (message: Buffer) => handler.message(message));
    call.on('end', () => handler.halfClosed());
    call.on('error', () => {});
    call.on('close', () => handler.closed());
  };
  const server = new Server();
  server.addService(SERVICE, { process });
  new HealthImplementation({ [PROCESSOR_NAME]: 'SERVING' }).addToServer(server);
  await bindGrpc(server, socketAddressOf(address));
  return {
    async close() {
      server.forceShutdown();
      return 0;
    },
  };
}
