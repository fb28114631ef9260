/**
 * Error probability spent by planned looks (stage ends), Lan, DeMets 1983: two-sided alpha spent up to the share `t` of the
 * information planned. For looks at any time use a confidence sequence.
 */
import { checkBetween, checkShare } from './domain.ts';
import { normalCdf, normalQuantile } from './special.ts';

/** O'Brien-Fleming type: 2 (1 - Phi(z_(1 - alpha/2) / sqrt t)). Little at first. */
export function obrienFlemingSpent(alpha: number, t: number): number {
  checkShare('alpha', alpha);
  checkBetween('share of information', t, 0, 1);
  return t === 0 ? 0 : 2 * normalCdf(normalQuantile(alpha / 2) / Math.sqrt(t));
}

/** Pocock type: alpha ln(1 + (e - 1) t). Much at first. */
export function pocockSpent(alpha: number, t: number): number {
  checkShare('alpha', alpha);
  checkBetween('share of information', t, 0, 1);
  return alpha * Math.log1p((Math.E - 1) * t);
}
