/**
 * How well a quantile is known, whatever the law of the values (independent, from one law): ranks of the order statistics that
 * enclose it. All counts are of values; throws RangeError outside the domain.
 */
import { bisect } from './bisect.ts';
import { tuneTwoSided } from './confidence-sequence.ts';
import { checkPositive, checkShare } from './domain.ts';
import { binomialQuantile, logBeta, normalQuantile } from './special.ts';

/** A quantile is said only when so many values lie beyond it. */
const LEAST_BEYOND = 10;

/** rho of the sequence is tuned at this alpha, whatever the alpha asked, as in the paper's code. */
const TUNING_ALPHA = 0.05;

/** Values needed to say the quantile p: p50 20, p95 200, p99 1,000, p999 10,000. Below a half the other tail counts. */
export function leastValues(p: number): number {
  checkShare('quantile', p);
  return Math.ceil(LEAST_BEYOND / Math.min(p, 1 - p) - 1e-9);
}

/** Values needed to see one beyond the quantile p, with probability `confidence`: p95 59, p99 299, p999 2,995. */
export function valuesToExceed(p: number, confidence = 0.95): number {
  checkShare('quantile', p);
  checkShare('confidence', confidence);
  return Math.ceil(Math.log1p(-confidence) / Math.log(p));
}

export interface Ranks {
  /** 1 = the smallest of the n values; 0 or n + 1 = nothing is excluded on that side. */
  readonly lower: number;
  readonly upper: number;
}

/** For one look: the p quantile lies between these order statistics with `confidence`. */
export function rankInterval(n: number, p: number, confidence = 0.95): Ranks {
  checkPositive('n', n);
  checkShare('quantile', p);
  checkShare('confidence', confidence);
  const tail = (1 - confidence) / 2;
  return { lower: binomialQuantile(tail, n, p), upper: binomialQuantile(1 - tail, n, p) + 1 };
}

/** Standard error of a sample quantile over its value, where values are lognormal with this sigma. */
export function lognormalQuantileError(p: number, n: number, sigma: number): number {
  checkPositive('n', n);
  checkShare('quantile', p);
  const z = normalQuantile(p);
  const density = Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
  return (sigma * Math.sqrt((p * (1 - p)) / n)) / density;
}

/** ln of the beta-binomial mixture e-process: `s` more values than p n on its side, v = p (1 - p) n; g, h the two steps. */
function lnMixture(s: number, v: number, r: number, g: number, h: number): number {
  const total = g + h;
  const gain = (v / (g * h)) * Math.log(total) - ((v + h * s) / (h * total)) * Math.log(g);
  const loss = ((v - g * s) / (g * total)) * Math.log(h);
  const before = logBeta(r / (g * total), r / (h * total));
  return gain - loss + logBeta((r + v - g * s) / (g * total), (r + v + h * s) / (h * total)) - before;
}

function tune(p: number, plannedN: number): number {
  const product = p * (1 - p);
  return Math.max(tuneTwoSided(product * plannedN, TUNING_ALPHA) - product, 1e-3 * product);
}

export interface QuantileSequence extends Ranks {
  /** Shares of n on either side of p. */
  readonly lowerRadius: number;
  readonly upperRadius: number;
}

/**
 * At all looks: the p quantile lies between these order statistics, with probability 1 - alpha on each side; narrowest near
 * `plannedN`. Source: Howard, Ramdas, Bernoulli 28:1704, 2022 (beta-binomial boundary).
 */
export function quantileSequence(n: number, p: number, alpha: number, plannedN: number): QuantileSequence {
  checkPositive('n', n);
  checkShare('quantile', p);
  checkShare('alpha', alpha);
  const r = tune(p, plannedN);
  const radius = (g: number, h: number) => {
    const v = p * (1 - p) * n;
    const excess = (s: number) => lnMixture(s, v, r, g, h) + Math.log(alpha);
    const most = (v / g) * (1 - 1e-12);
    return (excess(most) > 0 ? bisect(excess, 0, most) : v / g) / n;
  };
  const [lowerRadius, upperRadius] = [radius(1 - p, p), radius(p, 1 - p)];
  const lower = Math.floor(n * (p - lowerRadius) + 1);
  const upper = Math.ceil(n * (p + upperRadius));
  return { lowerRadius, upperRadius, lower, upper };
}

/** ln e against "x is the p quantile" of one arm with `below` of its `n` values at or below x, more of them than p n. */
export function lnQuantileEvidence(below: number, n: number, p: number, plannedN: number): number {
  checkPositive('n', n);
  checkShare('quantile', p);
  return lnMixture((below / n - p) * n, p * (1 - p) * n, tune(p, plannedN), p, 1 - p);
}
