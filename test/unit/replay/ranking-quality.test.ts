import { expect, test } from 'vitest';
import type { Difference } from '../../../src/comparison/difference.ts';
import { addRankings, type RankingSums } from '../../../src/replay/ranking-quality.ts';
import { element, field } from './rows.ts';

const items = (...names: string[]) => names.map((item) => ({ item, categories: [] }));

function difference(reference: unknown, candidate: unknown): Difference {
  const ranking = field('items', 'ranking', element(reference, { candidate }));
  return {
    sameStatus: true,
    body: 'not-captured',
    notJson: false,
    outputs: {},
    latencyDifferenceMs: undefined,
    fields: [ranking, field('score', 'number', element(1))],
    refusedAlike: false,
  };
}

const labels = new Map([['known', new Set(['a', 'c'])]]);

test('precision counts relevant items of the top k on each side, over labelled requests only', () => {
  const sums: Record<string, RankingSums> = {};
  const known = { k: 2, labels, popularity: undefined };
  addRankings(sums, { id: 'known', difference: difference(items('a', 'b', 'c'), items('c', 'a')) }, known);
  addRankings(sums, { id: 'unknown', difference: difference(items('a'), items('a')) }, known);
  expect(sums).toEqual({
    items: {
      labelled: 1,
      precision: { reference: 0.5, candidate: 1 },
      novel: 0,
      novelty: { reference: 0, candidate: 0 },
    },
  });
});

test('a side without a ranking has precision 0, and an item that is listed twice counts once', () => {
  const sums: Record<string, RankingSums> = {};
  const known = { k: 2, labels, popularity: undefined };
  addRankings(sums, { id: 'known', difference: difference(items('a', 'a', 'c'), undefined) }, known);
  expect(sums.items).toMatchObject({ labelled: 1, precision: { reference: 1, candidate: 0 } });
});

test('novelty is summed where both sides have one', () => {
  const sums: Record<string, RankingSums> = {};
  const popularity = {
    users: 8,
    seen: new Map([
      ['a', 8],
      ['b', 4],
      ['c', 1],
    ]),
  };
  const known = { k: 2, labels: undefined, popularity };
  addRankings(sums, { id: 'any', difference: difference(items('a', 'b', 'c'), items('c', 'b')) }, known);
  addRankings(sums, { id: 'any', difference: difference(items('a'), items()) }, known);
  // (0 + 1) / 2 and (3 + 1) / 2 bits
  expect(sums.items).toMatchObject({ labelled: 0, novel: 1, novelty: { reference: 0.5, candidate: 2 } });
});
