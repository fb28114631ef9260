import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Exchange } from '../../../src/pairing/exchange.ts';
import { Join, type JoinLimits } from '../../../src/pairing/join.ts';
import { body, production, shadow } from './exchanges.ts';

function createJoin(limits: Partial<JoinLimits> = {}) {
  const counts: Record<string, number> = {};
  const join = new Join({ windowMs: 1_000, maxIds: 100, maxBytes: 1_000, ...limits }, (name, by) => {
    counts[name] = (counts[name] ?? 0) + by;
  });
  const names = (exchange: Exchange, nowMs = 0) =>
    join.add(exchange, nowMs).map((match) => `${match.production.id}:${match.shadow.slot}`);
  return { join, counts, names };
}

describe('two sides of one id', () => {
  test('are joined whichever comes first', () => {
    const { names } = createJoin();
    expect([names(production('a')), names(shadow('a'))]).toEqual([[], ['a:1']]);
    expect([names(shadow('b')), names(production('b'))]).toEqual([[], ['b:1']]);
  });

  test('give the same pairs in any order of arrival', () => {
    const sent: Exchange[] = ['a', 'b', 'c'].flatMap((id) => [production(id, [1, 2]), shadow(id, 1), shadow(id, 2)]);
    fc.assert(
      fc.property(fc.shuffledSubarray(sent, { minLength: sent.length }), (arrival) => {
        const { names, counts, join } = createJoin();
        const pairs = arrival.flatMap((exchange) => names(exchange));
        expect(pairs.sort()).toEqual(['a:1', 'a:2', 'b:1', 'b:2', 'c:1', 'c:2']);
        expect([counts, join.waitingIds, join.waitingBytes]).toEqual([{}, 0, 0]);
      }),
    );
  });

  test('make one pair per shadow, never a pair of two shadows', () => {
    const { names } = createJoin();
    expect([names(shadow('a', 1)), names(shadow('a', 2)), names(production('a', [1, 2]))]).toEqual([
      [],
      [],
      ['a:1', 'a:2'],
    ]);
  });
});

describe('what cannot be joined is counted', () => {
  test('a side seen twice is a duplicate, before and after the pair was made', () => {
    const { names, counts } = createJoin();
    names(production('a', [1, 2]));
    names(production('a', [1, 2]));
    names(shadow('a', 1));
    names(shadow('a', 1));
    names(shadow('a', 2));
    expect(names(shadow('a', 2))).toEqual([]);
    expect(counts).toEqual({ duplicate: 3 });
  });

  test('a shadow that production does not name is unexpected', () => {
    const { names, counts } = createJoin();
    names(shadow('a', 4));
    expect([names(production('a', [1])), counts]).toEqual([[], { unexpected: 1 }]);
  });

  test('a side that never arrives is unmatched, by the side that is missing', () => {
    const { join, names, counts } = createJoin();
    names(production('a', [1, 2]));
    names(shadow('a', 1));
    names(shadow('b'));
    join.expire(1_000);
    expect(counts).toEqual({ 'unmatched-shadow': 1, 'unmatched-production': 1 });
  });

  test('a side that arrives after its id was given up is late and makes no pair', () => {
    const { join, names, counts } = createJoin();
    names(production('a'));
    join.expire(1_000);
    expect([names(shadow('a')), counts]).toEqual([[], { 'unmatched-shadow': 1, late: 1 }]);
  });

  test('the window runs from the first side seen', () => {
    const { join, names } = createJoin();
    names(shadow('a'), 0);
    names(shadow('b'), 500);
    join.expire(999);
    expect(join.waitingIds).toBe(2);
    join.expire(1_000);
    expect([join.waitingIds, names(production('b'), 1_001)]).toEqual([1, ['b:1']]);
  });
});

describe('the bounds hold', () => {
  test('beyond the number of ids the oldest is given up first', () => {
    const { join, names, counts } = createJoin({ maxIds: 2 });
    for (const id of ['a', 'b', 'c']) names(production(id));
    expect([join.waitingIds, counts, names(shadow('a')), names(shadow('c'))]).toEqual([
      2,
      { dropped: 1, late: 1 },
      [],
      ['c:1'],
    ]);
  });

  test('beyond the captured bytes the oldest is given up first', () => {
    const { join, names, counts } = createJoin({ maxBytes: 10 });
    names(production('a', [1], { body: body('12345678') }));
    names(production('b', [1], { body: body('12345678') }));
    expect([join.waitingIds, join.waitingBytes, counts]).toEqual([1, 8, { dropped: 1 }]);
  });

  test('for any arrival of any exchanges', () => {
    const exchange = fc
      .tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 4 }), fc.string({ maxLength: 20 }))
      .map(([id, slot, text]) =>
        slot === 0 ? production(`${id}`, [1, 2], { body: body(text) }) : shadow(`${id}`, slot, { body: body(text) }),
      );
    fc.assert(
      fc.property(fc.array(exchange, { maxLength: 200 }), (arrival) => {
        const { join } = createJoin({ maxIds: 5, maxBytes: 40, windowMs: 20 });
        arrival.forEach((next, nowMs) => {
          join.add(next, nowMs);
          join.expire(nowMs);
          expect(join.waitingIds).toBeLessThanOrEqual(5);
          expect(join.waitingBytes).toBeLessThanOrEqual(40);
          expect(join.waitingBytes).toBeGreaterThanOrEqual(0);
        });
        join.expire(Number.MAX_SAFE_INTEGER);
        expect([join.waitingIds, join.waitingBytes]).toEqual([0, 0]);
      }),
    );
  });
});
