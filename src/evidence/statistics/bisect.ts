/**
 * Where an increasing or decreasing function crosses 0 between `low` and `high`, to the last bit that floats can tell.
 * Throws RangeError if it has the same sign at both ends.
 */
export function bisect(f: (at: number) => number, low: number, high: number): number {
  let [negative, positive] = f(low) <= 0 ? [low, high] : [high, low];
  if (f(negative) > 0 || f(positive) < 0) throw new RangeError(`expected a crossing of 0 between ${low} and ${high}`);
  for (let i = 0; i < 200; i++) {
    const middle = negative + (positive - negative) / 2;
    if (middle === negative || middle === positive) break;
    if (f(middle) <= 0) negative = middle;
    else positive = middle;
  }
  return negative;
}
