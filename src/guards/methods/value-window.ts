/** Numbers of both models in windows of 10 min, and since the start. Plain data. */
import { binsOf, mergeInto, newSketch, VALUE_ALPHA } from '../../evidence/sketch.ts';
import type { Sketch } from '../../evidence/sums.ts';
import type { GuardInput, LimitSums } from '../input.ts';
import type { GuardSpec } from '../spec.ts';
import { fieldsOf } from './field.ts';
import { type PlainSketch, plus } from './plain-sketch.ts';

const WINDOW_MS = 600_000;

/** Fewer values of a side are noise. */
export const LEAST_VALUES = 1_000;

export interface ValueWindow {
  readonly reference: PlainSketch | null;
  readonly candidate: PlainSketch | null;
  readonly ms: number;
}

export function newWindow(): ValueWindow {
  return { reference: null, candidate: null, ms: 0 };
}

export interface BothSides {
  readonly reference: Sketch;
  readonly candidate: Sketch;
}

export function valuesOf(spec: GuardSpec, input: GuardInput): BothSides {
  const sides = { reference: newSketch(VALUE_ALPHA), candidate: newSketch(VALUE_ALPHA) };
  for (const { reference, candidate } of fieldsOf(spec, input)) {
    mergeInto(sides.reference, reference);
    mergeInto(sides.candidate, candidate);
  }
  return sides;
}

export function growWindow(window: ValueWindow, { reference, candidate }: BothSides, durationMs: number): ValueWindow {
  return {
    reference: plus(window.reference, reference),
    candidate: plus(window.candidate, candidate),
    ms: window.ms + durationMs,
  };
}

export function isClosed({ ms }: ValueWindow, durationMs: number): boolean {
  return ms + durationMs / 2 >= WINDOW_MS;
}

/** Sums of a limit by bin, `times` bins as one, so that an hour of them is small. */
export function sumsOfBins({ reference, candidate }: BothSides, times: number): LimitSums | undefined {
  if (reference.count === 0 || candidate.count === 0) return undefined;
  const sums: Record<string, number> = {};
  const bump = (name: string, count: number) => {
    if (count > 0) sums[name] = (sums[name] ?? 0) + count;
  };
  for (const [side, sketch] of Object.entries({ r: reference, c: candidate })) {
    for (const [bin, count] of sketch.positive) bump(`${side}+${Math.ceil(bin / times) + 0}`, count);
    for (const [bin, count] of sketch.negative) bump(`${side}-${Math.ceil(bin / times) + 0}`, count);
    bump(`${side}0`, sketch.zero);
  }
  return sums;
}

/** The sketches of such sums; bins of gamma^times are those of a larger alpha. */
export function sketchesOfBins(sums: LimitSums, times: number): BothSides {
  const gamma = ((1 + VALUE_ALPHA) / (1 - VALUE_ALPHA)) ** times;
  const alpha = (gamma - 1) / (gamma + 1);
  const sides = { r: newSketch(alpha), c: newSketch(alpha) };
  for (const [name, count] of Object.entries(sums)) {
    const sketch = name.startsWith('r') ? sides.r : sides.c;
    sketch.count += count;
    if (name[1] === '0') sketch.zero += count;
    else (name[1] === '+' ? sketch.positive : sketch.negative).set(Number(name.slice(2)), count);
  }
  for (const sketch of Object.values(sides)) {
    const bins = binsOf(sketch);
    Object.assign(sketch, { min: bins[0]?.value ?? Infinity, max: bins.at(-1)?.value ?? -Infinity });
  }
  return { reference: sides.r, candidate: sides.c };
}
