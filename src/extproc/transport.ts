/**
 * The boundary between gRPC streams on the wire and the services behind them. A transport knows HTTP/2 and gRPC
 * framing and nothing of messages; a service knows messages and nothing of HTTP/2.
 */

/** The connection a stream came on; the same object for all its streams. */
export interface Connection {
  readonly destroyed: boolean;
}

/** One open stream. After `finish` everything is ignored; on a stream the peer has left every call is harmless. */
export interface Call {
  /** `/package.Service/Method` */
  readonly path: string;
  readonly connection: Connection;
  /** Value of a gRPC metadata entry, by lower-case name. */
  metadata(name: string): string | undefined;
  /** Sends one message. */
  send(message: Uint8Array): void;
  /** Ends the stream with a gRPC status; Envoy reads 0 (OK) as "carry on without me". */
  finish(status: number, message?: string): void;
}

export interface CallHandler {
  /** One whole message; it is only valid during the call. */
  message(bytes: Uint8Array): void;
  /** The peer sends no more. */
  halfClosed(): void;
  /** The stream is over, however it ended. Called exactly once. */
  closed(): void;
}

export type OpenCall = (call: Call) => CallHandler;

export interface Listener {
  /** Takes no new streams, lets open ones finish for at most `graceMs`, then cuts them; resolves with how many. */
  close(graceMs: number): Promise<number>;
}

/** The gRPC status codes used here. Source: https://grpc.io/docs/guides/status-codes/ */
export const STATUS = {
  ok: 0,
  invalidArgument: 3,
  notFound: 5,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
} as const;
