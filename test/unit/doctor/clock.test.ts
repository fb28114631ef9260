import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clockAheadMs } from '../../../src/doctor/collect.ts';

test.each([
  ['in the second that the header names', 12_000, 12_900, 0],
  ['when the answer took over a second', 12_500, 14_500, 0],
  ['Envoy is ahead', 10_000, 10_100, 1_900],
  ['Envoy is behind', 20_000, 20_100, -7_000],
])('%s', (_, askedAtMs, answeredAtMs, ahead) => {
  expect(clockAheadMs('Thu, 01 Jan 1970 00:00:12 GMT', askedAtMs, answeredAtMs)).toBe(ahead);
});

test('no header, no difference', () => {
  expect(clockAheadMs(null, 1, 2)).toBe(0);
});

test('two clocks that agree never seem to differ, however long the answer took', () => {
  const moment = fc.integer({ min: 1_000_000_000_000, max: 2_000_000_000_000 });
  const duration = fc.integer({ min: 0, max: 10_000 });
  fc.assert(
    fc.property(moment, duration, duration, (askedAtMs, untilStampedMs, untilAnsweredMs) => {
      const date = new Date(askedAtMs + untilStampedMs).toUTCString();
      expect(clockAheadMs(date, askedAtMs, askedAtMs + untilStampedMs + untilAnsweredMs)).toBe(0);
    }),
  );
});
