import { describe, expect, test } from 'vitest';
import { NOT_GUARDED } from '../../../src/evidence/guarded.ts';
import { isBelow, MAX_SEEN_UNITS, UnitSample } from '../../../src/evidence/seen.ts';
import { cellFromJson, cellToJson } from '../../../src/evidence/serialize.ts';
import type { Cell } from '../../../src/evidence/sums.ts';
import { armSums, collecting, merged, NO_FACTS, pairOf, pairSums, productionOf } from './pairs.ts';

const hash = (n: number) => ((BigInt(n) * 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn).toString(16).padStart(16, '0');

describe('one client cannot drive a verdict', () => {
  test('a unit contributes 20 requests to a block of its arm; the rest is counted and is in no other sum', () => {
    const { collector, counted } = collecting();
    const [loud, quiet] = [{ unit: hash(1), segments: { state: 'CO' } }, { unit: hash(2) }];
    for (let n = 0; n < 1_000; n++) {
      collector.addExchange(productionOf({ latencyMs: 5_000, decision: loud }), { ...NO_FACTS, error: 'http-5xx' });
    }
    for (let n = 0; n < 15; n++) collector.addExchange(productionOf({ latencyMs: 10, decision: quiet }), NO_FACTS);
    const { cells } = collector.close(0, 0);
    const { requests, capped, errors, latency } = armSums(cells);
    expect({ requests, capped, errors, latencies: latency.count }).toEqual({
      ...{ requests: 35, capped: 980, latencies: 35 },
      errors: { 'http-5xx': 20 },
    });
    expect(armSums(cells.filter(({ key }) => key.segment === 'state').map(overall))).toMatchObject({
      ...{ requests: 20, capped: 980 },
    });
    expect(counted['evidence.capped']).toBe(980);
  });

  test('so are its pairs with each shadow, forced ones too; the next block is another one', () => {
    const { collector } = collecting();
    for (let block = 0; block < 2; block++) {
      for (let n = 0; n < 100; n++) {
        collector.addPair(pairOf({ id: `${n}`, unit: hash(1), reason: 'rule' }), { twin: false });
        collector.addPair(pairOf({ id: `${n}`, unit: hash(1), shadow: 'other' }), { twin: false });
      }
      const { cells } = collector.close(0, 0);
      for (const shadow of ['candidate', 'other']) {
        expect(pairSums(cells, '', '', shadow)).toMatchObject({ pairs: 20, capped: 80 });
      }
    }
  });

  test('arms and weights are capped each on their own; forced requests, and those without a unit, are not', () => {
    const { collector } = collecting();
    for (let n = 0; n < 30; n++) {
      collector.addExchange(productionOf({ decision: { unit: hash(1), weightBp: 1 } }), NO_FACTS);
      collector.addExchange(productionOf({ decision: { unit: hash(1), weightBp: 2 } }), NO_FACTS);
      collector.addExchange(productionOf({ decision: { unit: hash(1), weightBp: 3, reason: 'rule' } }), NO_FACTS);
      collector.addExchange(productionOf({ decision: { unit: '', weightBp: 4, reason: 'no-unit' } }), NO_FACTS);
    }
    const sums = collector.close(0, 0).cells.map((cell) => 'arm' in cell && cell.arm);
    const shown = sums.map((arm) => arm && [arm.requests, arm.capped, arm.forced]);
    expect(shown).toEqual([
      [20, 10, 0],
      [20, 10, 0],
      [0, 0, 30],
      [30, 0, 0],
    ]);
  });

  test('what was capped adds up when blocks are merged, and survives JSON', () => {
    const { collector } = collecting();
    for (let n = 0; n < 25; n++) collector.addExchange(productionOf({ decision: { unit: hash(1) } }), NO_FACTS);
    const { cells } = collector.close(0, 0);
    const both = [
      ...merged(
        cells,
        cells.map((cell) => cellFromJson(cellToJson(cell))),
      ).values(),
    ];
    expect(armSums(both)).toMatchObject({ requests: 40, capped: 10 });
  });
});

describe('what guards ask', () => {
  const guarded = { latencyMs: [50], featureFetchMs: [8], units: true };

  test('limits are counted exactly where a sketch cannot tell, in arms, in segments and on both sides of pairs', () => {
    const { collector } = collecting();
    // both in one bin of 1 %
    for (const latencyMs of [50, 50.0001]) {
      collector.addExchange(productionOf({ latencyMs, decision: { segments: { state: 'CO' } } }), {
        ...NO_FACTS,
        guarded,
      });
    }
    collector.addPair(pairOf(), { twin: false, guarded });
    const { cells } = collector.close(0, 0);
    for (const cell of cells) {
      if ('arm' in cell)
        expect([...cell.arm.latency.over, ...cell.arm.featureFetch.over]).toEqual([
          [50, 1],
          [8, 0],
        ]);
      else
        expect([...cell.pair.candidate.latency.over, ...cell.pair.reference.featureFetch.over]).toEqual([
          [50, 0],
          [8, 0],
        ]);
    }
    expect(cells).toHaveLength(3);
  });

  test('units decided by hash are told once each, with arm and weight; without a guard on them, none', () => {
    const { collector } = collecting();
    const decided = (unit: string, reason = 'hash') => productionOf({ decision: { unit, reason, weightBp: 500 } });
    for (const unit of [hash(1), hash(2), hash(1), '']) collector.addExchange(decided(unit), { ...NO_FACTS, guarded });
    collector.addExchange(decided(hash(3), 'rule'), { ...NO_FACTS, guarded });
    collector.addExchange(decided(hash(4)), { ...NO_FACTS, guarded: NOT_GUARDED });
    const [seen] = collector.close(0, 0).seen;
    const place = { arm: 'stable', weightBp: 500 };
    expect(seen?.units).toEqual([
      { unit: hash(1), ...place },
      { unit: hash(2), ...place },
    ]);
  });

  test('what was delivered, joined and given up is told by rollout and release, and begins anew with each block', () => {
    const { collector } = collecting();
    collector.addExchange(productionOf(), NO_FACTS);
    collector.addExchange(productionOf(), { ...NO_FACTS, elsewhere: true });
    collector.addExchange(productionOf({ cluster: '' }), NO_FACTS);
    collector.addPair(pairOf(), { twin: false });
    collector.addUnmatched('ranker', 'r1', 3);
    const counts = { decisions: 2, elsewhere: 1, matched: 1, unmatched: 3, units: [] };
    expect(collector.close(0, 0).seen).toEqual([{ rollout: 'ranker', release: 'r1', ...counts }]);
    expect(collector.close(0, 0).seen).toEqual([]);
  });
});

test('a sample of units is bounded, has each once, and depends on which units came, not on how often or in which order', () => {
  const units = Array.from({ length: 20_000 }, (_, n) => ({ unit: hash(n), arm: 'stable', weightBp: 0 }) as const);
  const [one, other] = [new UnitSample(MAX_SEEN_UNITS), new UnitSample(MAX_SEEN_UNITS)];
  for (const unit of [...units, ...units]) one.add(unit);
  for (const unit of units.toReversed()) other.add(unit);
  const [kept, same] = [one, other].map((sample) =>
    sample
      .list()
      .map(({ unit }) => unit)
      .sort(),
  );
  expect(kept).toEqual(same);
  expect(kept?.length).toBeLessThanOrEqual(MAX_SEEN_UNITS);
  expect(kept?.length).toBeGreaterThan(MAX_SEEN_UNITS / 3);
  expect(kept?.every((unit) => isBelow(unit, 2))).toBe(true);
  const alike = new UnitSample(2);
  for (let n = 0; n < 100; n++) alike.add({ unit: `000000000000${n}`, arm: 'stable', weightBp: 0 });
  expect(alike.list()).toHaveLength(2);
});

function overall(cell: Cell): Cell {
  return { ...cell, key: { ...cell.key, segment: '', segmentValue: '' } };
}
