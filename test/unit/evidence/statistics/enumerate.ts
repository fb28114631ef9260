/** One thing that may happen in a block, and what it makes of the state. */
export interface Branch<State> {
  readonly probability: number;
  readonly next: (state: State) => State;
}

/** Mean of `value` after `blocks` blocks over all that may happen. */
export function meanOver<State>(
  state: State,
  blocks: readonly (readonly Branch<State>[])[],
  value: (state: State) => number,
): number {
  const [first, ...rest] = blocks;
  if (first === undefined) return value(state);
  return first.reduce((sum, { probability, next }) => sum + probability * meanOver(next(state), rest, value), 0);
}

export function choose(n: number, k: number): number {
  let ways = 1;
  for (let i = 1; i <= k; i++) ways *= (n - k + i) / i;
  return ways;
}

export function binomial(k: number, n: number, p: number): number {
  return choose(n, k) * p ** k * (1 - p) ** (n - k);
}

/** Through JSON and back. */
export function reread<State>(state: State): State {
  return JSON.parse(JSON.stringify(state)) as State;
}
