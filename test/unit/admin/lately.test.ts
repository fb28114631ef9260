import { expect, test } from 'vitest';
import { lately } from '../../../src/admin/lately.ts';

test('what many ask for at once is made once, and anew after its time or with another revision', () => {
  let [made, nowMs, revision] = [0, 0, 1];
  const ask = lately(() => ++made, { sharedMs: 100, nowMs: () => nowMs, revision: () => revision });
  expect([ask(), ask(), ask()]).toEqual([1, 1, 1]);
  revision = 2;
  expect([ask(), ask()]).toEqual([2, 2]);
  nowMs = 99;
  expect(ask()).toBe(2);
  nowMs = 100;
  expect(ask()).toBe(3);
});
