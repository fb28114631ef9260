import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { isBelow } from '../../../src/evidence/seen.ts';
import type { JudgeRow, StoredStep } from '../../../src/judging/store.ts';
import { createEvidenceStore, type EvidenceLimits } from '../../../src/store/evidence.ts';
import { migrations } from '../../../src/store/migrations.ts';
import { openStore } from '../../../src/store/sqlite.ts';

function newPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-evidence-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'understudy.db');
}

function limited(limits: EvidenceLimits) {
  const path = newPath();
  openStore(path).close();
  return createEvidenceStore(new DatabaseSync(path), limits);
}

function rowOf(changes: Partial<JudgeRow> = {}): JudgeRow {
  return {
    ...{ rollout: 'ranker', release: 'r1', format: 1, state: '{"sum":0.1}', judged: '{}', weightBp: 500 },
    ...{ weightAgeMs: undefined, untilMs: 1_700_000_000_000.5, gaps: { count: 2, ms: 1.5 }, unitLevel: 3 },
    ...changes,
  };
}

function stepOf(changes: Partial<StoredStep> = {}): StoredStep {
  return { rollout: 'ranker', release: 'r1', revision: 7, blocks: [], seen: '{}', ...changes };
}

test('what a step wrote is there after the store is opened again, and the sidecar is the same', () => {
  const path = newPath();
  const first = openStore(path);
  const step = stepOf({ blocks: [{ sidecar: 's', thread: 't', sequence: 0 }], seen: '{"a":0.30000000000000004}' });
  first.inStep((writes) => {
    writes.putJudge(rowOf({ weightAgeMs: 0.1 }));
    writes.addStep(step);
    writes.takeBlock({ sidecar: 's', thread: 't', sequence: 0 });
  });
  const sidecar = first.sidecarId();
  first.close();
  const second = openStore(path);
  expect(sidecar).toMatch(/^[0-9a-f]{32}$/);
  expect(second.sidecarId()).toBe(sidecar);
  expect(second.judges()).toEqual([rowOf({ weightAgeMs: 0.1 })]);
  expect(second.steps('ranker')).toEqual([step]);
  expect(second.inStep((writes) => writes.takeBlock({ sidecar: 's', thread: 't', sequence: 0 }))).toBe('known');
});

test('a store from before there were judges gets its tables and an id, and keeps what it has', () => {
  const path = newPath();
  const old = new DatabaseSync(path);
  old.exec(`${migrations[0]} PRAGMA user_version = 1; INSERT INTO sidecar VALUES (1, 7, 'ab')`);
  old.close();
  const store = openStore(path);
  expect([store.revision(), store.unitKey(), store.judges()]).toEqual([7, 'ab', []]);
  expect(store.sidecarId()).toMatch(/^[0-9a-f]{32}$/);
});

test('a step that fails in the middle leaves nothing behind, and no block is taken by it', () => {
  const store = openStore(':memory:');
  const id = { sidecar: 's', thread: 't', sequence: 0 };
  const unit = { unit: '0000000000000001', arm: 'stable', weightBp: 0 } as const;
  expect(() =>
    store.inStep((writes) => {
      writes.takeBlock(id);
      writes.newUnits('ranker', 'r1', [unit], 0);
      writes.putJudge(rowOf());
      writes.addStep(stepOf());
      throw new Error('no');
    }),
  ).toThrow('no');
  expect([store.judges(), store.steps('ranker')]).toEqual([[], []]);
  store.inStep((writes) => {
    expect(writes.takeBlock(id)).toBe('new');
    expect(writes.newUnits('ranker', 'r1', [unit], 0).units).toEqual([unit]);
  });
});

test('a block is new once, in any order; after a hole it says so; one from long ago is not taken', () => {
  const store = openStore(':memory:');
  const take = (sequence: number, thread = 't') =>
    store.inStep((writes) => writes.takeBlock({ sidecar: 's', thread, sequence }));
  expect([0, 1, 1, 4, 2, 2, 3, 5].map((sequence) => take(sequence))).toEqual([
    'new',
    'new',
    'known',
    'hole',
    'new',
    'known',
    'new',
    'new',
  ]);
  expect([take(1_000), take(999), take(900)]).toEqual(['hole', 'new', 'known']);
  expect(take(0, 'u')).toBe('new');
});

test('any sequence of blocks is taken at most once each', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(200), { maxLength: 80 }), (sequences) => {
      const store = openStore(':memory:');
      const taken = sequences.filter(
        (sequence) => store.inStep((writes) => writes.takeBlock({ sidecar: 's', thread: 't', sequence })) !== 'known',
      );
      expect(new Set(taken).size).toBe(taken.length);
      store.close();
    }),
    { numRuns: 50 },
  );
});

test('steps are bounded in number and in bytes: the oldest go', () => {
  const byNumber = limited({ maxSteps: 3 });
  const byBytes = limited({ maxStepBytes: 1_000 });
  for (const store of [byNumber, byBytes]) {
    for (let n = 0; n < 20; n++) {
      store.inStep((writes) => writes.addStep(stepOf({ rollout: n % 2 ? 'a' : 'b', seen: `${n} ${'x'.repeat(90)}` })));
    }
  }
  const numbers = (store: typeof byNumber) =>
    ['b', 'a'].map((rollout) => store.steps(rollout).map(({ seen }) => Number.parseInt(seen, 10)));
  expect(numbers(byNumber)).toEqual([
    [14, 16, 18],
    [15, 17, 19],
  ]);
  expect(numbers(byBytes).flat()).toHaveLength(10);
});

test('units are counted once; beyond the bound a smaller and smaller sample is, which the arm has no part in', () => {
  const store = limited({ maxUnits: 100 });
  const unit = (n: number) => ((BigInt(n) * 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn).toString(16).padStart(16, '0');
  let level = 0;
  const counted: string[] = [];
  for (let n = 0; n < 5_000; n += 50) {
    const seen = Array.from(
      { length: 100 },
      (_, i) => ({ unit: unit(Math.max(0, n - 50) + i), arm: 'stable', weightBp: 1 }) as const,
    );
    const found = store.inStep((writes) => writes.newUnits('ranker', 'r1', seen, level));
    expect(found.level).toBeGreaterThanOrEqual(level);
    level = found.level;
    counted.push(...found.units.map((one) => one.unit));
  }
  expect(new Set(counted).size).toBe(counted.length);
  expect(level).toBeGreaterThan(3);
  expect(counted.length).toBeGreaterThan(250);
  expect([isBelow('ffffffffffffffff', 1), isBelow('7fffffffffffffff', 1), isBelow('no hash', 1)]).toEqual([
    false,
    true,
    false,
  ]);
});

test('a judge, with its units and steps, goes with its rollout and with its release', () => {
  const store = openStore(':memory:');
  const unit = { unit: '0000000000000001', arm: 'stable', weightBp: 0 } as const;
  const put = (release: string) =>
    store.inStep((writes) => {
      const { units } = writes.newUnits('ranker', release, [unit], 0);
      writes.putJudge(rowOf({ release }));
      writes.addStep(stepOf({ release }));
      return units.length;
    });
  expect([put('r1'), put('r1'), put('r2'), put('r1')]).toEqual([1, 0, 1, 1]);
  expect(store.steps('ranker').map(({ release }) => release)).toEqual(['r1']);
  store.inStep((writes) => writes.keepOnly([]));
  expect([store.judges(), store.steps('ranker'), put('r1')]).toEqual([[], [], 1]);
});
