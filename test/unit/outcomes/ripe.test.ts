import { expect, test } from 'vitest';
import type { RipeBatch } from '../../../src/outcomes/outcome.ts';
import { createRipeOutcomes, type RipeMark } from '../../../src/outcomes/ripe.ts';
import { openStore } from '../../../src/store/sqlite.ts';

function batchOf(sequence: number, changes: Partial<RipeBatch> = {}): RipeBatch {
  const units = [{ weightBp: 500, arm: 'stable' as const, units: [{ unit: 'a', exposures: sequence, value: 0 }] }];
  return { source: 's', sequence, rollout: 'ranker', release: 'r', key: 'click', units, ...changes };
}

function startRipe() {
  const marks = new Map<string, RipeMark>();
  const ripe = createRipeOutcomes({
    ripeMark: (rollout) => marks.get(rollout),
    setRipeMark: (...mark) => marks.set(...mark),
  });
  return { ripe, marks };
}

test('each batch is given once, in order, by key; then its sequence may be let go', () => {
  const { ripe } = startRipe();
  ripe.add([batchOf(2), batchOf(1), batchOf(3, { key: 'buy' })]);
  const given = ripe.take('ranker', 'r');
  expect(given.click?.map(({ units }) => units[0]?.exposures)).toEqual([1, 2]);
  expect(given.buy).toHaveLength(1);
  expect(ripe.settled()).toEqual([]);
  expect(ripe.take('ranker', 'r')).toEqual({});
  expect(ripe.settled()).toEqual([1, 2, 3]);
});

test('a step that could not be stored is given the same again', () => {
  const { ripe, marks } = startRipe();
  ripe.add([batchOf(1)]);
  const given = ripe.take('ranker', 'r');
  marks.clear();
  expect(ripe.take('ranker', 'r')).toEqual(given);
});

test('a batch that comes again after a restart is not given again; one of another database is', () => {
  const { ripe, marks } = startRipe();
  marks.set('ranker', { source: 's', sequence: 5 });
  ripe.add([batchOf(5), batchOf(6), batchOf(1, { rollout: 'other' })]);
  expect(ripe.take('ranker', 'r').click?.map(({ units }) => units[0]?.exposures)).toEqual([6]);
  expect(ripe.settled()).toEqual([5]);
  ripe.take('ranker', 'r');
  ripe.add([batchOf(1, { source: 'new' })]);
  expect(ripe.take('ranker', 'r').click).toHaveLength(1);
});

test('what is of an earlier release is given to nobody', () => {
  const { ripe } = startRipe();
  ripe.add([batchOf(1, { release: 'before' })]);
  expect(ripe.take('ranker', 'r')).toEqual({});
  expect(ripe.settled()).toEqual([1]);
});

test('how far judges are is stored with their step or not at all', () => {
  const store = openStore(':memory:');
  const note = () => store.setRipeMark('ranker', { source: 's', sequence: 7 });
  expect(() =>
    store.inStep(() => {
      note();
      throw new Error('disk full');
    }),
  ).toThrow('disk full');
  expect(store.ripeMark('ranker')).toBeUndefined();
  store.inStep(note);
  expect(store.ripeMark('ranker')).toEqual({ source: 's', sequence: 7 });
  store.close();
});
