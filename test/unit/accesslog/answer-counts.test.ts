import { expect, test } from 'vitest';
import { AnswerCounts } from '../../../src/accesslog/answer-counts.ts';
import type { ErrorKind } from '../../../src/pairing/pair.ts';
import { WINDOW_SLOTS } from '../../../src/rollout/breaker-window.ts';
import type { Arm } from '../../../src/routing/snapshot.ts';
import { production } from '../pairing/exchanges.ts';
import { rollout } from '../routing/rollout.ts';

const RANKER = rollout({ revision: 9 });

function answered(counts: AnswerCounts, arm: Arm, error?: ErrorKind, changes: { slot?: number; status?: number } = {}) {
  const { decision } = production('id');
  const { slot = 4, status = error === undefined ? 200 : 500 } = changes;
  counts.add(production('id', [], { arm, status, decision: { ...decision, slot } }), RANKER, error);
}

test('answers are counted by arm and by the slot of their decision, under the revision of the rollout', () => {
  const counts = new AnswerCounts();
  answered(counts, 'stable');
  answered(counts, 'canary', 'http-5xx');
  answered(counts, 'canary', 'timeout', { slot: 3 });
  const of = { rollout: 'ranker', release: '2.0.0-00000000', revision: 9 };
  const failed = { finished: 1, judged: 1, failed: 1, gone: 0 };
  expect(counts.take()).toEqual([
    {
      ...of,
      slots: [
        { slot: 4, stable: { finished: 1, judged: 1, failed: 0, gone: 0 }, canary: failed },
        { slot: 3, stable: { finished: 0, judged: 0, failed: 0, gone: 0 }, canary: failed },
      ],
      runs: { judged: 2, leading: 2, trailing: 2, longest: 2 },
    },
  ]);
  expect(counts.take()).toEqual([]);
});

test('a user who left says nothing of the model, and is gone only when no answer had begun', () => {
  const counts = new AnswerCounts();
  answered(counts, 'canary', 'http-5xx');
  answered(counts, 'canary', 'aborted', { status: 0 });
  answered(counts, 'canary', 'aborted', { status: 200 });
  answered(counts, 'canary', 'http-5xx');
  expect(counts.take()).toMatchObject([
    { slots: [{ canary: { finished: 4, judged: 2, failed: 2, gone: 1 } }], runs: { longest: 2 } },
  ]);
});

test.each([
  ['', { judged: 0, leading: 0, trailing: 0, longest: 0 }],
  ['xxx', { judged: 3, leading: 3, trailing: 3, longest: 3 }],
  ['x.xxx.xx', { judged: 8, leading: 1, trailing: 2, longest: 3 }],
  ['.xx.', { judged: 4, leading: 0, trailing: 0, longest: 2 }],
])('of canary answers %j the runs of failures are told, whatever stable does between them', (pattern, runs) => {
  const counts = new AnswerCounts();
  answered(counts, 'stable', 'http-5xx');
  for (const letter of pattern) {
    answered(counts, 'canary', letter === 'x' ? 'http-5xx' : undefined);
    answered(counts, 'stable');
  }
  expect(counts.take()).toMatchObject([{ runs }]);
});

test('requests that took long, from more slots than are held, are counted without one, and none is lost', () => {
  const counts = new AnswerCounts();
  for (let slot = 0; slot < 1_000; slot++) answered(counts, 'canary', undefined, { slot });
  const [{ slots } = { slots: [] }] = counts.take();
  expect(slots).toHaveLength(WINDOW_SLOTS + 1);
  expect(slots.at(-1)).toMatchObject({ slot: undefined, canary: { finished: 1_000 - WINDOW_SLOTS } });
});
