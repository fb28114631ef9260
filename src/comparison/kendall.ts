/**
 * Kendall tau-b, -1..1, of two lists of ranks of the same things:
 * (concordant - discordant) / sqrt((n0 - n1) (n0 - n2)), n0 = n (n - 1) / 2 pairs, n1 and n2 of them tied in x and in y
 * (Kendall 1945). O(n log n) by counting the exchanges of a merge sort (Knight 1966). Symmetric. Undefined when there are
 * fewer than 2 things, or all are tied in one list. Both lists have one length, and no NaN.
 */
export function kendallTau(x: readonly number[], y: readonly number[]): number | undefined {
  const order = [...x.keys()].sort((a, b) => at(x, a) - at(x, b) || at(y, a) - at(y, b));
  const xs = order.map((place) => at(x, place));
  const ys = order.map((place) => at(y, place));
  const pairs = pairsOf(x.length);
  const tiedX = tiedPairs(xs.length, (i) => xs[i] === xs[i - 1]);
  const tiedBoth = tiedPairs(xs.length, (i) => xs[i] === xs[i - 1] && ys[i] === ys[i - 1]);
  // sorts ys
  const discordant = countExchanges(ys);
  const tiedY = tiedPairs(ys.length, (i) => ys[i] === ys[i - 1]);
  if (tiedX === pairs || tiedY === pairs) return undefined;
  const tau =
    (pairs - tiedX - tiedY + tiedBoth - 2 * discordant) / (Math.sqrt(pairs - tiedX) * Math.sqrt(pairs - tiedY));
  return Math.max(-1, Math.min(1, tau));
}

function pairsOf(n: number): number {
  return (n * (n - 1)) / 2;
}

/** Pairs within runs of equal neighbours. */
function tiedPairs(length: number, sameAsBefore: (i: number) => boolean): number {
  let [pairs, run] = [0, 1];
  for (let i = 1; i < length; i++) {
    run = sameAsBefore(i) ? run + 1 : 1;
    pairs += run - 1;
  }
  return pairs;
}

/** Sorts `values` by merging from below; how often a larger one stood before a smaller one. */
function countExchanges(values: number[]): number {
  let exchanges = 0;
  const merged = new Array<number>(values.length);
  for (let width = 1; width < values.length; width *= 2) {
    for (let start = 0; start < values.length; start += 2 * width) {
      const middle = Math.min(start + width, values.length);
      const end = Math.min(start + 2 * width, values.length);
      let [left, right] = [start, middle];
      for (let to = start; to < end; to++) {
        const takeLeft = left < middle && (right >= end || at(values, left) <= at(values, right));
        if (!takeLeft) exchanges += middle - left;
        merged[to] = at(values, takeLeft ? left++ : right++);
      }
    }
    for (const [place, value] of merged.entries()) values[place] = value;
  }
  return exchanges;
}

function at(list: readonly number[], place: number): number {
  return list[place] ?? 0;
}
