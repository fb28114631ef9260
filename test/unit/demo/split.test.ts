import { expect, test } from 'vitest';
import { followsWeight, metBy, movedBack } from '../../../demo/split.ts';

test('a user has moved back when a request sent after the new version answered gets the old one, not when overtaken', () => {
  const answer = (user: string, version: string, sentMs: number, answeredMs: number) => ({
    user,
    version,
    sentMs,
    answeredMs,
  });
  const overtaken = [answer('a', 'v2', 2, 3), answer('a', 'v1', 1, 4), answer('b', 'v1', 5, 6)];
  expect(movedBack(overtaken, 'v2')).toEqual({ again: 0, requests: 0 });
  const after = [...overtaken, answer('a', 'v2', 5, 6), answer('a', 'v1', 7, 8)];
  expect(movedBack(after, 'v2')).toEqual({ again: 2, requests: 1 });
});

test('a split follows the weight within 4 standard deviations, and exactly at 0 and 100 %', () => {
  const split = (usersMoved: number) => ({ users: 1_000, usersMoved, requests: 0, requestsMoved: 0 });
  expect([0, 10, 22, 23].map((moved) => followsWeight(split(moved), 100, 0))).toEqual([true, true, true, false]);
  expect([0, 1].map((moved) => followsWeight(split(moved), 0, 0))).toEqual([true, false]);
  expect([1_000, 999].map((moved) => followsWeight(split(moved), 10_000, 0))).toEqual([true, false]);
  expect(followsWeight(split(999), 10_000, 1)).toBe(true);
});

test('who met a fault are users of the canary who were failed or answered late; a failure of anybody else is told apart', () => {
  const one = (user: string, status: number, sentMs: number, answeredMs: number) => {
    return { user, status, sentMs, answeredMs, version: status === 200 ? 'next' : undefined };
  };
  const asked = [
    // slow, but before it was broken
    one('canary-1', 200, 0, 90),
    one('canary-1', 200, 100, 101),
    one('canary-1', 200, 95, 200),
    one('canary-1', 500, 110, 111),
    one('canary-2', 0, 120, 130),
    // late, and of stable: that is not the fault
    one('stable-1', 200, 120, 300),
    one('stable-1', 504, 140, 141),
  ];
  const isOfCanary = (user: string) => user.startsWith('canary');
  const met = metBy(asked, { brokenFromMs: 100, slowMs: 50, isOfCanary });
  expect(met).toEqual({ requests: 3, users: 2, firstMs: 95, others: 1 });
});
