import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CoveredTime } from '../../../src/report/coverage.ts';
import { bucketMsOf, periodName, periodStart, readDuration, readMoment } from '../../../src/report/period.ts';
import { HOUR, START } from './cells.ts';

const DAY = 24 * HOUR;
const NOW = START + 12 * HOUR;

test.each([
  ['1d', NOW - DAY],
  ['2w', NOW - 14 * DAY],
  ['90s', NOW - 90_000],
  ['2026-03-01', START],
  ['2026-03-01T01:00Z', START + HOUR],
  ['2026-03-01T02:00:00.5+01:00', START + HOUR + 500],
  ['2026-03-01T01:00', undefined],
  ['yesterday', undefined],
  ['2026-13-01', undefined],
  ['0d', undefined],
  ['', undefined],
])('--since %s', (text, expected) => {
  expect(readMoment(text, NOW)).toBe(expected);
});

test('a plot has at most 48 points, and none shorter than a block may be', () => {
  expect([bucketMsOf(HOUR), bucketMsOf(DAY), bucketMsOf(14 * DAY)]).toEqual([600_000, 1_800_000, 8 * HOUR]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 * DAY }), (periodMs) => {
      expect(periodMs / bucketMsOf(periodMs)).toBeLessThanOrEqual(48);
    }),
  );
});

test('days begin at midnight UTC and weeks on Monday', () => {
  expect(periodStart(NOW, DAY)).toBe(START);
  expect(new Date(periodStart(NOW, 7 * DAY)).toISOString()).toBe('2026-02-23T00:00:00.000Z');
  expect(new Date(periodStart(NOW, 7 * DAY)).getUTCDay()).toBe(1);
});

test('names of periods are sorted as their times are', () => {
  expect(periodName(START, DAY)).toBe('2026-03-01');
  expect(periodName(START + HOUR, HOUR)).toBe('2026-03-01T01-00Z');
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 20_000 }),
      fc.constantFrom('1m', '7m', '1h', '1d', '3d', '1w'),
      (n, every) => {
        const length = readDuration(every) ?? 0;
        const start = periodStart(START + n * length, length);
        expect(periodName(start, length) < periodName(start + length, length)).toBe(true);
      },
    ),
  );
});

const PERIOD = { fromMs: START, untilMs: START + HOUR };

function covered(...blocks: readonly (readonly [minute: number, minutes: number])[]): CoveredTime {
  const time = new CoveredTime();
  for (const [minute, minutes] of blocks) time.add(START + minute * 60_000, minutes * 60_000);
  return time;
}

test('a stretch without blocks is named, in whatever order they came', () => {
  const { share, gaps } = covered([50, 10], [20, 10], [0, 20]).coverage(PERIOD);
  expect(share).toBeCloseTo(40 / 60);
  expect(gaps).toEqual([{ fromMs: START + 30 * 60_000, untilMs: START + 50 * 60_000 }]);
});

test('two sidecars that record at the same time cover it once', () => {
  expect(covered([0, 10], [5, 10]).coverage(PERIOD).coveredMs).toBe(15 * 60_000);
  expect(covered([0, 10], [5, 10]).within({ fromMs: START, untilMs: START + 6 * 60_000 })).toBe(6 * 60_000);
});

test('a block that began before the period, and one that is not yet written, are no gaps', () => {
  expect(covered([9, 49]).coverage(PERIOD).gaps).toEqual([]);
});

test('without blocks all of it is a gap', () => {
  expect(new CoveredTime().coverage(PERIOD)).toEqual({
    blocks: 0,
    coveredMs: 0,
    share: 0,
    gaps: [PERIOD],
    gapsNotListed: 0,
  });
});

test('of many gaps the longest are listed and the rest counted', () => {
  const many = covered(...Array.from({ length: 15 }, (_, n) => [n * 4, n % 2 === 0 ? 1 : 2] as const));
  const { gaps, gapsNotListed } = many.coverage(PERIOD);
  expect([gaps.length, gapsNotListed]).toEqual([10, 5]);
  expect(gaps.map(({ fromMs }) => fromMs)).toEqual(gaps.map(({ fromMs }) => fromMs).toSorted((a, b) => a - b));
});
