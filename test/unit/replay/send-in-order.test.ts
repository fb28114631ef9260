import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Pace, sendInOrder } from '../../../src/replay/send-in-order.ts';

/** A clock that only sleeping moves. */
function pace(perSecond: number, maxInFlight = 100): Pace & { now: number } {
  const clock = {
    now: 0,
    perSecond,
    maxInFlight,
    nowMs: () => clock.now,
    async sleep(ms: number) {
      clock.now += ms;
    },
  };
  return clock;
}

async function* from<T>(items: readonly T[]) {
  yield* items;
}

const never = new AbortController().signal;

/** Promises that the test settles. */
function answers() {
  const open: ((value: string) => void)[] = [];
  const start = () => new Promise<string>((resolve) => open.push(resolve));
  return { open, start };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

test('starts are evenly spaced and do not wait for answers', async () => {
  const clock = pace(10);
  const startedMs: number[] = [];
  const { open, start } = answers();
  const running = sendInOrder(
    from([1, 2, 3]),
    () => {
      startedMs.push(clock.now);
      return start();
    },
    () => {},
    clock,
    never,
  );
  await settled();
  expect(startedMs).toEqual([0, 100, 200]);
  for (const resolve of open) resolve('');
  expect(await running).toEqual({ late: 0 });
});

test('an item with nothing to send takes no time', async () => {
  const clock = pace(1);
  const done: [number, string | undefined][] = [];
  const start = (item: number) => (item === 2 ? undefined : Promise.resolve('sent'));
  await sendInOrder(from([1, 2, 3]), start, (item, result) => done.push([item, result]), clock, never);
  expect(done).toEqual([
    [1, 'sent'],
    [2, undefined],
    [3, 'sent'],
  ]);
  expect(clock.now).toBe(1_000);
});

test('any order of answers is done in the order of the items', async () => {
  const orders = fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6], { minLength: 7 });
  await fc.assert(
    fc.asyncProperty(orders, async (order) => {
      const { open, start } = answers();
      const done: number[] = [];
      const items = order.map((_, index) => index);
      const running = sendInOrder(from(items), start, (item) => done.push(item), pace(1_000), never);
      await settled();
      for (const index of order) open[index]?.('');
      await running;
      expect(done).toEqual(items);
    }),
    { numRuns: 30 },
  );
});

test('never more are in flight than allowed, and a start that waited is counted', async () => {
  const { open, start } = answers();
  const running = sendInOrder(from([1, 2, 3]), start, () => {}, pace(1_000, 2), never);
  await settled();
  expect(open).toHaveLength(2);
  open[1]?.('');
  await settled();
  expect(open).toHaveLength(3);
  open[0]?.('');
  open[2]?.('');
  expect(await running).toEqual({ late: 1 });
});

test('when it is ended nothing more is started, and what is in flight is still done', async () => {
  const { open, start } = answers();
  const ending = new AbortController();
  const done: number[] = [];
  const items = async function* () {
    yield 1;
    yield 2;
    ending.abort();
    yield 3;
  };
  const running = sendInOrder(items(), start, (item) => done.push(item), pace(1_000), ending.signal);
  await settled();
  expect([open.length, done]).toEqual([2, []]);
  for (const resolve of open) resolve('');
  await running;
  expect(done).toEqual([1, 2]);
});

test('what goes wrong in between ends it and is what it rejects with', async () => {
  let started = 0;
  const items = async function* () {
    for (let item = 0; ; item++) yield item;
  };
  const start = () => {
    started++;
    return Promise.resolve('');
  };
  const done = (item: number) => {
    if (item === 3) throw new Error('the disk is full');
  };
  await expect(sendInOrder(items(), start, done, pace(1_000), never)).rejects.toThrow('the disk is full');
  expect(started).toBeLessThan(20);
});
