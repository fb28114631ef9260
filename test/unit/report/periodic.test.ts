import { expect, test } from 'vitest';
import { GRACE_MS, type PeriodicWork, reportEvery } from '../../../src/report/periodic.ts';
import { HOUR, START } from './cells.ts';

/** Time passes only while it is waited; it ends after `hours`. */
function work(hours: number, changes: Partial<PeriodicWork> = {}) {
  const ending = new AbortController();
  const made: string[] = [];
  let nowMs = START + 10 * HOUR;
  const endMs = nowMs + hours * HOUR;
  const all: PeriodicWork = {
    everyMs: HOUR,
    now: () => nowMs,
    wait: async (ms) => {
      nowMs += ms;
      if (nowMs >= endMs) ending.abort();
    },
    oldestMs: async () => undefined,
    done: async () => new Set(made),
    make: async (_, name) => void made.push(name),
    signal: ending.signal,
    ...changes,
  };
  return { all, made, ending };
}

test('each period is reported once it is over and its last blocks are written', async () => {
  const times: number[] = [];
  const { all } = work(3.5);
  await reportEvery({ ...all, make: async ({ untilMs }) => void times.push(all.now() - untilMs) });
  expect(times).toEqual([GRACE_MS, GRACE_MS, GRACE_MS]);
});

test('at the start missed periods are made up for, oldest first, but not those that are there', async () => {
  const made: string[] = [];
  const { all } = work(0.5, {
    oldestMs: async () => START + 6.2 * HOUR,
    done: async () => new Set(['2026-03-01T07-00Z', ...made]),
    make: async (_, name) => void made.push(name),
  });
  await reportEvery(all);
  expect(made).toEqual(['2026-03-01T06-00Z', '2026-03-01T08-00Z', '2026-03-01T09-00Z']);
});

test('of a very old recording the newest hundred periods are made up for', async () => {
  const { all, made } = work(0.5, { oldestMs: async () => START - 1_000 * HOUR });
  await reportEvery(all);
  expect(made).toHaveLength(100);
  expect(made.at(-1)).toBe('2026-03-01T09-00Z');
});

test('it ends when it is asked to, in the middle of making up too', async () => {
  const { all, made, ending } = work(5, { oldestMs: async () => START });
  await reportEvery({
    ...all,
    make: async (_, name) => {
      made.push(name);
      if (made.length === 2) ending.abort();
    },
  });
  expect(made).toHaveLength(2);
});
