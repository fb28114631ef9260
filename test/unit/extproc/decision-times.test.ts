import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DECISION_TIME_BOUNDS, DecisionTimer } from '../../../src/extproc/decision-times.ts';

test('every time is in the first bucket whose bound it does not exceed', () => {
  const bounds = [...DECISION_TIME_BOUNDS, Number.POSITIVE_INFINITY];
  const near = fc.constantFrom(...DECISION_TIME_BOUNDS, 0, 5.1e-6, 0.051, 1);
  fc.assert(
    fc.property(fc.array(fc.oneof(near, fc.double({ min: 0, max: 0.1, noNaN: true }))), (times) => {
      const timer = new DecisionTimer();
      for (const seconds of times) timer.add(seconds);
      const { counts, sumSeconds } = timer.take();
      const within = bounds.map((bound) => times.filter((seconds) => seconds <= bound).length);
      expect(counts).toEqual(within.map((count, bucket) => count - (within[bucket - 1] ?? 0)));
      expect(sumSeconds).toBeCloseTo(times.reduce((sum, seconds) => sum + seconds, 0));
    }),
  );
});

test('what was taken is not taken again', () => {
  const timer = new DecisionTimer();
  timer.add(1);
  expect(timer.take()).toMatchObject({ sumSeconds: 1 });
  expect(timer.take()).toEqual({ counts: Array(DECISION_TIME_BOUNDS.length + 1).fill(0), sumSeconds: 0 });
});
