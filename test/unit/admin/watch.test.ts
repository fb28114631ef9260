import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { watchEvents, watchRollouts } from '../../../src/admin/watch.ts';

/** A call whose reader never reads; like that of grpc-js it ends, when it can, after an error. */
function stuckCall(request: object) {
  const call = Object.assign(new Writable({ objectMode: true, highWaterMark: 1, write() {} }), { request });
  call.on('error', () => call.end());
  // biome-ignore lint/suspicious/noExplicitAny: of any kind of stream
  return call as any;
}

test('a stream that has failed asks for nothing any more, though its reader has not fetched what waits', () => {
  const listeners = new Set<() => void>();
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  let asked = 0;
  const events = () => {
    asked += 1;
    return [{ number: asked }] as never;
  };
  const { signal } = new AbortController();
  const calls = [stuckCall({ rollout: '', after: 0 }), stuckCall({})];
  watchEvents(calls[0], { events, onEvents: subscribe }, signal);
  watchRollouts(calls[1], 60_000, () => ({ rollouts: [], sidecar: undefined }), subscribe, signal);
  expect(listeners.size).toBe(2);
  const before = asked;
  for (const call of calls) call.emit('error', { code: 16, details: 'revoked' });
  expect(listeners.size).toBe(0);
  expect(asked).toBe(before);
});
