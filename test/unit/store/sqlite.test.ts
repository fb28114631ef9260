import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FRESH_HOLD } from '../../../src/rollout/hold.ts';
import type { Change, EventKind, NewEvent, RolloutState } from '../../../src/rollout/store.ts';
import { migrations } from '../../../src/store/migrations.ts';
import { openStore } from '../../../src/store/sqlite.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-store-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const RELEASE = '2.0.0-0a0b0c0d';

function stateOf(revision: number, changes: Partial<RolloutState> = {}): RolloutState {
  return {
    ...{ rollout: 'ranker', release: RELEASE, revision, phase: 'paused', cause: 'manual', weightBp: revision },
    ...{ stage: undefined, reached: [], hold: FRESH_HOLD, updatedAtMs: 1_700_000_000_000, updatedBy: 'ana' },
    ...{ specHash: 'abc', specRevision: 1, active: true },
    ...changes,
  };
}

function eventOf(revision: number, kind: EventKind = 'weight-set', rollout = 'ranker'): NewEvent {
  return {
    ...{ rollout, release: RELEASE, revision, kind, timeMs: 1_700_000_000_000, actor: 'ana', reason: 'because' },
    ...{ specRevision: 1, detail: '{}', guards: '[{"guard":"p95"}]' },
  };
}

function change(revision: number, rollout = 'ranker', weightBp = revision): Change {
  return {
    revision,
    states: [stateOf(revision, { rollout, weightBp })],
    events: [eventOf(revision, 'weight-set', rollout)],
  };
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

test('where a stage is comes back to the bit: weights by stage, who is in scope, and how far it is', () => {
  const path = join(folder, 'understudy.db');
  const reached = [
    { weightBp: 500, scope: { country: ['NZ', 'IE'] } },
    { weightBp: 100, scope: {} },
  ];
  const byValue = { 'country=NZ': { pairs: 7, requests: 3 } };
  const hold = { ...FRESH_HOLD, coveredMs: 0.1 + 0.2, byValue, failing: ['p95', 'each country=NZ'], accepted: ['p95'] };
  const state = stateOf(1, { phase: 'baking', cause: 'plan', weightBp: undefined, stage: 'one', reached, hold });
  const first = openStore(path);
  first.commit({ revision: 1, states: [state], events: [] });
  first.close();
  const second = openStore(path);
  expect(second.states()).toEqual([state]);
  // whoever reads the file sees what people see
  expect(new DatabaseSync(path).prepare('SELECT weight_bp, by_hand FROM rollouts').get()).toEqual({
    weight_bp: 100,
    by_hand: 0,
  });
});

test('a store from before stages keeps weights that people set, its rollbacks and its events', () => {
  const path = join(folder, 'understudy.db');
  const old = new DatabaseSync(path);
  old.exec(`${migrations.slice(0, 3).join(';')}; PRAGMA user_version = 3;
    INSERT INTO sidecar VALUES (1, 7, 'ab', 'cd');
    INSERT INTO rollouts VALUES ('ranker', 'r1', 'paused', 'manual', 500, 7, 9, 'ana', 'abc', 1);
    INSERT INTO rollouts VALUES ('search', 'r1', 'rolled-back', 'abort', 0, 6, 8, 'bo', 'abd', 1);
    INSERT INTO events (time_ms, rollout, release, kind, actor, reason, revision, detail)
      VALUES (9, 'ranker', 'r1', 'weight-set', 'ana', 'because', 7, '{"fromBp":0,"toBp":500}')`);
  old.close();
  const store = openStore(path);
  const common = {
    stage: undefined,
    reached: [],
    hold: FRESH_HOLD,
    specRevision: 0,
    active: true,
    release: 'r1',
  } as const;
  expect([store.revision(), store.unitKey(), store.specs()]).toEqual([7, 'ab', []]);
  expect(store.states()).toEqual([
    {
      ...{ ...common, rollout: 'ranker', phase: 'paused', cause: 'manual', weightBp: 500, revision: 7 },
      ...{ updatedAtMs: 9, updatedBy: 'ana', specHash: 'abc' },
    },
    {
      ...{ ...common, rollout: 'search', phase: 'rolled-back', cause: 'abort', weightBp: 0, revision: 6 },
      ...{ updatedAtMs: 8, updatedBy: 'bo', specHash: 'abd' },
    },
  ]);
  expect(store.events({ limit: 9 })).toEqual([
    {
      ...{
        number: 1,
        timeMs: 9,
        rollout: 'ranker',
        release: 'r1',
        kind: 'weight-set',
        actor: 'ana',
        reason: 'because',
      },
      ...{ revision: 7, specRevision: 0, detail: '{"fromBp":0,"toBp":500}', guards: '[]' },
    },
  ]);
  store.commit({ ...change(8), events: [{ ...eventOf(8), release: 'r1' }] });
  expect(store.events({ limit: 9 }).map(({ number }) => number)).toEqual([2, 1]);
});

test('a note is stored whole or not at all, raises no revision, and is of the present release only', () => {
  const store = openStore(':memory:');
  store.commit(change(1));
  const hold = { ...FRESH_HOLD, coveredMs: 10_000 };
  store.note({ holds: [{ rollout: 'ranker', release: RELEASE, hold }], events: [eventOf(1, 'guard-failed')] });
  expect([store.revision(), store.states()[0]?.hold, store.events({ limit: 1 })[0]?.kind]).toEqual([
    1,
    hold,
    'guard-failed',
  ]);
  const broken = { ...eventOf(1), kind: null } as unknown as NewEvent;
  const more = { ...hold, coveredMs: 20_000 };
  expect(() => store.note({ holds: [{ rollout: 'ranker', release: RELEASE, hold: more }], events: [broken] })).toThrow(
    'NOT NULL',
  );
  expect([store.states()[0]?.hold, store.events({ limit: 9 }).length]).toEqual([hold, 2]);
  store.note({ holds: [{ rollout: 'ranker', release: 'another', hold: more }], events: [] });
  expect(store.states()).toEqual([stateOf(1, { hold })]);
});

test('specs that people made are kept and let go with the change they belong to', () => {
  const store = openStore(':memory:');
  const put = (revision: number, rollout: string, text: string | undefined) =>
    store.commit({ ...change(revision), specs: [{ rollout, text }] });
  put(1, 'b', '{"name":"b"}');
  put(2, 'a', '{"name":"a"}');
  put(3, 'b', '{"name":"b","stages":[]}');
  expect(store.specs()).toEqual([
    { rollout: 'a', text: '{"name":"a"}' },
    { rollout: 'b', text: '{"name":"b","stages":[]}' },
  ]);
  expect(() => store.commit({ ...change(3), specs: [{ rollout: 'a', text: undefined }] })).toThrow('already stored');
  put(4, 'b', undefined);
  expect(store.specs().map(({ rollout }) => rollout)).toEqual(['a']);
});

test('events are also listed after a number, oldest first, and by kind', () => {
  const store = openStore(':memory:');
  const kinds = ['weight-set', 'paused', 'weight-set', 'resumed', 'paused'] as const;
  for (const [i, kind] of kinds.entries())
    store.commit({ revision: i + 1, states: [], events: [eventOf(i + 1, kind)] });
  const numbers = (query: Parameters<typeof store.events>[0]) => store.events(query).map((event) => event.number);
  expect(numbers({ after: 2, limit: 2 })).toEqual([3, 4]);
  expect(numbers({ after: 0, limit: 9 })).toEqual([1, 2, 3, 4, 5]);
  expect(numbers({ kinds: ['paused', 'resumed'], limit: 9 })).toEqual([5, 4, 2]);
  expect(numbers({ kinds: ['paused'], after: 2, limit: 9 })).toEqual([5]);
  expect(numbers({ kinds: [], limit: 9 })).toEqual([]);
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
  const replace = `INSERT OR REPLACE INTO events SELECT number, 0, rollout, release, kind, actor, reason, revision, detail, spec_revision, guards FROM events`;
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
