/**
 * Outcomes of the canary's units against stable's. Inside each weight a ratio R = sum y / sum x per arm; over weights their
 * means with h_w = x_c x_s / (x_c + x_s), so that a ramp is no effect; the variance by unit over all weights (cluster.ts,
 * unit-table.ts), on the count clock with N = units seen.
 */
import { PLANNED_UNITS } from '../../evidence/statistics/cluster.ts';
import { lnEvidenceOneSided, sequenceOf, tuneOneSided } from '../../evidence/statistics/confidence-sequence.ts';
import { type Stratum, totalsOf, type UnitTable, varianceOf } from './unit-table.ts';

/** Fewer units of an arm say nothing. */
const LEAST_UNITS = 200;
/** The canary's ratio must be known as well as 20 events are. */
const LEAST_EVENTS = 20;

export interface UnitEffect {
  /** Canary minus stable: of the ratios, or of what is 1 for stable. */
  readonly value: number;
  /** Undefined while there are too few. */
  readonly interval: { readonly lower: number; readonly upper: number } | undefined;
  /** ln of the e-process against "not lower", and "not higher". */
  readonly lnLower: number;
  readonly lnHigher: number;
}

export function compareTables(
  canary: UnitTable,
  stable: UnitTable,
  alpha: number,
  scale: 'relative' | 'points',
): UnitEffect | undefined {
  const pairs = Object.keys(canary.totals).flatMap((weight) => {
    const [one, other] = [totalsOf(canary, Number(weight)), totalsOf(stable, Number(weight))];
    return one !== undefined && other !== undefined && one.x > 0 && other.x > 0 ? [[one, other] as const] : [];
  });
  if (pairs.length === 0) return undefined;
  const shares = sharesOf(pairs);
  const meanOf = (side: 0 | 1) =>
    pairs.reduce((sum, pair, at) => sum + ((shares[at] ?? 0) * pair[side].y) / pair[side].x, 0);
  const [a, b] = [meanOf(0), meanOf(1)];
  if (scale === 'relative' && !(b > 0)) return undefined;
  const value = scale === 'relative' ? a / b - 1 : a - b;
  const [cs, ss] = [pairs.map(([c]) => c), pairs.map(([, s]) => s)];
  const own = varianceOf(
    canary,
    cs,
    pairs.map(([c], at) => (shares[at] ?? 0) / c.x),
  );
  // An arm with hardly any outcomes looks surer than it is: the spread of stable's units holds for the canary's too.
  const lent = varianceOf(
    stable,
    ss,
    pairs.map(([c, s], at) => (shares[at] ?? 0) / Math.sqrt(s.x * c.x)),
  );
  const ofStable = varianceOf(
    stable,
    ss,
    pairs.map(([, s], at) => (shares[at] ?? 0) / s.x),
  );
  const ofCanary = Math.max(own, lent);
  const unknown = { value, interval: undefined, lnLower: 0, lnHigher: 0 };
  if (canary.count < LEAST_UNITS || stable.count < LEAST_UNITS) return unknown;
  if (!(ofCanary > 0) || ofCanary * LEAST_EVENTS > b * b) return unknown;
  const n = canary.count + stable.count;
  const error = Math.sqrt(ofCanary + ofStable);
  const z = ((a - b) / error) * Math.sqrt(n);
  const rho = tuneOneSided(PLANNED_UNITS, alpha);
  const evidence = { lnLower: lnEvidenceOneSided(-z, n, rho), lnHigher: lnEvidenceOneSided(z, n, rho) };
  if (scale === 'points') return { value, interval: sequenceOf(value, error, n, alpha, PLANNED_UNITS), ...evidence };
  if (!(a > 0)) {
    // no logarithm of nothing: as a share of stable's, which is known
    const { lower, upper } = sequenceOf(a - b, error, n, alpha, PLANNED_UNITS);
    return { value, interval: { lower: Math.max(-1, lower / b), upper: upper / b }, ...evidence };
  }
  const lnError = Math.sqrt(ofCanary / (a * a) + ofStable / (b * b));
  const { lower, upper } = sequenceOf(Math.log(a / b), lnError, n, alpha, PLANNED_UNITS);
  return { value, interval: { lower: Math.expm1(lower), upper: Math.expm1(upper) }, ...evidence };
}

function sharesOf(pairs: readonly (readonly [Stratum, Stratum])[]): number[] {
  const weights = pairs.map(([c, s]) => (c.x * s.x) / (c.x + s.x));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
