/**
 * What each unit of an arm did, by weight, and sums over units from which cluster.ts's variance follows also where the same
 * unit was seen under several weights: a user who comes back is one user. Bounded: when it is full, units of the upper half of
 * hashes are left out from then on, whatever they did. Plain data; changed in place.
 */

/** Of an arm. */
export const MAX_UNITS = 200_000;
const MAX_WEIGHTS = 64;

/** Sums over units of x_w x_v, x_w y_v, y_w x_v, y_w y_v; w <= v. */
type Products = [number, number, number, number];

export interface UnitTable {
  /** Units whose hash is below it are kept; 2^32 = all. */
  bound: number;
  /** Times a unit was left out. */
  dropped: number;
  count: number;
  /** By `u` + unit: weight, x, y, weight, x, y, ... */
  units: Record<string, number[]>;
  /** By weight: units, sum of x, sum of y. */
  totals: Record<string, [number, number, number]>;
  /** By `w|v`. */
  products: Record<string, Products>;
}

export function newUnitTable(): UnitTable {
  return { bound: 2 ** 32, dropped: 0, count: 0, units: {}, totals: {}, products: {} };
}

/** FNV-1a, 32 bits. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** `x` and `y` more of a unit under a weight; with `once`, x is 1 as soon as there is any. */
export function addToUnit(
  table: UnitTable,
  {
    unit,
    weightBp,
    x,
    y,
  }: { readonly unit: string; readonly weightBp: number; readonly x: number; readonly y: number },
  once: boolean,
  maxUnits: number = MAX_UNITS,
): void {
  const isKnownWeight = table.totals[weightBp] !== undefined || Object.keys(table.totals).length < MAX_WEIGHTS;
  if (!isKnownWeight || !Number.isFinite(x + y) || x < 0 || hashOf(unit) >= table.bound) {
    table.dropped++;
    return;
  }
  const key = `u${unit}`;
  const held = table.units[key];
  const entry = held ?? [];
  if (held === undefined) {
    table.units[key] = entry;
    table.count++;
  }
  let at = 0;
  while (at < entry.length && entry[at] !== weightBp) at += 3;
  const isNew = at >= entry.length;
  const before = [entry[at + 1] ?? 0, entry[at + 2] ?? 0] as const;
  const after = [once ? 1 : before[0] + x, before[1] + y] as const;
  move(table, entry, weightBp, before, after, isNew);
  entry.splice(at, 3, weightBp, ...after);
  if (table.count > maxUnits) halve(table);
}

function move(
  table: UnitTable,
  entry: readonly number[],
  weightBp: number,
  [x, y]: readonly [number, number],
  [nextX, nextY]: readonly [number, number],
  isNew: boolean,
): void {
  const totals = table.totals[weightBp] ?? [0, 0, 0];
  table.totals[weightBp] = [totals[0] + (isNew ? 1 : 0), totals[1] + nextX - x, totals[2] + nextY - y];
  const own = nextX * nextY - x * y;
  addProducts(table, weightBp, weightBp, [nextX * nextX - x * x, own, own, nextY * nextY - y * y]);
  for (let at = 0; at < entry.length; at += 3) {
    const [other = 0, otherX = 0, otherY = 0] = entry.slice(at, at + 3);
    if (other === weightBp) continue;
    const [dx, dy] = [nextX - x, nextY - y];
    const products: Products =
      weightBp < other
        ? [dx * otherX, dx * otherY, dy * otherX, dy * otherY]
        : [otherX * dx, otherX * dy, otherY * dx, otherY * dy];
    addProducts(table, Math.min(weightBp, other), Math.max(weightBp, other), products);
  }
}

function addProducts(table: UnitTable, low: number, high: number, more: Products): void {
  const held = table.products[`${low}|${high}`] ?? [0, 0, 0, 0];
  table.products[`${low}|${high}`] = [held[0] + more[0], held[1] + more[1], held[2] + more[2], held[3] + more[3]];
}

/** Keeps units of the lower half of hashes, and sums anew. */
function halve(table: UnitTable): void {
  table.bound = Math.floor(table.bound / 2);
  const { units } = table;
  Object.assign(table, { count: 0, units: {}, totals: {}, products: {} });
  for (const [key, entry] of Object.entries(units)) {
    if (hashOf(key.slice(1)) >= table.bound) {
      table.dropped++;
      continue;
    }
    table.count++;
    table.units[key] = entry;
    const grown: number[] = [];
    for (let at = 0; at < entry.length; at += 3) {
      const [weightBp = 0, x = 0, y = 0] = entry.slice(at, at + 3);
      move(table, grown, weightBp, [0, 0], [x, y], true);
      grown.push(weightBp, x, y);
    }
  }
}

export interface Stratum {
  readonly weightBp: number;
  readonly units: number;
  readonly x: number;
  readonly y: number;
}

export function totalsOf({ totals }: UnitTable, weightBp: number): Stratum | undefined {
  const held = totals[weightBp];
  return held && { weightBp, units: held[0], x: held[1], y: held[2] };
}

/** Sum over units of (sum over weights of scale_w (y_w - R_w x_w))^2, with R_w the ratio of that weight: the delta method. */
export function varianceOf(table: UnitTable, strata: readonly Stratum[], scales: readonly number[]): number {
  let variance = 0;
  for (const [at, one] of strata.entries()) {
    for (const [then, other] of strata.entries()) {
      if (then < at) continue;
      const [low, high] = one.weightBp <= other.weightBp ? [one, other] : [other, one];
      const [xx, xy, yx, yy] = table.products[`${low.weightBp}|${high.weightBp}`] ?? [0, 0, 0, 0];
      const [a, b] = [low.y / low.x, high.y / high.x];
      const covariance = yy - b * yx - a * xy + a * b * xx;
      variance += (then === at ? 1 : 2) * (scales[at] ?? 0) * (scales[then] ?? 0) * covariance;
    }
  }
  return Math.max(0, variance);
}
