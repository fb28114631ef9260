import type { TextComparator } from '../prediction/spec.ts';
import type { Compared } from './compared.ts';

/** What one comparison may cost: cells of the table of edit distance. 2,000 tokens each are compared exactly. */
const MAX_CELLS = 4_000_000;

/** Symmetric. */
export function compareText(
  { minSimilarity }: Pick<TextComparator, 'minSimilarity'>,
  reference: string,
  candidate: string,
): Compared {
  const similarity = similarityOf(normalize(reference), normalize(candidate));
  return { agree: similarity >= minSimilarity, measures: { similarity } };
}

/** Unicode NFC, blanks at the ends cut off, every run of blanks (line ends too) one space. Case counts. */
export function normalize(text: string): string {
  return text.normalize('NFC').trim().replace(/\s+/gu, ' ');
}

/**
 * 1 - edit distance / longer length, in tokens, 0..1; of normalised texts. 1 only when they are equal: texts that differ in
 * nothing but blanks between tokens are one edit apart.
 */
function similarityOf(reference: string, candidate: string): number {
  if (reference === candidate) return 1;
  const ids = new Map<string, number>();
  const [left, right] = [toIds(tokenize(reference), ids), toIds(tokenize(candidate), ids)];
  const longer = Math.max(left.length, right.length);
  return (longer - Math.max(1, editDistance(left, right))) / longer;
}

/**
 * A run of letters, marks and digits is a token, and every other character that is no blank. In scripts that are written
 * without blanks between words (Han, kana, Thai, Lao, Khmer, Burmese) every character is one.
 */
export function tokenize(text: string): string[] {
  return text.match(TOKEN) ?? [];
}

const TOKEN =
  /[[\p{L}\p{M}\p{N}]--[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmr}\p{sc=Mymr}]]+|\S/gv;

/** Numbers are compared faster than texts. */
function toIds(tokens: readonly string[], ids: Map<string, number>): Int32Array {
  return Int32Array.from(tokens, (token) => {
    const id = ids.get(token) ?? ids.size;
    ids.set(token, id);
    return id;
  });
}

/**
 * Insertions, deletions and substitutions from one to the other (Levenshtein 1966); symmetric. What is equal at the start and
 * the end is taken off first. Where the rest is too long for MAX_CELLS, both are cut at the same places into stretches short
 * enough, and the distances of stretches are added: that is never less than the distance, so similarity is never overstated.
 */
function editDistance(left: Int32Array, right: Int32Array): number {
  const shorter = Math.min(left.length, right.length);
  let start = 0;
  while (start < shorter && left[start] === right[start]) start++;
  let end = 0;
  while (end < shorter - start && left.at(-1 - end) === right.at(-1 - end)) end++;
  const [a, b] = [left.subarray(start, left.length - end), right.subarray(start, right.length - end)];
  const longer = Math.max(a.length, b.length);
  if (a.length * b.length <= MAX_CELLS) return levenshtein(a, b);
  const stretch = Math.max(1, Math.floor(MAX_CELLS / longer));
  let distance = 0;
  for (let at = 0; at < longer; at += stretch) {
    distance += levenshtein(a.subarray(at, at + stretch), b.subarray(at, at + stretch));
  }
  return distance;
}

/** Row by row (Wagner and Fischer 1974): |a| * |b| cells, memory for one row. */
function levenshtein(a: Int32Array, b: Int32Array): number {
  const row = Int32Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 0; i < a.length; i++) {
    const token = a[i];
    let diagonal = i;
    let before = i + 1;
    row[0] = before;
    for (let j = 0; j < b.length; j++) {
      const above = row[j + 1] ?? 0;
      const replaced = token === b[j] ? diagonal : diagonal + 1;
      const shifted = (above < before ? above : before) + 1;
      before = replaced < shifted ? replaced : shifted;
      row[j + 1] = before;
      diagonal = above;
    }
  }
  return row[b.length] ?? 0;
}
