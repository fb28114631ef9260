/** The sums of one field over the pairs of a block. */
import type { FieldSums, Sketch } from '../../evidence/sums.ts';
import type { GuardInput } from '../input.ts';
import type { GuardSpec } from '../spec.ts';

/** Of every weight: both models answered the same requests, so that weights may be added up. */
export function fieldsOf({ what }: GuardSpec, input: GuardInput): FieldSums[] {
  if (!('field' in what)) return [];
  return input.pairs.flatMap(({ pair }) => [...pair.fields.values()].filter(({ name }) => name === what.field));
}

export function sumOf(fields: readonly FieldSums[], of: (field: FieldSums) => number): number {
  return fields.reduce((sum, field) => sum + of(field), 0);
}

/** Of a measure; sums of these are sums over all its values. */
export interface MeasureSums {
  readonly count: number;
  readonly sum: number;
  readonly squares: number;
  readonly min: number;
  readonly max: number;
}

export function measureSums(sketches: readonly (Sketch | undefined)[]): MeasureSums {
  let [count, sum, squares, min, max] = [0, 0, 0, Infinity, -Infinity];
  for (const sketch of sketches) {
    if (sketch === undefined || sketch.count === 0) continue;
    count += sketch.count;
    sum += sketch.sum;
    squares += sketch.sumOfSquares;
    min = Math.min(min, sketch.min);
    max = Math.max(max, sketch.max);
  }
  return { count, sum, squares, min, max };
}
