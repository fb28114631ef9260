import { expect, test } from 'vitest';
import type { Verdict } from '../../../src/guards/verdict.ts';
import { type GuardRow, guardTable } from '../../../src/rollout/guard-table.ts';
import { moved } from '../../../src/rollout/move.ts';
import { verdictOf } from '../judging/stage.ts';
import { at } from './plans.ts';

const rows = (verdicts: readonly Verdict[]): GuardRow[] => JSON.parse(guardTable(verdicts));

test('the table of an event has a row for each guard and value, those that fail first, and at most a hundred', () => {
  const verdicts = Array.from({ length: 150 }, (_, n) =>
    verdictOf({ guard: `g${n}`, segment: `country=${n}`, status: n % 50 === 49 ? 'fail' : 'pass' }),
  );
  const table = rows(verdicts);
  expect(table).toHaveLength(100);
  expect(table.slice(0, 4).map(({ guard, status }) => [guard, status])).toEqual([
    ['g49', 'fail'],
    ['g99', 'fail'],
    ['g149', 'fail'],
    ['g0', 'pass'],
  ]);
});

test('a row says what the guard said, and is JSON also where a number is none', () => {
  const verdict = verdictOf({
    value: Number.NaN,
    lower: 0.1,
    eValue: Number.POSITIVE_INFINITY,
    sentence: 'p95 "1" ms\n',
  });
  expect(rows([verdict])).toEqual([
    {
      ...{
        guard: 'p95',
        segment: '',
        status: 'pass',
        subject: 'users',
        value: null,
        lower: 0.1,
        threshold: 50,
        unit: 'ms',
      },
      ...{ n: 0, eValue: null, action: 'alert', dryRun: false, sentence: 'p95 "1" ms\n' },
    },
  ]);
  expect(guardTable([])).toBe('[]');
});

test('an event of a move says who, when, why, under which spec, from what to what, and with which table', () => {
  const move = {
    kind: 'paused',
    phase: 'paused',
    cause: 'guard',
    reason: 'late: 97 % < 98 %',
    detail: { more: 1 },
  } as const;
  const stamp = { actor: 'ana', revision: 9, timeMs: 1_700_000_000_000 };
  const { state, event } = moved(at('one', { specRevision: 4 }), move, stamp, [verdictOf()]);
  expect(state).toEqual({
    ...at('one', { specRevision: 4 }),
    ...{ phase: 'paused', cause: 'guard', revision: 9, updatedAtMs: 1_700_000_000_000, updatedBy: 'ana' },
  });
  expect({ ...event, detail: JSON.parse(event.detail), guards: JSON.parse(event.guards).length }).toEqual({
    ...{ rollout: 'ranker', release: 'r1', kind: 'paused', actor: 'ana', reason: 'late: 97 % < 98 %', revision: 9 },
    ...{ timeMs: 1_700_000_000_000, specRevision: 4, guards: 1 },
    detail: {
      from: { phase: 'baking', cause: 'plan', stage: 'one', weightBp: 100 },
      to: { phase: 'paused', cause: 'guard', stage: 'one', weightBp: 100 },
      more: 1,
    },
  });
});
