import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kendallTau } from '../../../src/comparison/kendall.ts';
import { compareRanking, diversity, meanNovelty, overlapAt, precisionAt } from '../../../src/comparison/ranking.ts';
import { compareSet, jaccard } from '../../../src/comparison/set.ts';
import type { RankedItem } from '../../../src/prediction/prediction.ts';

// statistics.md 6
const R = ['i1', 'i2', 'i3', 'i4', 'i5', 'i6', 'i7', 'i8', 'i9', 'i10'];
const C = ['i2', 'i1', 'i4', 'i11', 'i3', 'i12', 'i6', 'i13', 'i5', 'i14'];
const RELEVANT = new Set(['i1', 'i2', 'i3', 'i5', 'i6', 'i10', 'i11', 'i13']);
const CATEGORIES: Record<string, string[]> = { x: ['a', 'b'], y: ['b'], z: ['c'], w: ['a', 'c'] };

const items = (names: readonly string[], categories: Record<string, string[]> = {}): RankedItem[] =>
  names.map((item) => ({ item, categories: categories[item] ?? [] }));
const ranking = (k: number, minOverlap = 1) => ({ k, minOverlap, category: undefined });

const names = fc.array(fc.constantFrom(...R, ...C), { maxLength: 15 });
const anyK = fc.integer({ min: 1, max: 12 });

describe('rankings', () => {
  test.each([
    [3, 0.6666666666666666],
    [5, 0.8],
    [10, 0.6],
  ])('overlap@%i has the known answer, and agrees from there', (k, overlap) => {
    expect(overlapAt(k, R, C)).toBeCloseTo(overlap, 12);
    expect(compareRanking(ranking(k, overlap), items(R), items(C)).agree).toBe(true);
    expect(compareRanking(ranking(k, overlap + 0.01), items(R), items(C)).agree).toBe(false);
  });

  test('have the known Kendall tau over their common items, and the share of items that are new', () => {
    const { measures } = compareRanking(ranking(10), items(R), items(C));
    expect(measures.tau).toBeCloseTo(0.6, 12);
    expect(measures.novelty).toBeCloseTo(0.4, 12);
    expect(compareRanking(ranking(3), items(R), items(C)).measures.novelty).toBeCloseTo(1 / 3, 12);
  });

  test('have no tau with fewer than two common items, and an empty one has nothing new', () => {
    expect(compareRanking(ranking(3), items(['a', 'b']), items(['b', 'c'])).measures).toEqual({
      overlap: 0.5,
      novelty: 0.5,
    });
    expect(compareRanking(ranking(3), items(['a']), [])).toEqual({ agree: false, measures: { overlap: 0 } });
    expect(compareRanking(ranking(3), [], [])).toEqual({ agree: true, measures: { overlap: 1 } });
  });

  test('shorter than k overlap by the longer list, so that a list that lost its end does not agree', () => {
    expect(compareRanking(ranking(10), items(['a', 'b']), items(['a', 'b'])).measures.overlap).toBe(1);
    expect(compareRanking(ranking(10), items(['a', 'b']), items(['a'])).measures.overlap).toBe(0.5);
  });

  test('count an item where it is listed first', () => {
    expect(compareRanking(ranking(2), items(['a', 'a', 'b']), items(['a', 'b'])).measures.overlap).toBe(1);
  });

  test('have the known diversity of categories in their first k, when categories are given', () => {
    const spec = { k: 4, minOverlap: 0, category: '/genres' };
    const { measures } = compareRanking(spec, items(['x', 'y', 'z', 'w'], CATEGORIES), items(['x', 'y'], CATEGORIES));
    expect(measures['reference-diversity']).toBeCloseTo(0.7777777777777778, 12);
    expect(measures['candidate-diversity']).toBeCloseTo(0.5, 12);
    expect(compareRanking({ ...spec, k: 1 }, items(['x'], CATEGORIES), items(['x', 'y'])).measures).toEqual({
      overlap: 1,
      novelty: 0,
    });
  });

  test('agree with themselves; overlap and tau are symmetric; all measures are in their range', () => {
    fc.assert(
      fc.property(names, names, anyK, (a, b, k) => {
        expect(compareRanking(ranking(k), items(a), items(a)).agree).toBe(true);
        const there = compareRanking(ranking(k), items(a), items(b)).measures;
        const back = compareRanking(ranking(k), items(b), items(a)).measures;
        expect([there.overlap, there.tau]).toEqual([back.overlap, back.tau]);
        for (const [name, value] of Object.entries(there)) {
          expect(value >= (name === 'tau' ? -1 : 0) && value <= 1).toBe(true);
        }
      }),
    );
  });
});

describe('Kendall tau-b', () => {
  test('has the known answers, with ties and without', () => {
    expect(kendallTau([1, 2, 2, 3, 4], [1, 3, 2, 3, 5])).toBeCloseTo(0.8888888888888888, 12);
    const [reference, candidate] = [
      [10, 12, 9, 15, 20, 18, 7, 11, 14, 16],
      [11, 12, 10, 16, 22, 19, 7, 12, 13, 18],
    ];
    expect(kendallTau(reference, candidate)).toBeCloseTo(0.9888264649460885, 9);
  });

  test('is 1 of the same order, -1 of the opposite, and not there when a list is all ties', () => {
    expect(kendallTau([1, 2, 3], [4, 5, 6])).toBe(1);
    expect(kendallTau([1, 2, 3], [6, 5, 4])).toBe(-1);
    expect(kendallTau([1, 2], [5, 5])).toBeUndefined();
    expect(kendallTau([1], [1])).toBeUndefined();
    expect(kendallTau([], [])).toBeUndefined();
  });

  test('is what comparing every pair gives', () => {
    const rank = fc.integer({ min: 0, max: 6 });
    fc.assert(
      fc.property(fc.array(fc.tuple(rank, rank), { maxLength: 30 }), (ranks) => {
        const [x, y] = [ranks.map(([a]) => a), ranks.map(([, b]) => b)];
        const [fast, slow] = [kendallTau(x, y), tauByPairs(ranks)];
        if (slow === undefined) expect(fast).toBeUndefined();
        else expect(fast).toBeCloseTo(slow, 9);
        expect(kendallTau(y, x)).toBe(fast);
      }),
    );
  });
});

function tauByPairs(ranks: readonly (readonly [number, number])[]): number | undefined {
  let [score, untiedX, untiedY] = [0, 0, 0];
  for (const [i, [x1, y1]] of ranks.entries()) {
    for (const [x2, y2] of ranks.slice(i + 1)) {
      score += Math.sign(x1 - x2) * Math.sign(y1 - y2);
      untiedX += Math.abs(Math.sign(x1 - x2));
      untiedY += Math.abs(Math.sign(y1 - y2));
    }
  }
  return untiedX === 0 || untiedY === 0 ? undefined : score / Math.sqrt(untiedX * untiedY);
}

describe('sets', () => {
  test.each([
    [3, 0.5],
    [5, 0.6666666666666666],
    [10, 0.42857142857142855],
  ])('of the first %i items have the known Jaccard index, and agree from there', (k, index) => {
    const compared = (minJaccard: number) => compareSet({ minJaccard }, items(R.slice(0, k)), items(C.slice(0, k)));
    expect(compared(index).measures.jaccard).toBeCloseTo(index, 12);
    expect([compared(index).agree, compared(index + 0.01).agree]).toEqual([true, false]);
  });

  test('agree with themselves in any order and with any repetition; the index is symmetric and within 0 and 1', () => {
    fc.assert(
      fc.property(names, names, (a, b) => {
        expect(compareSet({ minJaccard: 1 }, items(a), items([...a, ...a].reverse())).agree).toBe(true);
        const index = jaccard(new Set(a), new Set(b));
        expect(index).toBe(jaccard(new Set(b), new Set(a)));
        expect(index >= 0 && index <= 1).toBe(true);
      }),
    );
  });
});

describe('diversity', () => {
  test('leaves out items without a category, and needs two with one', () => {
    expect(diversity([{ categories: ['a'] }, { categories: [] }, { categories: ['b'] }])).toBe(1);
    expect(diversity([{ categories: ['a'] }, { categories: [] }])).toBeUndefined();
  });
});

describe('against labels and a catalogue', () => {
  test('precision@k has the known answers', () => {
    expect([precisionAt(10, R, RELEVANT), precisionAt(5, R, RELEVANT)]).toEqual([0.6, 0.8]);
    expect([precisionAt(10, C, RELEVANT), precisionAt(5, C, RELEVANT)]).toEqual([0.7, 0.8]);
    expect(precisionAt(10, ['i1'], RELEVANT)).toBe(0.1);
  });

  test('novelty has the known answers, for what nobody has met too', () => {
    const seen = new Map([
      ['x', 5000],
      ['y', 500],
      ['z', 50],
      ['w', 5],
    ]);
    const popularity = { users: 10_000, seen };
    expect(meanNovelty(['x', 'y', 'z', 'w'], popularity)).toBeCloseTo(5.9828921423310435, 9);
    expect(meanNovelty(['w'], popularity)).toBeCloseTo(10.965784284662087, 9);
    expect(meanNovelty(['v'], popularity)).toBeCloseTo(13.28828934218097, 9);
    expect(meanNovelty([], popularity)).toBeUndefined();
  });
});
