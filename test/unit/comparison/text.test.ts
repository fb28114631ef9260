import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareText, normalize, tokenize } from '../../../src/comparison/text.ts';

const similarity = (reference: string, candidate: string) =>
  compareText({ minSimilarity: 1 }, reference, candidate).measures.similarity;
const words = (count: number, word: (i: number) => unknown) =>
  Array.from({ length: count }, (_, i) => word(i)).join(' ');

describe('texts', () => {
  test('have the known token edit distance', () => {
    const [reference, candidate] = [
      'The quick brown fox jumps over the lazy dog',
      'The quick brown dog jumps on the log.',
    ];
    expect(similarity(reference, candidate)).toBeCloseTo(1 - 0.4444444444444444, 12);
    expect(compareText({ minSimilarity: 0.55 }, reference, candidate).agree).toBe(true);
    expect(compareText({ minSimilarity: 0.56 }, reference, candidate).agree).toBe(false);
    // each letter a token
    expect(similarity([...'kitten'].join(' '), [...'sitting'].join(' '))).toBeCloseTo(0.5714285714285714, 12);
  });

  test('are the same after normalisation: composed letters, blanks', () => {
    expect(compareText({ minSimilarity: 1 }, ' Cafe\u0301\r\n\u00a0au  lait\t', 'Caf\u00e9 au lait').agree).toBe(true);
    expect(normalize(' a \n\n b ')).toBe('a b');
    expect(compareText({ minSimilarity: 1 }, '  ', '').agree).toBe(true);
  });

  test('that are not the same after normalisation have a similarity below 1, even where only a blank differs', () => {
    expect(similarity('a .', 'a.')).toBe(0.5);
    expect(similarity('Dog', 'dog')).toBe(0);
    expect(similarity('', 'dog')).toBe(0);
  });

  test('are cut into words, signs, and characters of scripts that leave no blanks between words', () => {
    expect(tokenize("It's 3.5 °C")).toEqual(['It', "'", 's', '3', '.', '5', '°', 'C']);
    expect(tokenize('naïve über')).toEqual(['naïve', 'über']);
    expect(tokenize('東京 v2は')).toEqual(['東', '京', 'v2', 'は']);
    expect(tokenize('\ud800🙂')).toEqual(['\ud800', '🙂']);
  });

  test('that are long are compared exactly when they have 2,000 tokens, and never overstated when they have more', () => {
    const other = (i: number) => (i % 2 === 0 ? `w${i}` : `x${i}`);
    expect(
      similarity(
        words(2_000, (i) => `w${i}`),
        words(2_000, other),
      ),
    ).toBe(0.5);
    expect(
      similarity(
        words(20_000, (i) => `w${i}`),
        words(20_000, other),
      ),
    ).toBe(0.5);
    // one word more at the start, and the end differs too: a distance of 2
    const shifted =
      similarity(
        words(20_000, (i) => `w${i}`),
        `new ${words(19_999, (i) => `w${i}`)} end`,
      ) ?? 1;
    expect(shifted).toBeLessThanOrEqual(1 - 2 / 20_001);
    expect(shifted).toBeGreaterThan(0.97);
    expect(
      similarity(
        words(100_000, (i) => `w${i}`),
        words(100_000, (i) => (i === 50_000 ? 'x' : `w${i}`)),
      ),
    ).toBe(0.99999);
  });

  test('agree with themselves; similarity is symmetric, within 0 and 1, and what the plain table gives', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', '.', ' '), { maxLength: 12 }).map((parts) => parts.join(' '));
    fc.assert(
      fc.property(text, text, (a, b) => {
        const found = similarity(a, b) ?? Number.NaN;
        expect(similarity(b, a)).toBe(found);
        const [left, right] = [tokenize(a), tokenize(b)];
        const longer = Math.max(1, left.length, right.length);
        expect(found).toBeCloseTo(1 - plainDistance(left, right) / longer, 12);
      }),
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        expect(compareText({ minSimilarity: 1 }, a, a).agree).toBe(true);
        expect(compareText({ minSimilarity: 1 }, a, b).agree).toBe(normalize(a) === normalize(b));
        const found = similarity(a, b) ?? Number.NaN;
        expect(found >= 0 && found <= 1).toBe(true);
      }),
    );
  });
});

function plainDistance(a: readonly string[], b: readonly string[]): number {
  const table = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const [above, row] = [table[i - 1] ?? [], [i]];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (above[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    table.push(row);
  }
  return table.at(-1)?.at(-1) ?? 0;
}
