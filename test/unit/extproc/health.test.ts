import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Health } from '../../../src/extproc/health.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A health that serves, and when its retiring was over, ms after it began. */
function retiring(peers: readonly { destroyed: boolean }[], asked = () => 0) {
  const health = new Health();
  health.start();
  for (const peer of peers) expect(health.answer(peer)).toBe(true);
  let doneMs: number | undefined;
  const startMs = performance.now();
  void health.retire(2_500, asked).then(() => {
    doneMs = performance.now() - startMs;
  });
  return { health, doneMs: () => doneMs };
}

describe('retiring', () => {
  test('is over at once when no peer was told SERVING, or those that were have gone', async () => {
    for (const peers of [[], [{ destroyed: true }]]) {
      const { doneMs } = retiring(peers);
      await vi.advanceTimersByTimeAsync(1);
      expect(doneMs()).toBeLessThan(2);
    }
  });

  test('waits until every peer has been told, or has gone, and a little longer', async () => {
    const [first, second, third] = [{ destroyed: false }, { destroyed: false }, { destroyed: false }];
    const { health, doneMs } = retiring([first, second, third]);
    expect(health.answer(first)).toBe(false);
    await vi.advanceTimersByTimeAsync(500);
    third.destroyed = true;
    await vi.advanceTimersByTimeAsync(500);
    expect(health.answer(second)).toBe(false);
    await vi.advanceTimersByTimeAsync(150);
    expect(doneMs()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(150);
    expect(doneMs()).toBeGreaterThan(1_000);
  });

  test('goes on while decisions are still asked for', async () => {
    let asked = 0;
    const asking = setInterval(() => asked++, 50);
    const peer = { destroyed: false };
    const { health, doneMs } = retiring([peer], () => asked);
    health.answer(peer);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(doneMs()).toBeUndefined();
    clearInterval(asking);
    await vi.advanceTimersByTimeAsync(400);
    expect(doneMs()).toBeLessThan(1_400);
  });

  test('ends after its time when a peer never asks again', async () => {
    const { doneMs } = retiring([{ destroyed: false }]);
    await vi.advanceTimersByTimeAsync(2_400);
    expect(doneMs()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(200);
    expect(doneMs()).toBeLessThan(2_600);
  });
});
