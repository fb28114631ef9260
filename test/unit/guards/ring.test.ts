import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lengthMs, MAX_ENTRIES, pushBlock, type Ring, sumOf } from '../../../src/guards/ring.ts';

test('a window adds up its newest blocks and no others', () => {
  const ring: Ring = [];
  for (let n = 1; n <= 20; n++) pushBlock(ring, 60_000, 10_000, { n });
  expect(sumOf(ring)).toEqual({ n: 15 + 16 + 17 + 18 + 19 + 20 });
  expect(lengthMs(ring)).toBe(60_000);
});

test('a block in which nothing was counted takes its time, and what is old goes', () => {
  const ring: Ring = [];
  pushBlock(ring, 20_000, 10_000, { n: 7 });
  pushBlock(ring, 20_000, 10_000, {});
  expect(sumOf(ring)).toEqual({ n: 7 });
  pushBlock(ring, 20_000, 10_000, {});
  expect(sumOf(ring)).toBeUndefined();
});

test('any window has a bounded number of entries and is held to within one of them', () => {
  const windows = fc.integer({ min: 10_000, max: 30 * 86_400_000 });
  fc.assert(
    fc.property(windows, fc.integer({ min: 1, max: 1200 }), (windowMs, blocks) => {
      const ring: Ring = [];
      for (let at = 0; at < blocks; at++) pushBlock(ring, windowMs, 10_000, { n: 1 });
      expect(ring.length).toBeLessThanOrEqual(MAX_ENTRIES + 1);
      const due = Math.min(windowMs, blocks * 10_000);
      const granuleMs = Math.max(10_000, windowMs / MAX_ENTRIES) + 10_000;
      expect(lengthMs(ring)).toBeLessThanOrEqual(due);
      expect(lengthMs(ring)).toBeGreaterThan(due - granuleMs - 10_000);
      expect(sumOf(ring)).toEqual({ n: lengthMs(ring) / 10_000 });
    }),
  );
});
