import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileMatch, describeMatch, type Match } from '../../../src/routing/match.ts';

describe('a condition', () => {
  test.each<[Match, string[], string[]]>([
    [{ exact: 'a' }, ['a'], ['', 'A', 'ab']],
    [{ anyOf: ['a', 'b'] }, ['a', 'b'], ['', 'c']],
    [{ prefix: '/v2/' }, ['/v2/', '/v2/x'], ['/v2', 'x/v2/']],
    [{ regex: 'v[12]' }, ['v1', 'v2'], ['v3', 'xv1', 'v1x']],
    [{ regex: '' }, [''], ['a']],
    [{ range: [1, 2.5] }, ['1', '2.5', '2', '01'], ['0', '2.51', '', 'x', '1e0', ' 1']],
    [{ range: [-5, -1] }, ['-3'], ['3']],
  ])('%j matches %j and not %j', (match, yes, no) => {
    const matches = compileMatch(match);
    expect(yes.filter(matches)).toEqual(yes);
    expect(no.filter(matches)).toEqual([]);
    expect(describeMatch(match)).not.toBe('');
  });

  test('of a pattern that makes other engines hang is answered at once', () => {
    const matches = compileMatch({ regex: '(a+)+b' });
    expect(matches('a'.repeat(4_000))).toBe(false);
  });

  test('of a pattern is not shown a value of more than 4,096 characters', () => {
    expect(compileMatch({ regex: 'a*' })('a'.repeat(4_096))).toBe(true);
    expect(compileMatch({ regex: 'a*' })('a'.repeat(4_097))).toBe(false);
  });

  test('of a pattern RE2 does not know is refused when it is made ready', () => {
    for (const regex of ['(', '(?=a)', '\\1']) expect(() => compileMatch({ regex })).toThrow();
  });

  test('of an exact text means that text and no other', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (wanted, value) => {
        expect(compileMatch({ exact: wanted })(value)).toBe(wanted === value);
      }),
    );
  });
});
