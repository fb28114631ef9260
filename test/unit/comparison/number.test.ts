import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareClass } from '../../../src/comparison/class.ts';
import { compareNumber } from '../../../src/comparison/number.ts';

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const notFinite = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
const tolerance = fc.record({
  abs: fc.double({ min: 0, max: 1e6, noNaN: true }),
  rel: fc.double({ min: 0, max: 2, noNaN: true }),
});
const exactly = { abs: 0, rel: 0 };

// statistics.md 5.2
const REFERENCE = [10, 12, 9, 15, 20, 18, 7, 11, 14, 16];
const CANDIDATE = [11, 12, 10, 16, 22, 19, 7, 12, 13, 18];

describe('numbers', () => {
  test('agree where |candidate - reference| <= abs + rel |reference|: the known answer', () => {
    const compared = REFERENCE.map((reference, i) =>
      compareNumber({ abs: 0.5, rel: 0.05 }, reference, CANDIDATE[i] ?? 0),
    );
    expect(compared.map(({ agree }) => Number(agree))).toEqual([1, 1, 0, 1, 0, 1, 1, 1, 1, 0]);
    const differences = compared.map(({ measures }) => measures.difference ?? Number.NaN);
    expect(differences.reduce((sum, difference) => sum + difference, 0) / 10).toBeCloseTo(0.8, 12);
    expect(differences.reduce((sum, difference) => sum + Math.abs(difference), 0) / 10).toBeCloseTo(1, 12);
  });

  test('are measured as candidate minus, and by, reference; there is no ratio to 0', () => {
    expect(compareNumber(exactly, 60, 1).measures).toEqual({ difference: -59, ratio: 1 / 60 });
    expect(compareNumber(exactly, 0, 3).measures).toEqual({ difference: 3 });
    expect(compareNumber(exactly, 0, 0)).toEqual({ agree: true, measures: { difference: 0 } });
  });

  test('are as far apart as the reference says: a relative tolerance is not symmetric', () => {
    expect(compareNumber({ abs: 0, rel: 0.1 }, 100, 110).agree).toBe(true);
    expect(compareNumber({ abs: 0, rel: 0.1 }, 110, 100).agree).toBe(true);
    expect(compareNumber({ abs: 0, rel: 0.1 }, 100, 111).agree).toBe(false);
    expect(compareNumber({ abs: 0, rel: 0.1 }, 111, 100).agree).toBe(true);
  });

  test('that are equal agree within any tolerance, and those that are not finite within none', () => {
    fc.assert(
      fc.property(tolerance, finite, notFinite, (spec, value, odd) => {
        expect(compareNumber(spec, value, value).agree).toBe(true);
        for (const [reference, candidate] of [
          [odd, odd],
          [value, odd],
          [odd, value],
        ] as const) {
          expect(compareNumber(spec, reference, candidate)).toEqual({ agree: false, measures: {} });
        }
      }),
    );
  });

  test('swapped have the opposite difference and the reciprocal ratio; both are finite, however large the numbers', () => {
    fc.assert(
      fc.property(finite, finite, (a, b) => {
        const [there, back] = [compareNumber(exactly, a, b).measures, compareNumber(exactly, b, a).measures];
        expect(Object.values(there).every(Number.isFinite)).toBe(true);
        expect((there.difference ?? Number.NaN) + (back.difference ?? Number.NaN)).toBe(0);
        const product = (there.ratio ?? 0) * (back.ratio ?? 0);
        const normal = [there.ratio, back.ratio].every((ratio) => ratio !== undefined && Math.abs(ratio) > 1e-300);
        if (normal) expect(product).toBeCloseTo(1, 9);
      }),
    );
    expect(compareNumber({ abs: 0, rel: 1.5 }, 1.5e308, -1.5e308).agree).toBe(false);
  });
});

describe('classes', () => {
  const label = { threshold: undefined };
  const score = { threshold: 0.5 };

  test('agree when their texts are the same', () => {
    expect(compareClass(label, 'late', 'late')).toEqual({ agree: true, measures: {} });
    expect(compareClass(label, 'late', 'Late')).toEqual({ agree: false, measures: {} });
    expect(compareClass(label, '1', 1).agree).toBe(false);
  });

  test('by threshold flip upwards (+1), downwards (-1) or not at all; the threshold itself is reached', () => {
    expect(compareClass(score, 0.49, 0.5)).toEqual({ agree: false, measures: { flip: 1 } });
    expect(compareClass(score, 0.5, 0.49)).toEqual({ agree: false, measures: { flip: -1 } });
    expect(compareClass(score, 0.5, 1)).toEqual({ agree: true, measures: { flip: 0 } });
    expect(compareClass(score, 0, 0.49)).toEqual({ agree: true, measures: { flip: 0 } });
  });

  test('that are equal agree, swapped flip the other way, and scores that are not finite never agree', () => {
    fc.assert(
      fc.property(finite, finite, finite, notFinite, fc.string(), (threshold, a, b, odd, text) => {
        expect(compareClass(label, text, text).agree).toBe(true);
        expect(compareClass(label, odd, odd).agree).toBe(false);
        expect(compareClass({ threshold }, a, a).agree).toBe(true);
        expect(compareClass({ threshold }, odd, odd)).toEqual({ agree: false, measures: {} });
        const [there, back] = [compareClass({ threshold }, a, b), compareClass({ threshold }, b, a)];
        expect(there.agree).toBe(back.agree);
        expect((there.measures.flip ?? Number.NaN) + (back.measures.flip ?? Number.NaN)).toBe(0);
      }),
    );
  });
});
