import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ThreadState } from '../../../src/admin/observations.ts';
import type { Snapshot } from '../../../src/routing/snapshot.ts';
import { createPublisher } from '../../../src/threads/publish.ts';

const snapshot: Snapshot = { revision: 8, unitKey: '', rollouts: [] };

function thread(name: string, changes: Partial<ThreadState> = {}) {
  const given: number[] = [];
  const state = { name, state: 'serving' as ThreadState['state'], revision: 7, restarts: 0, ...changes };
  return { state, given, use: ({ revision }: Snapshot) => given.push(revision) };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('publishing a snapshot', () => {
  test('gives it to every thread and waits until every decide thread has confirmed', async () => {
    const threads = [thread('decide-0'), thread('decide-1'), thread('observe')];
    const publisher = createPublisher(() => threads);
    let answer: readonly string[] | undefined;
    const published = publisher.publish(snapshot, 2_000).then((unconfirmed) => {
      answer = unconfirmed;
    });
    expect(threads.map(({ given }) => given)).toEqual([[8], [8], [8]]);
    for (const { state } of threads.slice(0, 2)) {
      await vi.advanceTimersByTimeAsync(1);
      expect(answer).toBeUndefined();
      state.revision = 8;
      publisher.changed();
    }
    await published;
    expect(answer).toEqual([]);
  });

  test('ends after the timeout with the names of the threads that still have to confirm', async () => {
    const publisher = createPublisher(() => [thread('decide-0', { revision: 8 }), thread('decide-1')]);
    const published = publisher.publish(snapshot, 2_000);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await published).toEqual(['decide-1']);
  });

  test('does not wait for a thread that is stopped: it gets the newest snapshot when it starts', async () => {
    const publisher = createPublisher(() => [thread('decide-0', { state: 'stopped' })]);
    expect(await publisher.publish(snapshot, 2_000)).toEqual([]);
  });

  test('is over when a thread that owed its word dies', async () => {
    const dying = thread('decide-0');
    const publisher = createPublisher(() => [dying]);
    const published = publisher.publish(snapshot, 2_000);
    dying.state.state = 'stopped';
    publisher.changed();
    expect(await published).toEqual([]);
  });
});
