/** What a limit of a share adds up over its window, and reads of it. */
import type { LimitSample, LimitSums } from '../input.ts';
import type { Cell, Margin } from './strata-bet.ts';

/** Of one side: `n`, `events`. */
export function readShare({ n = 0, events = 0 }: LimitSums, limit: number): LimitSample {
  return { value: n > 0 ? events / n : undefined, n, broken: events > limit * n };
}

const NAMES = ['canary', 'stable', 'canaryEvents', 'stableEvents'] as const;

/** Cells of one block as sums of a limit: `weight|name`. Undefined where nothing was seen of the canary. */
export function sumsOfCells(cells: Iterable<readonly [string, Cell]>): LimitSums | undefined {
  const sums: Record<string, number> = {};
  let seen = 0;
  for (const [key, cell] of cells) {
    seen += cell[0];
    for (const [at, name] of NAMES.entries()) {
      sums[`${key}|${name}`] = (sums[`${key}|${name}`] ?? 0) + (cell[at] ?? 0);
    }
  }
  return seen === 0 ? undefined : sums;
}

/** The canary's rate against stable's inside each weight; weights are not pooled. */
export function readCells(sums: LimitSums, margin: Margin, isPoints: boolean): LimitSample {
  const keys = Object.keys(sums).flatMap((name) => (name.endsWith('|canary') ? [name.slice(0, -7)] : []));
  let [n, difference, information, found, expected] = [0, 0, 0, 0, 0];
  for (const key of keys) {
    const [canary, stable, k, l] = NAMES.map((name) => sums[`${key}|${name}`] ?? 0) as [number, number, number, number];
    n += canary;
    if (canary === 0 || stable === 0) continue;
    const theta = canary / (canary + stable);
    difference += k - theta * (k + l);
    information += (1 - theta) * canary;
    // Mantel, Haenszel 1959
    found += (k * stable) / (canary + stable);
    expected += (l * canary) / (canary + stable);
  }
  if (isPoints) {
    const value = information > 0 ? difference / information : undefined;
    return { value, n, broken: value !== undefined && value > margin.points };
  }
  const value = expected > 0 ? found / expected - 1 : undefined;
  return { value, n, broken: found > expected * margin.ratio };
}
