import { expect, onTestFinished, test } from 'vitest';
import { until } from '../../rig/until.ts';
import type { Snapshot } from '../../src/routing/snapshot.ts';
import { RoomWorker } from '../../src/threads/worker.ts';

const snapshot = (revision: number): Snapshot => ({ revision, unitKey: '', rollouts: [] });

function createWorker(address = 'any') {
  const seen: number[] = [];
  const databases: number[][] = [];
  const log: string[] = [];
  const newest = { revision: 1 };
  const worker = new RoomWorker<{ revisions: number[]; database: number[] }>({
    name: 'decide-0',
    entry: new URL('./fragile-thread.ts', import.meta.url),
    start: () => ({ address, snapshot: snapshot(newest.revision) }),
    onReport(report) {
      seen.push(...report.revisions);
      databases.push(report.database);
    },
    onChange: () => {},
    log: (line) => log.push(line),
  });
  onTestFinished(() => worker.stop(0));
  return { worker, newest, seen, databases, log };
}

test('a thread serves from the snapshot it was started with and confirms each one after', async () => {
  const { worker } = createWorker();
  await worker.start();
  expect(worker.state).toEqual({ name: 'decide-0', state: 'serving', revision: 1, restarts: 0 });
  worker.use(snapshot(2));
  await until(() => worker.state.revision === 2, { what: 'revision 2 is confirmed' });
});

test('a thread is handed a database without a copy of it', async () => {
  const { worker, databases } = createWorker();
  await worker.start();
  const database = new SharedArrayBuffer(1);
  worker.useDatabase(database);
  await until(() => databases.at(-1)?.[0] === 0, { what: 'the database arrives' });
  new Uint8Array(database)[0] = 42;
  await until(() => databases.at(-1)?.[0] === 42, { what: 'what is written here is seen there' });
});

test('a thread that dies is started again, counted, and has the newest snapshot before it serves', async () => {
  const { worker, newest, seen, log } = createWorker();
  await worker.start();
  newest.revision = 42;
  worker.use(snapshot(13));
  await until(() => worker.state.restarts === 1 && worker.state.state === 'serving', { what: 'it serves again' });
  expect(worker.state.revision).toBe(42);
  await until(() => seen.includes(42), { what: 'its first report' });
  expect(seen).not.toContain(13);
  expect(log).toEqual([expect.stringContaining('decide-0 stopped')]);
});

test('a thread that cannot serve at its first start says why and is not tried again', async () => {
  const { worker } = createWorker('refused');
  await expect(worker.start()).rejects.toThrow('decide-0: this socket is refused');
  expect(worker.state).toMatchObject({ state: 'stopped', restarts: 0 });
});
