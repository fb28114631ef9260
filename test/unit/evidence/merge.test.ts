import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cellKey } from '../../../src/evidence/merge.ts';
import { cellFromJson, cellToJson } from '../../../src/evidence/serialize.ts';
import type { Cell } from '../../../src/evidence/sums.ts';
import type { ProductionExchange } from '../../../src/pairing/exchange.ts';
import type { ErrorKind, Pair } from '../../../src/pairing/pair.ts';
import {
  cellsOf,
  collecting,
  elementOf,
  fieldOf,
  merged,
  NO_FACTS,
  numbers,
  pairOf,
  productionOf,
  sideOf,
} from './pairs.ts';

type Seen =
  | { readonly pair: Pair }
  | { readonly production: ProductionExchange; readonly error: ErrorKind | undefined };

/** Whole numbers, so that sums do not depend on their order. */
const whole = fc.integer({ min: 1, max: 500 });
const segments = fc.record({ state: fc.constantFrom('CO', 'NY') }, { requiredKeys: [] });
const error = fc.constantFrom<ErrorKind | undefined>(undefined, undefined, 'timeout', 'aborted', 'http-5xx');
const side = fc
  .record({
    latencyMs: fc.option(whole, { nil: undefined }),
    error,
    featureFetchMs: fc.option(whole, { nil: undefined }),
  })
  .map(sideOf);
const classes = fc
  .tuple(fc.constantFrom('a', 'b'), fc.constantFrom('a', 'b'), whole)
  .map(([reference, candidate, amount]) =>
    fieldOf('label', reference === candidate, {
      kind: 'class',
      elements: [elementOf({ agree: reference === candidate, reference, candidate, amount })],
    }),
  );
const number = fc.tuple(whole, whole).map(([one, other]) =>
  fieldOf('delay', one === other, {
    elements: [
      elementOf({ agree: one === other, reference: one, candidate: other, measures: { difference: other - one } }),
    ],
  }),
);
const pair: fc.Arbitrary<Seen> = fc
  .record({
    reference: side,
    candidate: side,
    segments,
    shadow: fc.constantFrom('x', 'y'),
    referenced: fc.boolean(),
    fields: fc.tuple(classes, number),
  })
  .map(({ fields, ...rest }) => ({
    pair: pairOf({ ...rest, unequal: ['host'], difference: { fields, outputs: { score: true } } }),
  }));
const exchange: fc.Arbitrary<Seen> = fc
  .record({ latencyMs: whole, reason: fc.constantFrom('hash', 'rule'), segments, error })
  .map(({ latencyMs, error: kind, ...decision }) => ({
    production: productionOf({ latencyMs, decision }),
    error: kind,
  }));

function collect(seen: readonly Seen[]): readonly Cell[] {
  const { collector } = collecting();
  for (const one of seen) {
    if ('pair' in one) collector.addPair(one.pair, { twin: false });
    else collector.addExchange(one.production, { ...NO_FACTS, error: one.error });
  }
  return collector.close(0, 0)?.cells ?? [];
}

const parts = fc.array(fc.array(fc.oneof(pair, exchange), { maxLength: 12 }), { maxLength: 5 });

describe('merging cells', () => {
  test('any exchanges and pairs in any parts, merged in any order and grouping, are as one pass', () => {
    fc.assert(
      fc.property(parts, (seen) => {
        const onePass = new Map(collect(seen.flat()).map((cell) => [cellKey(cell.key), cell]));
        const cells = seen.map(collect);
        expect(merged(...cells)).toEqual(onePass);
        expect(merged(...cells.toReversed())).toEqual(onePass);
        const [first = [], ...rest] = cells;
        expect(merged(first, [...merged(...rest).values()])).toEqual(onePass);
      }),
      { numRuns: 60 },
    );
  });

  test('leaves what is merged as it was, and shares nothing with it', () => {
    const cells = cellsOf([pairOf({ difference: { fields: [numbers('delay', 1, 2)] } })]);
    const before = structuredClone(cells);
    const into = merged(cells, cells);
    expect(cells).toEqual(before);
    expect(into.size).toBe(1);
  });

  test('cells of different keys stay apart', () => {
    const key = {
      rollout: 'a',
      release: 'b',
      weightBp: 0,
      arm: 'stable',
      shadow: '',
      segment: '',
      segmentValue: '',
    } as const;
    const keys = [
      key,
      { ...key, weightBp: 1 },
      { ...key, segment: 's' },
      { ...key, segmentValue: 's' },
      { ...key, shadow: 's' },
    ];
    expect(new Set(keys.map(cellKey)).size).toBe(5);
  });
});

describe('cells as text', () => {
  test('come back as they were', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(pair, exchange), { maxLength: 12 }), (seen) => {
        for (const cell of collect(seen)) expect(cellFromJson(cellToJson(cell))).toEqual(cell);
      }),
      { numRuns: 60 },
    );
  });

  test('also where a number grew beyond what JSON has', () => {
    const cells = cellsOf([pairOf({ difference: { fields: [numbers('delay', 1e200, -1e200)] } })]);
    expect(cells.map((cell) => cellFromJson(cellToJson(cell)))).toEqual(cells);
  });

  test('are compact: an arm with 1,000 latencies is below 2.5 kB', () => {
    const { collector } = collecting();
    for (let i = 0; i < 1_000; i++) collector.addExchange(productionOf({ latencyMs: 10 + (i % 200) }), NO_FACTS);
    const [cell] = collector.overall();
    expect(cell && cellToJson(cell).length).toBeLessThan(2_500);
  });

  const good = cellToJson(cellsOf([pairOf({ difference: { fields: [numbers('delay', 1, 2)] } })])[0] as Cell);

  test.each([
    ['', 'cell: expected JSON, found ""'],
    ['[]', 'cell: expected an object, found []'],
    ['{"key":[]}', 'cell.key: expected a list of 7, found []'],
    [good.replace('"stable"', '"both"'), 'cell.key[3]: expected `stable` or `canary`, found "both"'],
    [good.replace('"pairs":1', '"pairs":-1'), 'cell.pair.pairs: expected a whole number from 0, found -1'],
    [good.replace('"pairs":1', '"pears":1'), 'cell.pair.pears: expected one of pairs, '],
    [good.replace('"kind":"number"', '"kind":"colour"'), 'kind: expected one of number, class'],
    [good.replace('[0.01,[],1,', '[0.01,[],2,'), 'expected 2 values in the bins, found 1'],
    [good.replace('[0.01,', '[7,'), 'expected alpha between 0 and 1, found 7'],
    [good.slice(0, -1), 'cell: expected JSON, found "{'],
  ])('that are not are refused: %s', (text, message) => {
    expect(() => cellFromJson(text)).toThrow(message);
  });

  test('any text at all gives a cell or an Error that says where', () => {
    fc.assert(
      fc.property(fc.nat(good.length), fc.string({ maxLength: 3 }), (at, junk) => {
        try {
          cellFromJson(good.slice(0, at) + junk + good.slice(at + junk.length));
        } catch (thrown) {
          expect((thrown as Error).message).toMatch(/^cell.*: expected .*, found /s);
        }
      }),
      { numRuns: 500 },
    );
  });
});
