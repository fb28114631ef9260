import fc from 'fast-check';
import { query } from 'jsonpath-rfc9535';
import { describe, expect, test } from 'vitest';
import { compilePath, pathProblem } from '../../../src/prediction/path.ts';

const find = (path: string, json: unknown) => compilePath(path).find(json);

describe('a JSON Pointer', () => {
  // RFC 6901, section 5
  const rfc = {
    foo: ['bar', 'baz'],
    '': 0,
    'a/b': 1,
    'c%d': 2,
    'e^f': 3,
    'g|h': 4,
    'i\\j': 5,
    'k"l': 6,
    ' ': 7,
    'm~n': 8,
  };
  test.each([
    ['', rfc],
    ['/foo', ['bar', 'baz']],
    ['/foo/0', 'bar'],
    ['/', 0],
    ['/a~1b', 1],
    ['/c%d', 2],
    ['/k"l', 6],
    ['/ ', 7],
    ['/m~0n', 8],
  ])('%j finds what RFC 6901 says', (path, value) => {
    expect(find(path, rfc)).toEqual(value);
  });

  test.each([
    '/foo/2',
    '/foo/-',
    '/foo/00',
    '/foo/-1',
    '/foo/length',
    '/none',
    '/foo/0/length',
    '/constructor',
    '/__proto__',
  ])('%s finds nothing', (path) => {
    expect(find(path, rfc)).toBeUndefined();
  });

  test('~01 is ~1 and not a slash', () => {
    expect(find('/~01', { '~1': 1, '/': 2 })).toBe(1);
  });

  test('a digit is the name of a member in a map', () => {
    expect(find('/0', { 0: 'zero' })).toBe('zero');
  });
});

describe('a JSONPath', () => {
  test.each([
    ['$', false],
    ['$.a.b[0]', false],
    ["$['x'][-1]", false],
    ['$["a"]["b\\u0041"]', false],
    ['$.a[*]', true],
    ['$..a', true],
    ['$[0,1]', true],
    ['$[0:1]', true],
    ['$[?@.a == 1]', true],
  ])('%s: it may match many: %s', (path, many) => {
    expect(compilePath(path).many).toBe(many);
  });

  test('a path of many gives the list of its matches', () => {
    expect(
      find('$.items[?@.score > 1].id', {
        items: [
          { id: 'a', score: 1 },
          { id: 'b', score: 2 },
        ],
      }),
    ).toEqual(['b']);
  });

  test('a singular path finds what the library finds', () => {
    const name = fc.constantFrom('a', 'b', '', "it's", 'é', '__proto__', 'constructor', 'length', '0');
    const step = fc.oneof(name, fc.integer({ min: -3, max: 3 }));
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, 1, 'text', true),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.array(fc.tuple(name, tie('tree')), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
      ),
    }));
    fc.assert(
      fc.property(tree, fc.array(step, { maxLength: 4 }), (json, steps) => {
        const quoted = (text: string) => `'${text.replaceAll("'", "\\'")}'`;
        const path = `$${steps.map((each) => `[${typeof each === 'number' ? each : quoted(each)}]`).join('')}`;
        const found = query(json as never, path);
        expect(compilePath(path).many).toBe(false);
        expect(find(path, json)).toStrictEqual(found[0]);
      }),
      { numRuns: 3_000 },
    );
  });

  test('what everything inherits is not there', () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      expect(find(`$.${name}`, {})).toBeUndefined();
      expect(find(`$..${name}`, { a: [{}] })).toEqual([]);
      expect(find(`$.${name}`, JSON.parse(`{"${name}":1}`))).toBe(1);
    }
  });

  test('a value too deep to be searched has no matches, and does not throw', () => {
    const deep = JSON.parse('['.repeat(200_000) + ']'.repeat(200_000));
    expect(find('$..a', deep)).toEqual([]);
  });
});

describe('what is wrong with a path', () => {
  test.each(['', '/', '/a/0', '/~0~1', '$', '$.a', '$..a[?@.b]', '$[?length(@.a) > 2]'])('%j: nothing', (path) => {
    expect(pathProblem(path)).toBeUndefined();
  });

  test.each([
    ['score', 'neither "/" nor "$" is its first character'],
    ['/a~2', '"~" at character 3 is followed by neither 0 nor 1'],
    ['$[?1 == 1 && size(@.a) > 2]', 'there is no function size, only length, count, match, search, value'],
    ['/a~', '"~" at character 3 is followed by neither 0 nor 1'],
  ])('%j: %s', (path, problem) => {
    expect(pathProblem(path)).toBe(problem);
  });

  test('a JSONPath names the character', () => {
    expect(pathProblem('$.a[')).toMatch(/^at character 5: Expected /);
    expect(() => compilePath('$.a[')).toThrow('path "$.a[": at character 5');
  });
});
