import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Change, RolloutState } from '../../../src/rollout/store.ts';
import { openStore } from '../../../src/store/sqlite.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-store-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function change(revision: number, rollout = 'ranker', weightBp = revision): Change {
  const common = { rollout, release: '2.0.0-0a0b0c0d', revision };
  const changed = { phase: 'paused', cause: 'manual', updatedAtMs: 1_700_000_000_000, updatedBy: 'ana' } as const;
  const state: RolloutState = { ...common, ...changed, weightBp, specHash: 'abc', active: true };
  const event = {
    kind: 'weight-set',
    timeMs: 1_700_000_000_000,
    actor: 'ana',
    reason: 'because',
    detail: '{}',
  } as const;
  return { revision, states: [state], events: [{ ...common, ...event }] };
}

test('what was committed is there after the store is opened again', () => {
  const path = join(folder, 'deep/er/understudy.db');
  const first = openStore(path);
  first.commit(change(1));
  first.commit({ ...change(2), states: [{ ...change(2).states[0], active: false } as RolloutState] });
  const unitKey = first.unitKey();
  first.close();

  const second = openStore(path);
  expect(second.revision()).toBe(2);
  expect(second.unitKey()).toBe(unitKey);
  expect(second.states()).toEqual([{ ...change(2).states[0], active: false }]);
  expect(second.events({ limit: 10 })).toEqual([
    { number: 2, ...change(2).events[0] },
    { number: 1, ...change(1).events[0] },
  ]);
  second.close();
});

test('each store has 32 random bytes of its own', () => {
  const keys = [openStore(':memory:').unitKey(), openStore(':memory:').unitKey()];
  expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(keys[0]).not.toBe(keys[1]);
});

test('events are listed by rollout, before a number and up to a limit', () => {
  const store = openStore(':memory:');
  for (const [i, rollout] of ['a', 'b', 'a', 'a'].entries()) store.commit(change(i + 1, rollout));
  const numbers = (query: Parameters<typeof store.events>[0]) => store.events(query).map((event) => event.number);
  expect(numbers({ limit: 10 })).toEqual([4, 3, 2, 1]);
  expect(numbers({ rollout: 'a', limit: 10 })).toEqual([4, 3, 1]);
  expect(numbers({ rollout: 'a', before: 4, limit: 1 })).toEqual([3]);
});

test('a change that fails in the middle leaves nothing behind', () => {
  const store = openStore(':memory:');
  store.commit(change(1));
  expect(() => store.commit(change(2, 'ranker', 20_000))).toThrow('CHECK constraint failed');
  expect([store.revision(), store.states()[0]?.weightBp, store.events({ limit: 9 }).length]).toEqual([1, 1, 1]);
});

test('of two processes with the same store only one makes a revision', () => {
  const path = join(folder, 'understudy.db');
  const [one, other] = [openStore(path), openStore(path)];
  one.commit(change(1));
  expect(() => other.commit(change(1))).toThrow('revision 1 or a newer one is already stored');
  expect(other.events({ limit: 9 })).toHaveLength(1);
});

test('an event can be neither edited, deleted nor replaced', () => {
  const path = join(folder, 'understudy.db');
  openStore(path).commit(change(1));
  const database = new DatabaseSync(path);
  const replace = `INSERT OR REPLACE INTO events SELECT number, 0, rollout, release, kind, actor, reason, revision, detail FROM events`;
  for (const statement of ["UPDATE events SET reason = ''", 'DELETE FROM events', replace]) {
    expect(() => database.exec(statement)).toThrow('events are append-only');
  }
});

test('the files of a store are private, also when the first one was not', () => {
  const path = join(folder, 'understudy.db');
  writeFileSync(path, '');
  chmodSync(path, 0o644);
  const store = openStore(path);
  store.commit(change(1));
  for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(statSync(file).mode & 0o777).toBe(0o600);
  store.close();
});

test('a store of a newer version is refused and left alone', () => {
  const path = join(folder, 'understudy.db');
  openStore(path).close();
  const database = new DatabaseSync(path);
  database.exec('PRAGMA user_version = 99');
  expect(() => openStore(path)).toThrow(
    /written by a newer version of Understudy \(schema 99, this version knows up to \d+\)/,
  );
  expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: 99 });
});
