import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  change,
  count,
  duration,
  milliseconds,
  number,
  percent,
  signed,
  time,
  times,
} from '../../../src/report/format.ts';
import { differenceOf, shareOf } from '../../../src/report/share.ts';

test.each([
  [count(84_120), '84,120'],
  [count(1_204_000), '1,204,000'],
  [number(0.00694), '0.00694'],
  [number(-1_234.5), '-1,235'],
  [number(12.34567), '12.35'],
  [number(null), '-'],
  [number(1e-7), '1.00e-7'],
  [signed(3), '+3'],
  [percent(0.031), '3.1 %'],
  [percent(0), '0 %'],
  [percent(1), '100 %'],
  [percent(null), '-'],
  [change(38, 41.04), '+8.0 %'],
  [change(0, 1), '-'],
  [milliseconds(0.83), '0.83 ms'],
  [milliseconds(41.25), '41.3 ms'],
  [milliseconds(12_340), '12.34 s'],
  [times(60.04), '60 x'],
  [times(1.0204), '1.02 x'],
  [time(Date.UTC(2026, 2, 1, 12)), '2026-03-01 12:00 UTC'],
  [duration(90_061_000), '1 d 1 h'],
  [duration(0), '0 s'],
])('%s is written %s', (found, expected) => {
  expect(found).toBe(expected);
});

test('a share that is not 0 is never written as 0, and one that is not 1 never as 100 %', () => {
  expect([percent(1e-9), percent(0.9999999), percent(1e-9, 2)]).toEqual(['< 0.1 %', '> 99.9 %', '< 0.01 %']);
  fc.assert(
    fc.property(fc.double({ min: 1e-12, max: 1 - 1e-12, noNaN: true }), (share) => {
      expect(percent(share)).not.toMatch(/^(0|100|0\.0|100\.0) %$/);
    }),
  );
});

test("shares have Wilson's interval, differences of shares have Newcombe's", () => {
  const [a, b] = [shareOf(18, 6_000), shareOf(120, 114_000)];
  expect(a.low).toBeCloseTo(0.001898538, 9);
  expect(a.high).toBeCloseTo(0.004737456, 9);
  const { low, high } = differenceOf(a, b);
  expect(low).toBeCloseTo(0.000826846, 9);
  expect(high).toBeCloseTo(0.003693334, 9);
  expect(shareOf(0, 300).high).toBeCloseTo(0.012642971, 9);
});

test('of nothing no share is known, and the interval always holds the share', () => {
  expect(shareOf(0, 0)).toEqual({ count: 0, of: 0, share: null, low: 0, high: 1 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (of, part) => {
      const { share, low, high } = shareOf(Math.round(of * part), of);
      expect(low >= 0 && low <= (share ?? -1) && (share ?? 2) <= high && high <= 1).toBe(true);
    }),
  );
});
