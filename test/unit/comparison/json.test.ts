import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { differingPaths } from '../../../src/comparison/diff-paths.ts';
import { compareJson } from '../../../src/comparison/json.ts';

const plain = { ignore: [], tolerances: [] };
const LIMIT = 100;
// as it comes out of an answer: no -0, which JSON keeps but nobody means
const json = fc.json().map((text) => JSON.parse(text.replaceAll('-0', '0')) as unknown);

describe('JSON', () => {
  test('differs at the pointers of its values, in order; order of members does not count, of items it does', () => {
    const reference = { a: 1, b: { c: [1, 2, 3], 'd/~': null }, e: 'x' };
    const candidate = { e: 'x', b: { 'd/~': {}, c: [1, 3] }, a: '1', f: 0 };
    expect(differingPaths(reference, candidate, LIMIT)).toEqual(['/a', '/b/c/1', '/b/c/2', '/b/d~1~0', '/f']);
    expect(differingPaths(reference, candidate, 2)).toEqual(['/a', '/b/c/1']);
    expect(differingPaths(reference, candidate, 0)).toEqual([]);
    expect(compareJson(plain, reference, candidate)).toEqual({ agree: false, measures: { paths: 5 } });
  });

  test('of another kind differs as a whole', () => {
    for (const [reference, candidate] of [
      [1, '1'],
      [null, {}],
      [[], {}],
      [{ 0: 1 }, [1]],
      [false, null],
      [0, false],
    ]) {
      expect(differingPaths(reference, candidate, LIMIT)).toEqual(['']);
    }
    expect(differingPaths({ a: undefined }, {}, LIMIT)).toEqual(['/a']);
  });

  test('has no difference where it is ignored, with all that is below; * is any step', () => {
    const reference = {
      id: 1,
      rows: [
        { at: 1, v: 1 },
        { at: 2, v: 2 },
      ],
      meta: { x: { y: 1 } },
    };
    const candidate = { id: 2, rows: [{ at: 7, v: 1 }, { v: 3 }], meta: { x: 1 }, new: 1 };
    const paths = (...ignore: string[]) => compareJson({ ignore, tolerances: [] }, reference, candidate).measures.paths;
    expect(paths()).toBe(6);
    expect(paths('/id')).toBe(5);
    expect(paths('/id', '/rows/*/at', '/meta', '/new')).toBe(1);
    expect(paths('/*/*/at')).toBe(4);
    // a pointer is no prefix of a name, and deeper than what there is it matches nothing
    expect(paths('/i', '/meta/x/y/z')).toBe(6);
    expect(compareJson({ ignore: [''], tolerances: [] }, reference, candidate).agree).toBe(true);
    expect(compareJson({ ignore: ['/~01'], tolerances: [] }, { '~1': 1 }, {}).agree).toBe(true);
    expect(compareJson({ ignore: ['/a~1b/c~0d'], tolerances: [] }, { 'a/b': { 'c~d': 1 } }, { 'a/b': {} }).agree).toBe(
      true,
    );
  });

  test('has numbers that are the same within the tolerance of their place, and only numbers', () => {
    const spec = {
      ignore: [],
      tolerances: [
        { at: '/s/*', abs: 0.1, rel: 0 },
        { at: '/n', abs: 0, rel: 0.1 },
      ],
    };
    expect(compareJson(spec, { s: [1, 2], n: 100 }, { s: [1.05, 1.95], n: 110 }).agree).toBe(true);
    expect(compareJson(spec, { s: [1, 2], n: 100 }, { s: [1.05, 2.2], n: 111 }).measures.paths).toBe(2);
    expect(compareJson(spec, { s: [1] }, { s: ['1'] }).agree).toBe(false);
    expect(compareJson(spec, { s: [1] }, { s: [] }).agree).toBe(false);
  });

  test('with a number that is not finite differs from itself', () => {
    const infinite = JSON.parse('{"a":[1e999]}') as unknown;
    expect(differingPaths(infinite, infinite, LIMIT)).toEqual(['/a/0']);
    expect(compareJson({ ignore: [], tolerances: [{ at: '', abs: 1, rel: 1 }] }, Number.NaN, Number.NaN).agree).toBe(
      false,
    );
  });

  test('of any kind agrees exactly when it is the same, and counts as many differences the other way round', () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        expect(compareJson(plain, a, structuredClone(a))).toEqual({ agree: true, measures: { paths: 0 } });
        const there = compareJson(plain, a, b);
        expect(there.agree).toBe(isDeepStrictEqual(a, b));
        expect(compareJson(plain, b, a)).toEqual(there);
        expect(differingPaths(a, b, 1e6).length).toBe(there.measures.paths);
      }),
      { numRuns: 500 },
    );
  });

  test('that differs anywhere does not agree', () => {
    fc.assert(
      fc.property(fc.array(json, { minLength: 1 }), fc.nat(), (list, at) => {
        const changed = list.with(at % list.length, ['changed']);
        fc.pre(!isDeepStrictEqual(list, changed));
        expect(compareJson(plain, { list }, { list: changed }).agree).toBe(false);
        for (const path of differingPaths(list, changed, LIMIT))
          expect(path.startsWith(`/${at % list.length}`)).toBe(true);
      }),
    );
  });

  test('nested 100,000 levels deep is gone through; what differs is told as the place where pointers end', () => {
    const nested = (open: string, inner: string, close: string) =>
      JSON.parse(open.repeat(100_000) + inner + close.repeat(100_000)) as unknown;
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const [one, same, two] = [nested(open, '1', close), nested(open, '1', close), nested(open, '[2, 3]', close)];
      expect(compareJson(plain, one, same).agree).toBe(true);
      expect(compareJson(plain, one, two)).toEqual({ agree: false, measures: { paths: 1 } });
      const [pointer, ...more] = differingPaths(one, two, LIMIT);
      expect(more).toEqual([]);
      expect(pointer?.length).toBeLessThan(1_010);
    }
  });
});
