import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Pair } from '../../../src/pairing/pair.ts';
import {
  createKept,
  DEFAULT_KEPT,
  type KeptChange,
  type KeptCounter,
  type KeptLimits,
} from '../../../src/recording/kept.ts';
import type { KeptContent } from '../../../src/recording/kept-pair.ts';
import { createKeptShelf } from '../../../src/recording/kept-shelf.ts';
import { elementOf, failing, fieldOf, pairOf, sideOf } from './pair-of.ts';

function contentOf(pair: Pair, text = ''): KeptContent {
  const body = text === '' ? undefined : { text, cut: 0, note: undefined, json: false };
  return {
    pair,
    reference: body,
    candidate: body,
    request: undefined,
    productionSpan: undefined,
    shadowSpan: undefined,
  };
}

/** xorshift32, uniform in [0, 1). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** What is kept, and a shelf that is told of it. */
function stage(limits: Partial<KeptLimits> = {}, random: () => number = seeded(1)) {
  const counted: Partial<Record<KeptCounter, number>> = {};
  const kept = createKept({ ...DEFAULT_KEPT, ...limits }, random, (name, by) => {
    counted[name] = (counted[name] ?? 0) + by;
  });
  const shelf = createKeptShelf(limits.maxBytes ?? DEFAULT_KEPT.maxBytes);
  const offer = (pair: Pair, text?: string): readonly KeptChange[] => {
    const changes = kept.offer(pair, () => contentOf(pair, text));
    shelf.apply(changes);
    return changes;
  };
  /** Times of the pairs kept for a reason. */
  const keptFor = (why: string) =>
    shelf
      .list()
      .filter((pair) => pair.why.includes(why))
      .map(({ pair }) => pair.timeMs - 1_700_000_000_000)
      .sort((one, other) => one - other);
  return { kept, shelf, counted, offer, keptFor };
}

const score = (reference: number, candidate: number) => [fieldOf('score', [elementOf(reference, candidate)])];

describe('the sample', () => {
  test('holds the first pairs, then each pair with the same probability', () => {
    const [pairs, size, rounds] = [40, 10, 4_000];
    const random = seeded(7);
    const times: number[] = Array(pairs).fill(0);
    for (let round = 0; round < rounds; round++) {
      const { offer, keptFor } = stage({ perCell: size }, random);
      for (let n = 0; n < pairs; n++) offer(pairOf(n));
      for (const n of keptFor('sample')) times[n] = (times[n] ?? 0) + 1;
    }
    const expected = (rounds * size) / pairs;
    const chiSquare = times.reduce((sum, seen) => sum + (seen - expected) ** 2 / (expected * (1 - size / pairs)), 0);
    expect(times.reduce((sum, seen) => sum + seen, 0)).toBe(rounds * size);
    // 39 degrees of freedom: 72.1 is exceeded once in a thousand seeds
    expect(chiSquare).toBeLessThan(72.1);
  });

  test('takes no body of a pair that is not kept', () => {
    const { kept } = stage({ perCell: 2 }, () => 0.999);
    let taken = 0;
    const offer = (n: number) =>
      kept.offer(pairOf(n, { segments: { a: '1', b: '2' } }), () => {
        taken += 1;
        return contentOf(pairOf(n));
      });
    for (let n = 0; n < 100; n++) offer(n);
    expect(taken).toBe(2);
    expect(offer(101)).toEqual([]);
  });
});

describe('extremes', () => {
  test('the largest differences and the highest and lowest predictions are kept', () => {
    const { offer, keptFor } = stage({ perCell: 0, extremes: 2 });
    const candidates = [10, 11, 500, 9, -300, 10, 12];
    for (const [n, candidate] of candidates.entries()) offer(pairOf(n, {}, score(10, candidate)));
    expect(keptFor('largest difference of score')).toEqual([2, 4]);
    expect(keptFor('highest score')).toEqual([2, 6]);
    expect(keptFor('lowest score')).toEqual([3, 4]);
  });

  test('any order: those kept are the largest', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 10_000 }), { minLength: 1, maxLength: 60 }), (values) => {
        const { offer, shelf } = stage({ perCell: 0, extremes: 5 });
        for (const [n, value] of values.entries()) offer(pairOf(n, {}, score(0, value)));
        const found = shelf
          .list()
          .filter(({ why }) => why.includes('largest difference of score'))
          .map(({ pair }) => Number(pair.difference.fields[0]?.elements[0]?.candidate));
        expect(found.sort((a, b) => b - a)).toEqual([...values].sort((a, b) => b - a).slice(0, 5));
      }),
    );
  });

  test('what is the same, or not compared, has no largest difference', () => {
    const { offer, keptFor } = stage({ perCell: 0 });
    offer(pairOf(1, {}, score(10, 10)));
    offer(pairOf(2, {}, [fieldOf('score', [elementOf(10, 20)], { compared: false })]));
    expect(keptFor('largest difference of score')).toEqual([]);
    expect(keptFor('highest score')).toEqual([1, 2]);
  });

  test('without a sample and extremes nothing is kept but failures', () => {
    const { offer } = stage({ perCell: 0, extremes: 0 });
    expect(offer(pairOf(1, {}, score(10, 20)))).toEqual([]);
  });
});

describe('failures', () => {
  test('the newest of each kind is kept, renewed at most once a second', () => {
    const { offer, keptFor } = stage({ perCell: 0 });
    for (const n of [0, 500, 999, 1_000, 1_500]) offer(pairOf(n, failing('timeout')));
    offer(pairOf(1_600, { reference: sideOf({ error: 'reset' }) }));
    expect(keptFor('candidate timeout')).toEqual([1_000]);
    expect(keptFor('reference reset')).toEqual([1_600]);
  });

  test('a value that is missing in an answer is one, in no answer it is not', () => {
    const { offer, keptFor, shelf } = stage({ perCell: 0 });
    const missing = (word: 'wrong-type' | 'no-answer') => [
      fieldOf('score', [elementOf(1, undefined, { missing: { reference: undefined, candidate: word } })]),
    ];
    offer(pairOf(1, {}, missing('wrong-type')));
    offer(pairOf(2, failing('timeout'), missing('no-answer')));
    offer(pairOf(3, failing('aborted')));
    expect(keptFor('candidate without a value: wrong-type')).toEqual([1]);
    expect(shelf.list().map(({ why }) => why)).toEqual([
      ['candidate timeout'],
      ['candidate without a value: wrong-type'],
    ]);
  });
});

test('the newest of another status, and without fields of another body, are kept', () => {
  const { offer, keptFor } = stage({ perCell: 0 });
  const differing = (n: number, changes: Partial<Pair['difference']>) =>
    offer(pairOf(n, { difference: { ...pairOf(n).difference, ...changes } }));
  differing(1, { sameStatus: false });
  differing(2, { body: 'different' });
  differing(3, { body: 'different', fields: [fieldOf('score', [elementOf(1, 1)])] });
  expect(keptFor('different status')).toEqual([1]);
  expect(keptFor('different body')).toEqual([2]);
});

describe('cells', () => {
  test('each segment value, rollout and shadow has its own', () => {
    const { offer, keptFor } = stage({ perCell: 1 }, () => 0.999);
    offer(pairOf(1, { segments: { state: 'CO', tier: 'gold' } }));
    offer(pairOf(2, { segments: { state: 'NZ', tier: 'gold' } }));
    offer(pairOf(3, { shadow: 'other' }));
    offer(pairOf(4, { rollout: 'search' }));
    expect(keptFor('sample')).toEqual([1, 3, 4]);
    expect(keptFor('sample in state=NZ')).toEqual([2]);
    expect(keptFor('sample in tier=gold')).toEqual([1]);
  });

  test('segment values beyond the bound are in the cell of all traffic only, and counted', () => {
    const { offer, counted, shelf } = stage({ perCell: 1, maxCells: 3 }, () => 0.999);
    for (let n = 0; n < 50; n++) offer(pairOf(n, { segments: { user: `u${n}` } }));
    expect(counted).toEqual({ 'cells-full': 47 });
    expect(shelf.list()).toHaveLength(3);
  });

  test('names that are also those of an object are names like others', () => {
    const { offer, keptFor } = stage({ perCell: 1 });
    const segments = JSON.parse('{"__proto__":"x","constructor":"toString"}');
    offer(pairOf(1, { segments }, [fieldOf('__proto__', [elementOf(1, 2)])]));
    expect(keptFor('sample in __proto__=x')).toEqual([1]);
    expect(keptFor('highest __proto__ in constructor=toString')).toEqual([1]);
  });

  test('a new release clears its rollout and no other, and a late pair of the earlier one is left out', () => {
    const { offer, shelf } = stage();
    offer(pairOf(1, { rollout: 'search', segments: { state: 'CO' } }));
    offer(pairOf(2, { segments: { state: 'CO' } }));
    offer(pairOf(3, { release: 'r2', revision: 5 }));
    expect(offer(pairOf(4, { release: 'r1', revision: 1 }))).toEqual([]);
    expect(shelf.list().map(({ pair }) => pair.timeMs % 1_000)).toEqual([3, 1]);
  });

  test('pairs without a stable side are not kept', () => {
    expect(stage().offer(pairOf(1, { referenced: false }))).toEqual([]);
  });
});

describe('bytes', () => {
  test('stay within the bound; the oldest of segments goes first, and its cell does not take just anything instead', () => {
    const text = 'x'.repeat(10_000);
    const { offer, kept, counted, shelf } = stage({ maxBytes: 400_000, perCell: 2, extremes: 2 });
    for (let n = 0; n < 500; n++) {
      offer(pairOf(n, { segments: { state: `s${n % 20}` } }, score(0, 1_000 - n)), text);
      expect(kept.bytes).toBeLessThanOrEqual(400_000);
    }
    expect(counted.evicted).toBeGreaterThan(0);
    expect(shelf.list().some(({ why }) => why.includes('largest difference of score'))).toBe(true);
    // the large differences came first: were what is evicted forgotten, each pair would be a new record
    const before = counted.evicted;
    for (let n = 500; n < 600; n++) offer(pairOf(n, { segments: { state: `s${n % 20}` } }, score(0, 1_000 - n)), text);
    expect((counted.evicted ?? 0) - (before ?? 0)).toBeLessThan(400);
  });

  test('any pairs: the count is that of what is held, and the shelf holds the same', () => {
    const offers = fc.array(
      fc.record({
        n: fc.integer({ min: 0, max: 100_000 }),
        value: fc.integer({ min: -50, max: 50 }),
        state: fc.constantFrom('a', 'b', 'c'),
        release: fc.constantFrom('r1', 'r1', 'r1', 'r2'),
        text: fc.integer({ min: 0, max: 3_000 }),
      }),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(offers, (all) => {
        const limits = { ...DEFAULT_KEPT, perCell: 2, extremes: 1, maxBytes: 60_000 };
        const kept = createKept(limits, seeded(3));
        const held = new Map<string, KeptContent>();
        for (const { n, value, state, release, text } of all) {
          const pair = pairOf(n, { release, segments: { state } }, score(0, value));
          for (const { slot, content } of kept.offer(pair, () => contentOf(pair, 'x'.repeat(text)))) {
            if (content === undefined) held.delete(slot);
            else held.set(slot, content);
          }
          expect(kept.bytes).toBeLessThanOrEqual(limits.maxBytes);
        }
        if (held.size === 0) expect(kept.bytes).toBe(0);
        else expect(kept.bytes).toBeGreaterThan(held.size * 200);
      }),
    );
  });
});

describe('the shelf', () => {
  test('shows a pair once, with every reason, the newest first', () => {
    const { offer, shelf } = stage({ perCell: 1 }, () => 0.999);
    offer(pairOf(1, { segments: { state: 'CO' } }, score(10, 20)));
    offer(pairOf(2, {}, score(10, 12)));
    expect(shelf.list().map(({ pair, why }) => [pair.timeMs % 1_000, why])).toEqual([
      [2, ['largest difference of score', 'highest score', 'lowest score']],
      [
        1,
        ['', ' in state=CO'].flatMap((where) =>
          ['sample', 'largest difference of score', 'highest score', 'lowest score'].map((why) => why + where),
        ),
      ],
    ]);
  });

  test('forgets a unit', () => {
    const { offer, shelf } = stage();
    offer(pairOf(1, { unit: 'b'.repeat(16), segments: { state: 'CO' } }));
    offer(pairOf(2));
    expect(shelf.forget(new Set(['b'.repeat(16), 'c'.repeat(16)]))).toBe(1);
    expect(shelf.list().map(({ pair }) => pair.timeMs % 1_000)).toEqual([2]);
  });

  test('goes on counting a pair that has lost one of its places', () => {
    const shelf = createKeptShelf(100_000);
    for (let n = 0; n < 100; n++) {
      const content = contentOf(pairOf(n), 'x'.repeat(5_000));
      const place = (slot: string) => ({ slot: `ranker\0${slot}`, why: 'sample', content });
      shelf.apply([place('first'), place(`other ${n}`)]);
    }
    expect(shelf.list().length).toBeLessThan(6);
  });

  test('stays within its bytes when what fills it began anew', () => {
    const shelf = createKeptShelf(100_000);
    for (let n = 0; n < 100; n++) {
      shelf.apply([{ slot: `ranker\0${n}`, why: 'sample', content: contentOf(pairOf(n), 'x'.repeat(5_000)) }]);
    }
    const times = shelf.list().map(({ pair }) => pair.timeMs % 1_000);
    expect(times.length).toBeLessThan(6);
    expect(times[0]).toBe(99);
  });
});
