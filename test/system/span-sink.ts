/** A collector that keeps what Envoy sends as it came: enough to see what is in spans and what is not. */
import { Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';

const asItIs = (bytes: Buffer) => bytes;
const service: ServiceDefinition = {
  export: {
    path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    requestStream: false,
    responseStream: false,
    requestSerialize: asItIs,
    requestDeserialize: asItIs,
    responseSerialize: asItIs,
    responseDeserialize: asItIs,
  },
};

export interface SpanSink {
  readonly port: number;
  /** Every message so far, in latin1. */
  text(): string;
  stop(): void;
}

export async function startSpanSink(): Promise<SpanSink> {
  const messages: Buffer[] = [];
  const server = new Server();
  server.addService(service, {
    export: (call: { request: Buffer }, done: (error: null, answer: Buffer) => void) => {
      messages.push(call.request);
      done(null, Buffer.alloc(0));
    },
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return { port, text: () => Buffer.concat(messages).toString('latin1'), stop: () => server.forceShutdown() };
}
