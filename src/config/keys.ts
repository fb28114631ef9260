/** What is said about a key that the form does not have. Pure. */

/** Keys that a later version will know, at any depth. */
const laterKeys: ReadonlySet<string> = new Set('retention'.split(' '));

/** One sentence: `not supported yet`, `unknown key, did you mean ...?` or `unknown key, expected one of ...`. */
export function unknownKey(key: string, known: readonly string[]): string {
  if (laterKeys.has(key)) return 'not supported yet';
  const [nearest] = known
    .map((candidate) => ({ candidate, distance: editDistance(plain(key), plain(candidate)) }))
    .filter(({ candidate, distance }) => distance <= (candidate.length < 8 ? 1 : 2))
    .sort((a, b) => a.distance - b.distance);
  return nearest === undefined
    ? `unknown key, expected one of ${known.join(', ')}`
    : `unknown key, did you mean ${JSON.stringify(nearest.candidate)}?`;
}

/** `initial_weight`, `initial-weight` and `InitialWeight` are all meant well. */
function plain(key: string): string {
  return key.toLowerCase().replace(/[-_]/g, '');
}

/** How many letters were added, left out, replaced or swapped with their neighbour (Damerau-Levenshtein). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const cost = a[row - 1] === b[column - 1] ? 0 : 1;
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current[column] = Math.min(
        (above[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + cost,
        swapped ? (before[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [before, above] = [above, current];
  }
  return above[b.length] ?? 0;
}
