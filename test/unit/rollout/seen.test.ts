import { expect, test } from 'vitest';
import { emptyArm, emptyPair } from '../../../src/evidence/merge.ts';
import type { Cell, CellKey } from '../../../src/evidence/sums.ts';
import { type Place, seenOf } from '../../../src/rollout/seen.ts';

const KEY: CellKey = {
  ...{ rollout: 'ranker', release: 'r1', weightBp: 500, arm: 'canary', shadow: '', segment: '', segmentValue: '' },
};
const place: Place = {
  ...{ weightBp: 500, scope: {}, candidateShadow: 'candidate', twinShadow: 'twin', mirrorBackShadow: 'mirror-back' },
};
const block = { durationMs: 10_000, covered: true };

function answers(requests: number, key: Partial<CellKey> = {}, capped = 0): Cell {
  return { key: { ...KEY, ...key }, arm: { ...emptyArm(), requests, capped, forced: 1_000 } };
}

function pairs(count: number, key: Partial<CellKey>, capped = 0): Cell {
  return {
    key: { ...KEY, weightBp: 0, arm: 'stable', shadow: 'candidate', ...key },
    pair: { ...emptyPair(), pairs: count, capped },
  };
}

function see(cells: readonly Cell[], changes: Partial<Place> = {}) {
  return seenOf({ ...place, ...changes }, { ...block, cells });
}

test('pairs are those of the canary version beside stable, and of the stable version beside canary', () => {
  const cells = [
    pairs(10, {}),
    pairs(7, { weightBp: 500 }),
    pairs(3, { arm: 'canary', shadow: 'mirror-back', weightBp: 500 }),
    // a twin beside stable is noise, another candidate beside canary has no reference, and a third shadow is nobody's
    pairs(100, { shadow: 'twin' }),
    pairs(100, { arm: 'canary' }),
    pairs(100, { shadow: 'other' }),
  ];
  expect(see(cells).pairs).toBe(20);
  const twin = [pairs(5, { arm: 'canary', shadow: 'twin', weightBp: 500 })];
  expect([see(twin).pairs, see(twin, { mirrorBackShadow: undefined }).pairs]).toEqual([0, 5]);
});

test('requests are what canary answered by the hash, at whichever weight, with those of units that had their share', () => {
  const cells = [
    answers(10, {}, 5),
    answers(3, { weightBp: 100 }),
    answers(50, { arm: 'stable' }),
    answers(9, { weightBp: 0 }),
  ];
  expect(see(cells).requests).toBe(18);
  expect(see([pairs(1, {}, 4)]).pairs).toBe(5);
});

test.each([
  ['at weight 0, pairs', 0, {}, [pairs(1, {})], true],
  ['at weight 0, stable alone', 0, {}, [answers(5, { arm: 'stable', weightBp: 0 })], false],
  [
    'at weight 0 without a shadow, stable alone',
    0,
    { candidateShadow: undefined },
    [answers(5, { arm: 'stable', weightBp: 0 })],
    true,
  ],
  ['at weight 0 without a shadow, nobody', 0, { candidateShadow: undefined }, [], false],
  ['above, canary', 500, {}, [answers(1)], true],
  ['above, pairs alone', 500, {}, [pairs(9, { weightBp: 500 })], false],
  ['above, forced ones alone', 500, {}, [answers(0)], false],
] as const)('%s: present %s', (_, weightBp, changes, cells, present) => {
  expect(see(cells, { weightBp, ...changes }).present).toBe(present);
});

test('of a scope each value has its own count, also the one that nothing came from', () => {
  const of = (segmentValue: string) => ({ segment: 'country', segmentValue });
  const cells = [
    answers(9),
    answers(4, of('NZ')),
    answers(5, of('FR')),
    pairs(2, of('NZ')),
    answers(3, { segment: 'tier', segmentValue: 'NZ' }),
  ];
  expect(see(cells, { scope: { country: ['NZ', 'IE'] } })).toEqual({
    ...{ ...block, present: true, pairs: 0, requests: 9 },
    byValue: { 'country=NZ': { pairs: 2, requests: 4 }, 'country=IE': { pairs: 0, requests: 0 } },
  });
});

test('above 0 the scope is there when canary answered somebody in it: those of an earlier scope are others', () => {
  const [nz, gold] = [
    { segment: 'country', segmentValue: 'NZ' },
    { segment: 'tier', segmentValue: 'gold' },
  ];
  const isPresent = (cells: readonly Cell[], scope: Place['scope'], weightBp = 500) =>
    see([answers(9), ...cells], { scope, weightBp }).present;
  expect(isPresent([answers(9, nz)], { country: ['IE'] })).toBe(false);
  expect(isPresent([answers(9, nz)], { country: ['IE', 'NZ'] })).toBe(true);
  expect(isPresent([answers(9, nz)], { country: ['NZ'], tier: ['gold'] })).toBe(false);
  expect(isPresent([answers(9, nz), answers(2, gold)], { country: ['NZ'], tier: ['gold'] })).toBe(true);
  expect(isPresent([pairs(1, {})], { country: ['NZ'] }, 0)).toBe(true);
});
