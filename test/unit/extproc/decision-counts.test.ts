import { expect, test } from 'vitest';
import { DecisionCounts } from '../../../src/extproc/decision-counts.ts';
import { slotOf } from '../../../src/extproc/decision-slot.ts';
import { nowMs } from '../../../src/extproc/now.ts';
import { SLOT_MS, WINDOW_SLOTS } from '../../../src/rollout/breaker-window.ts';
import { decide } from '../../../src/routing/decide.ts';
import { compiled, facts } from '../routing/rollout.ts';

function decisionOf(changes: Parameters<typeof compiled>[0], headers: Record<string, string>) {
  const decision = decide(compiled(changes), facts(headers));
  if (decision === undefined) throw new Error('no decision');
  return decision;
}

test('decisions are counted by arm and reason, those by the hash by slot too', () => {
  const counts = new DecisionCounts();
  const [canary, stable] = [10_000, 0].map((weightBp) => decisionOf({ weightBp }, { 'x-user-id': 'a' }));
  const [ours, other] = [canary, stable].map((decision) => ({ ...decision, rollout: canary?.rollout }));
  const unknown = { ...decisionOf({}, {}), rollout: canary?.rollout };
  for (const [decision, slot] of [
    [ours, 5],
    [ours, 5],
    [other, 5],
    [ours, 6],
    [unknown, 6],
  ] as const) {
    counts.add(decision as typeof unknown & { rollout: NonNullable<typeof canary>['rollout'] }, slot);
  }
  const of = { rollout: 'ranker', release: '2.0.0-00000000', revision: 7 };
  expect(counts.take()).toEqual({
    decisions: [
      { rollout: 'ranker', arm: 'stable', reason: 'hash', count: 1 },
      { rollout: 'ranker', arm: 'stable', reason: 'no-unit', count: 1 },
      { rollout: 'ranker', arm: 'canary', reason: 'hash', count: 3 },
    ],
    decided: [
      { ...of, slot: 5, stable: 1, canary: 2 },
      { ...of, slot: 6, stable: 0, canary: 1 },
    ],
  });
  expect(counts.take()).toEqual({ decisions: [], decided: [] });
});

test('a rollout that changed is counted apart from what it was', () => {
  const counts = new DecisionCounts();
  counts.add(decisionOf({ revision: 7 }, { 'x-user-id': 'a' }), 1);
  counts.add(decisionOf({ revision: 8 }, { 'x-user-id': 'a' }), 1);
  expect(counts.take().decided.map(({ revision }) => revision)).toEqual([7, 8]);
});

test('a thread that reports late holds the newest slots only', () => {
  const counts = new DecisionCounts();
  const decision = decisionOf({}, { 'x-user-id': 'a' });
  for (let slot = 0; slot < 200; slot++) counts.add(decision, slot);
  const { decided, decisions } = counts.take();
  expect(decided.map(({ slot }) => slot)).toEqual(Array.from({ length: WINDOW_SLOTS }, (_, n) => 150 + n));
  expect(decisions).toMatchObject([{ count: 200 }]);
});

test('slots are those of the monotonic clock of the machine', () => {
  const before = Math.floor(Number(process.hrtime.bigint()) / 1e6 / SLOT_MS);
  const slot = slotOf(nowMs());
  const after = Math.floor(Number(process.hrtime.bigint()) / 1e6 / SLOT_MS);
  expect(slot).toBeGreaterThanOrEqual(before);
  expect(slot).toBeLessThanOrEqual(after);
});
