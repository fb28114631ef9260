import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameError, FrameReader, frame } from '../../../src/extproc/grpc-frames.ts';

describe('FrameReader', () => {
  test('gives back the messages that were framed, however the bytes are cut', () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 });
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }), (sent, cuts) => {
        const bytes = Buffer.concat(sent.map(frame));
        const reader = new FrameReader(300);
        const got: Buffer[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const next = at + (cuts[turn % cuts.length] ?? 1);
          got.push(...reader.read(bytes.subarray(at, next)).map((message) => Buffer.from(message)));
          at = next;
        }
        expect(got).toEqual(sent.map((message) => Buffer.from(message)));
      }),
    );
  });

  test('refuses a message over the limit before its bytes are there', () => {
    const reader = new FrameReader(10);
    expect(() => reader.read(frame(Buffer.alloc(11)).subarray(0, 5))).toThrow(FrameError);
  });

  test('refuses a compressed message as unimplemented', () => {
    const compressed = frame(Buffer.from('x'));
    compressed[0] = 1;
    expect(() => new FrameReader(10).read(compressed)).toThrow(expect.objectContaining({ status: 12 }));
  });
});
