import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareVector, jensenShannon, type Vector } from '../../../src/comparison/vector.ts';

const spec = { kind: 'vector', maxDivergence: 0, k: 2 } as const;
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const list = fc.array(finite, { maxLength: 8 });
const map = fc.dictionary(fc.string({ maxLength: 3 }), finite, { maxKeys: 8 });

describe('the Jensen-Shannon divergence', () => {
  test('has the known answer, in bits', () => {
    const divergence = jensenShannon([100, 200, 400, 200, 100], [80, 180, 380, 240, 120]);
    expect(divergence / 0.003337998066904363).toBeCloseTo(1, 9);
  });

  test('is 1 of what has nothing in common, and of all zeros with anything else', () => {
    expect(jensenShannon([1, 0], [0, 5])).toBe(1);
    expect(jensenShannon([0, 0], [0, 5])).toBe(1);
    expect(jensenShannon([0, 0], [0, 0])).toBe(0);
  });

  test('looks at sizes and shares only: sign and scale do not count', () => {
    expect(jensenShannon([1, 3], [-0.1, 0.3])).toBe(0);
    expect(jensenShannon([1e308, 1e308], [5e-324, 5e-324])).toBe(0);
  });
});

describe('vectors', () => {
  test('agree when the divergence is at most the largest allowed', () => {
    const within = (maxDivergence: number) =>
      compareVector({ ...spec, maxDivergence }, [100, 200, 400, 200, 100], [80, 180, 380, 240, 120]).agree;
    expect(within(0.004)).toBe(true);
    expect(within(0.003)).toBe(false);
  });

  test('by name are the same in any order, and a name that one lacks is 0 there', () => {
    expect(compareVector(spec, { age: 0.1, fare: 0.3, zone: 0.2 }, { zone: 0.2, fare: 0.3, age: 0.1, day: 0 })).toEqual(
      {
        agree: true,
        measures: { divergence: 0, overlap: 1 },
      },
    );
    expect(compareVector(spec, { age: 1 }, { fare: 1 })).toEqual({
      agree: false,
      measures: { divergence: 1, overlap: 0 },
    });
    // a name that every object has, and one that is not what it looks like
    const odd = JSON.parse('{"__proto__": 1, "constructor": 2}') as Vector;
    expect(compareVector(spec, odd, odd).agree).toBe(true);
    expect(compareVector(spec, odd, {}).agree).toBe(false);
  });

  test('overlap in their k largest by size, whatever the sign', () => {
    expect(compareVector(spec, [-9, 1, 5, 0], [8, 7, 1, 0]).measures.overlap).toBe(0.5);
    expect(compareVector({ ...spec, k: 3 }, [9, 0, 0, 0], [0, 0, 0, 9]).measures.overlap).toBe(0);
  });

  test('of different length never agree, nor does a list with a map', () => {
    expect(compareVector({ ...spec, maxDivergence: 1 }, [1, 1], [1, 1, 0])).toMatchObject({
      agree: false,
      measures: { divergence: 0, overlap: 1 },
    });
    expect(compareVector({ ...spec, maxDivergence: 1 }, [1], { 0: 1 }).agree).toBe(false);
  });

  test('agree with themselves; measures are symmetric and within 0 and 1', () => {
    fc.assert(
      fc.property(fc.oneof(fc.tuple(list, list), fc.tuple(map, map)), fc.integer({ min: 1, max: 9 }), ([a, b], k) => {
        expect(compareVector({ ...spec, k }, a, a)).toEqual({ agree: true, measures: { divergence: 0, overlap: 1 } });
        const [there, back] = [
          compareVector({ ...spec, k }, a, b).measures,
          compareVector({ ...spec, k }, b, a).measures,
        ];
        expect(there.overlap).toBe(back.overlap);
        expect(there.divergence).toBeCloseTo(back.divergence ?? Number.NaN, 9);
        for (const value of Object.values(there)) expect(value >= 0 && value <= 1).toBe(true);
      }),
    );
  });

  test('with a number that is not finite never agree', () => {
    for (const odd of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(compareVector({ ...spec, maxDivergence: 1 }, [1, odd], [1, odd])).toEqual({ agree: false, measures: {} });
      expect(compareVector({ ...spec, maxDivergence: 1 }, { a: odd }, { a: odd }).agree).toBe(false);
    }
  });
});
