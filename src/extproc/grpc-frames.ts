/**
 * gRPC length-prefixed messages: 1 byte compressed flag, 4 bytes big-endian length, payload.
 * Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
import { STATUS } from './transport.ts';

const PREFIX_BYTES = 5;

export class FrameError extends Error {
  /** gRPC status to end the stream with. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, PREFIX_BYTES);
  return framed;
}

/** Cuts a byte stream into messages. Holds at most one incomplete message of `maxBytes`. */
export class FrameReader {
  readonly #maxBytes: number;
  #rest: Buffer = Buffer.alloc(0);

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The messages that `chunk` completes. Throws FrameError on a compressed or too large one. */
  read(chunk: Buffer): Buffer[] {
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const messages: Buffer[] = [];
    while (bytes.length >= PREFIX_BYTES) {
      if (bytes[0] !== 0) throw new FrameError(STATUS.unimplemented, 'compressed messages are not supported');
      const length = bytes.readUInt32BE(1);
      if (length > this.#maxBytes) {
        throw new FrameError(STATUS.resourceExhausted, `message of ${length} bytes, at most ${this.#maxBytes}`);
      }
      if (bytes.length < PREFIX_BYTES + length) break;
      messages.push(bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + length));
      bytes = bytes.subarray(PREFIX_BYTES + length);
    }
    this.#rest = bytes;
    return messages;
  }
}
