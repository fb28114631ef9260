import type { VectorComparator } from '../prediction/spec.ts';
import { type Compared, NOT_COMPARABLE } from './compared.ts';
import { overlapAt } from './ranking.ts';

export type Vector = readonly number[] | Readonly<Record<string, number>>;

/** A divergence below it is rounding, and 0. */
const ROUNDING = 1e-12;

/**
 * A name that one map lacks is 0 there. Lists of different length never agree: their places need not mean the same; what one
 * lacks counts as 0 in the measures. A list and a map have nothing in common. All measures are symmetric.
 */
export function compareVector(spec: VectorComparator, reference: Vector, candidate: Vector): Compared {
  if (Array.isArray(reference) !== Array.isArray(candidate)) {
    return { agree: false, measures: { divergence: 1, overlap: 0 } };
  }
  const { names, left, right } = align(reference, candidate);
  if (!left.every(Number.isFinite) || !right.every(Number.isFinite)) return NOT_COMPARABLE;
  const divergence = jensenShannon(left, right);
  const overlap = overlapAt(spec.k, largest(spec.k, names, left), largest(spec.k, names, right));
  const comparable = !Array.isArray(reference) || reference.length === candidate.length;
  return { agree: comparable && divergence <= spec.maxDivergence, measures: { divergence, overlap } };
}

/**
 * Jensen-Shannon divergence in bits, 0..1: (KL(p|m) + KL(q|m)) / 2 with m = (p + q) / 2 (Lin 1991), of absolute values
 * scaled to sum 1. All zeros cannot be scaled: two of them are the same (0), one and any other is as different as can be (1).
 * Both lists have one length. Symmetric.
 */
export function jensenShannon(left: readonly number[], right: readonly number[]): number {
  const [p, q] = [toShares(left), toShares(right)];
  if (p === undefined || q === undefined) return p === q ? 0 : 1;
  let sum = 0;
  for (let i = 0; i < p.length; i++) {
    const [a, b] = [p[i] ?? 0, q[i] ?? 0];
    // a / m, written so that m cannot vanish
    const [inP, inQ] = [a && a * Math.log2((2 * a) / (a + b)), b && b * Math.log2((2 * b) / (a + b))];
    sum += inP + inQ;
  }
  return sum / 2 < ROUNDING ? 0 : Math.min(1, sum / 2);
}

/** Undefined when all are 0. By the largest first, so that no sum overflows. */
function toShares(values: readonly number[]): number[] | undefined {
  let max = 0;
  for (const value of values) max = Math.max(max, Math.abs(value));
  if (max === 0) return undefined;
  const scaled = values.map((value) => Math.abs(value) / max);
  const sum = scaled.reduce((total, value) => total + value, 0);
  return scaled.map((value) => value / sum);
}

interface Aligned {
  /** Undefined: a place is its own name. */
  readonly names: readonly string[] | undefined;
  readonly left: readonly number[];
  readonly right: readonly number[];
}

function align(reference: Vector, candidate: Vector): Aligned {
  if (Array.isArray(reference)) {
    const right = candidate as readonly number[];
    const length = Math.max(reference.length, right.length);
    return { names: undefined, left: pad(reference, length), right: pad(right, length) };
  }
  const [left, right] = [reference, candidate] as readonly Readonly<Record<string, number>>[];
  const names = [...new Set([...Object.keys(left ?? {}), ...Object.keys(right ?? {})])];
  return { names, left: names.map((name) => valueAt(left, name)), right: names.map((name) => valueAt(right, name)) };
}

function pad(list: readonly number[], length: number): readonly number[] {
  return list.length === length ? list : [...list, ...new Array<number>(length - list.length).fill(0)];
}

function valueAt(map: Readonly<Record<string, number>> | undefined, name: string): number {
  return map !== undefined && Object.hasOwn(map, name) ? (map[name] ?? 0) : 0;
}

/** Names of the k largest by absolute value; zeros are not among them; of equal ones the earlier place or name. */
function largest(k: number, names: readonly string[] | undefined, values: readonly number[]): string[] {
  const nameOf = (place: number) => names?.[place] ?? String(place);
  const sizeOf = (place: number) => Math.abs(values[place] ?? 0);
  const byName = (a: number, b: number) => (names === undefined ? a - b : nameOf(a) < nameOf(b) ? -1 : 1);
  const places = [...values.keys()].filter((place) => sizeOf(place) > 0);
  places.sort((a, b) => sizeOf(b) - sizeOf(a) || byName(a, b));
  return places.slice(0, k).map(nameOf);
}
