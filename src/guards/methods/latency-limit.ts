/**
 * What a limit of a latency adds up over its window: counts by bin, and those above the threshold. Names are
 * `weight|arm|bin`, of a plain limit `|bin`.
 */
import { LATENCY_ALPHA, representativeOf } from '../../evidence/sketch.ts';
import type { Sketch } from '../../evidence/sums.ts';
import type { GuardInput, LimitSample, LimitSums } from '../input.ts';
import type { GuardSpec } from '../spec.ts';
import { countOver } from './plain-sketch.ts';
import { judgedOf, strataOf } from './side.ts';
import { numberOf, plainLimit } from './threshold.ts';
import { quantileOf, timesOf } from './times.ts';

type Sums = Record<string, number>;

/** Values of about 0, as the lowest of bins; answers that never came, as the highest. */
const ZERO = -1_000_000;
const NEVER = 1_000_000;

export function sumsOfLatency(spec: GuardSpec, input: GuardInput): LimitSums | undefined {
  const sums: Sums = {};
  const limitMs = plainLimit(spec.threshold);
  if (limitMs === undefined) {
    for (const { key, canary, stable } of strataOf(input)) {
      if (canary !== undefined) addTo(sums, `${key}|canary`, timesOf(spec, canary));
      if (stable !== undefined) addTo(sums, `${key}|stable`, timesOf(spec, stable));
    }
    return Object.keys(sums).some((name) => name.includes('|canary|')) ? sums : undefined;
  }
  for (const side of judgedOf(input).sides) {
    const times = timesOf(spec, side);
    addTo(sums, '', times);
    bump(sums, 'over', countOver(times.sketch, limitMs).atLeast + times.unanswered);
  }
  return Object.keys(sums).some((name) => name.startsWith('|')) ? sums : undefined;
}

function addTo(sums: Sums, prefix: string, { sketch, unanswered }: { sketch: Sketch; unanswered: number }): void {
  for (const [bin, count] of sketch.positive) bump(sums, `${prefix}|${bin}`, count);
  let zero = sketch.zero;
  for (const count of sketch.negative.values()) zero += count;
  if (zero > 0) bump(sums, `${prefix}|${ZERO}`, zero);
  if (unanswered > 0) bump(sums, `${prefix}|${NEVER}`, unanswered);
}

function bump(sums: Sums, name: string, count: number): void {
  sums[name] = (sums[name] ?? 0) + count;
}

export function readLatency(spec: GuardSpec, sums: LimitSums): LimitSample {
  const q = quantileOf(spec);
  const sides = sidesOf(sums);
  if (plainLimit(spec.threshold) !== undefined) {
    const bins = sides.get('') ?? [];
    const n = total(bins);
    return { value: quantileOfBins(bins, q), n, broken: (sums.over ?? 0) > Math.floor((1 - q) * n + 1e-9) };
  }
  const isPoints = 'points' in spec.threshold;
  let [n, weighted, compared] = [0, 0, 0];
  for (const [side, bins] of sides) {
    if (!side.endsWith('|canary')) continue;
    const count = total(bins);
    n += count;
    const [canary, stable] = [
      quantileOfBins(bins, q),
      quantileOfBins(sides.get(side.replace(/canary$/, 'stable')) ?? [], q),
    ];
    if (canary === undefined || stable === undefined || stable === 0) continue;
    compared += count;
    weighted += count * (isPoints ? canary - stable : canary / stable - 1);
  }
  const value = compared > 0 ? weighted / compared : undefined;
  return { value, n, broken: value !== undefined && value > numberOf(spec.threshold) };
}

type Bins = readonly (readonly [number, number])[];

/** Bins by what stands before them, lowest first. */
function sidesOf(sums: LimitSums): Map<string, Bins> {
  const sides = new Map<string, [number, number][]>();
  for (const [name, count] of Object.entries(sums)) {
    const cut = name.lastIndexOf('|');
    if (cut < 0) continue;
    const side = sides.get(name.slice(0, cut)) ?? [];
    sides.set(name.slice(0, cut), side);
    side.push([Number(name.slice(cut + 1)), count]);
  }
  for (const bins of sides.values()) bins.sort(([one], [other]) => one - other);
  return sides;
}

function total(bins: Bins): number {
  return bins.reduce((sum, [, count]) => sum + count, 0);
}

/** ms; of answers that never came, the highest bin there is. Undefined without values. */
function quantileOfBins(bins: Bins, q: number): number | undefined {
  const rank = q * (total(bins) - 1);
  let [below, value]: [number, number | undefined] = [0, undefined];
  for (const [bin, count] of bins) {
    if (bin !== NEVER) value = bin === ZERO ? 0 : representativeOf(LATENCY_ALPHA, bin);
    below += count;
    if (below > rank) return value;
  }
  return value;
}
