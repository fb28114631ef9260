import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { until } from '../../../rig/until.ts';
import { watchLoopDelay } from '../../../src/telemetry/loop-delay.ts';

test('a stall is shown until two windows have passed, however often it is asked for', async () => {
  let nowMs = 0;
  const delay = watchLoopDelay(() => nowMs);
  expect(delay().maxMs).toBe(0);
  await wait(200);
  const end = performance.now() + 200;
  while (performance.now() < end);
  await until(() => delay().maxMs > 150, { what: 'the stall is seen' });
  // half of the time nothing was late: what is measured is lateness, not the time between two looks
  expect(delay().p50Ms).toBeLessThan(20);
  nowMs = 30_000;
  delay();
  expect(delay().maxMs).toBeGreaterThan(150);
  nowMs = 60_000;
  delay();
  expect(delay().maxMs).toBeLessThan(150);
});
