import { expect } from 'vitest';

/** Known answers hold to 1e-6 relative, unless the specification says otherwise. Undefined fails. */
export function expectRelative(found: number | undefined, expected: number, tolerance = 1e-6): void {
  const error = found === undefined ? Number.NaN : Math.abs(found - expected);
  const message = `found ${found}, expected ${expected} within ${tolerance} of itself`;
  expect(error <= tolerance * Math.abs(expected), message).toBe(true);
}

export function expectAllRelative(found: readonly (number | undefined)[], expected: readonly number[]): void {
  expect(found.length).toBe(expected.length);
  for (const [index, value] of expected.entries()) expectRelative(found[index], value);
}

/** Uniform in (0, 1), the same numbers every time (mulberry32). */
export function randoms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (((mixed ^ (mixed >>> 14)) >>> 0) + 0.5) / 4_294_967_296;
  };
}

export function normalOf(random: () => number): number {
  return Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
}

/** Knuth's product below 30, above it the rounded normal law. */
export function poissonOf(random: () => number, mean: number): number {
  if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normalOf(random)));
  let [count, product] = [0, random()];
  for (const limit = Math.exp(-mean); product > limit; count++) product *= random();
  return count;
}
