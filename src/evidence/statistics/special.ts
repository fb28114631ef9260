/**
 * Special functions: double precision in and out, pure, no units. Relative error below 1e-11 (absolute near a zero of the
 * function), also in the tails: ask for the small side. A_S = Abramowitz, Stegun, "Handbook of Mathematical Functions", 1964.
 * All throw RangeError outside their domain.
 */
const HALF_LN_TWO_PI = 0.9189385332046728;
const MAX_ITERATIONS = 200_000;
const EPSILON = 1e-16;
/** Keeps a denominator of a continued fraction from 0. */
const TINY = 1e-300;

function check(holds: boolean, expected: string, found: number): void {
  if (!holds) throw new RangeError(`expected ${expected}, found ${found}`);
}

function checkProbability(p: number): void {
  check(p >= 0 && p <= 1, 'a probability of 0 to 1', p);
}

/** ln Gamma(x) - ((x - 1/2) ln x - x + ln(2 pi)/2), x > 0: a series in 1/x from 10 on (A_S 6.1.41), below by recursion. */
export function stirlingCorrection(x: number): number {
  check(x > 0 && x < Infinity, 'a finite number above 0', x);
  if (x < 10) return shiftedLnGamma(x) - ((x - 0.5) * Math.log(x) - x + HALF_LN_TWO_PI);
  const r = 1 / (x * x);
  const tail = 1 / 1188 - r * (691 / 360360 - r * (1 / 156 - r * (3617 / 122400)));
  return (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r * tail)))) / x;
}

function shiftedLnGamma(x: number): number {
  let [shifted, product] = [x, 1];
  while (shifted < 10) product *= shifted++;
  return (
    (shifted - 0.5) * Math.log(shifted) - shifted + HALF_LN_TWO_PI + stirlingCorrection(shifted) - Math.log(product)
  );
}

/** ln Gamma(x), x > 0. Stirling's series (A_S 6.1.41), below 10 after Gamma(x) = Gamma(x + 1) / x. */
export function lnGamma(x: number): number {
  if (x > 0 && x < 10) return shiftedLnGamma(x);
  return stirlingCorrection(x) + (x - 0.5) * Math.log(x) - x + HALF_LN_TWO_PI;
}

/** ln B(a, b) = ln Gamma(a) + ln Gamma(b) - ln Gamma(a + b); a, b > 0 (A_S 6.2.2). Large terms cancel before they are rounded. */
export function logBeta(a: number, b: number): number {
  const s = a + b;
  const corrections = stirlingCorrection(a) + stirlingCorrection(b) - stirlingCorrection(s);
  const [ofA, ofB] = a < b ? [Math.log(a / s), Math.log1p(-a / s)] : [Math.log1p(-b / s), Math.log(b / s)];
  return a * ofA + b * ofB + 0.5 * (Math.log(s / a) - Math.log(b)) + HALF_LN_TWO_PI + corrections;
}

/** x ln(x / m) + m - x without cancellation. Source: Loader, "Fast and accurate computation of binomial probabilities", 2000. */
function deviance(x: number, m: number): number {
  if (x === 0) return m;
  if (Math.abs(x - m) >= 0.1 * (x + m)) return x * Math.log(x / m) + m - x;
  const v = (x - m) / (x + m);
  let sum = (x - m) * v;
  let power = 2 * x * v;
  for (let j = 3; ; j += 2) {
    power *= v * v;
    const next = sum + power / j;
    if (next === sum) return sum;
    sum = next;
  }
}

/** ln(e^a + e^b), also where one or both are -Infinity. */
export function lnAddExp(a: number, b: number): number {
  const high = Math.max(a, b);
  return high === -Infinity || high === Infinity ? high : high + Math.log1p(Math.exp(Math.min(a, b) - high));
}

/** ln of the sum of e^x; -Infinity of nothing. */
export function lnSumExp(values: readonly number[]): number {
  const high = values.reduce((most, value) => Math.max(most, value), -Infinity);
  if (!Number.isFinite(high)) return high;
  return high + Math.log(values.reduce((sum, value) => sum + Math.exp(value - high), 0));
}

/** ln of x^a e^-x / Gamma(a). */
function lnGammaKernel(a: number, x: number): number {
  return 0.5 * Math.log(a) - HALF_LN_TWO_PI - stirlingCorrection(a) - deviance(a, x);
}

/** P(a, x) / kernel, by series (A_S 6.5.29). */
function gammaSeries(a: number, x: number): number {
  let [sum, term] = [1 / a, 1 / a];
  for (let n = 1; n < MAX_ITERATIONS; n++) {
    term *= x / (a + n);
    sum += term;
    if (term < sum * EPSILON) break;
  }
  return sum;
}

/** Q(a, x) / kernel, by continued fraction (A_S 6.5.31, modified Lentz). */
function gammaFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let h = d;
  for (let i = 1; i < MAX_ITERATIONS; i++) {
    const an = -i * (i - a);
    b += 2;
    d = 1 / (an * d + b || TINY);
    c = b + an / c || TINY;
    const factor = d * c;
    h *= factor;
    if (Math.abs(factor - 1) < EPSILON * 4) break;
  }
  return h;
}

/** ln of the regularised incomplete gamma functions P (lower) and Q = 1 - P (upper). */
function lnGammaTails(a: number, x: number): { lower: number; upper: number } {
  check(a > 0 && a < Infinity, 'a shape above 0', a);
  check(x >= 0, 'a number of 0 or more', x);
  if (x === 0) return { lower: -Infinity, upper: 0 };
  if (x === Infinity) return { lower: 0, upper: -Infinity };
  const kernel = lnGammaKernel(a, x);
  if (x < a + 1) {
    const lower = kernel + Math.log(gammaSeries(a, x));
    return { lower, upper: Math.log1p(-Math.exp(lower)) };
  }
  const upper = kernel + Math.log(gammaFraction(a, x));
  return { lower: Math.log1p(-Math.exp(upper)), upper };
}

/** Regularised lower incomplete gamma function P(a, x), a > 0, x >= 0 (A_S 6.5.1). */
export function gammaIncomplete(x: number, a: number): number {
  return Math.exp(lnGammaTails(a, x).lower);
}

/** Q(a, x) = 1 - P(a, x), exact also where it is small. */
export function gammaTail(x: number, a: number): number {
  return Math.exp(lnGammaTails(a, x).upper);
}

/**
 * Root of f = 0 for f concave and increasing: Newton's steps from below never overshoot, and one from above lands below.
 * `f` gives value and slope.
 */
function concaveRoot(start: number, f: (at: number) => readonly [number, number]): number {
  let at = start;
  for (let i = 0; i < 200; i++) {
    const [value, slope] = f(at);
    const step = -value / slope;
    if (!Number.isFinite(step)) return at;
    at += step;
    if (Math.abs(step) <= 4e-16 * Math.max(1, Math.abs(at))) return at;
    // Converged to rounding: what is left wanders.
    if (i > 8 && Math.abs(step) <= 1e-13 * Math.max(1, Math.abs(at))) return at;
  }
  return at;
}

/**
 * x with P(a, x) = p. Newton on ln P (or ln Q, the smaller) in ln x, where both are concave as the density of ln x is
 * log-concave. Start: Wilson, Hilferty 1931, or the leading term at 0.
 */
export function gammaQuantile(p: number, a: number): number {
  checkProbability(p);
  check(a > 0 && a < Infinity, 'a shape above 0', a);
  if (p === 0) return 0;
  if (p === 1) return Infinity;
  const atZero = (Math.log(p) + lnGamma(a + 1)) / a;
  const hilferty = a * (1 - 1 / (9 * a) + normalQuantile(p) / (3 * Math.sqrt(a))) ** 3;
  const start = a > 0.5 && hilferty > 0.1 * a ? Math.log(hilferty) : atZero;
  if (p <= 0.5) {
    return Math.exp(
      concaveRoot(start, (u) => slopeOf(lnGammaTails(a, Math.exp(u)).lower, Math.log(p), a, Math.exp(u))),
    );
  }
  const lnQ = Math.log1p(-p);
  return Math.exp(-concaveRoot(-start, (u) => slopeOf(lnGammaTails(a, Math.exp(-u)).upper, lnQ, a, Math.exp(-u))));
}

function slopeOf(ln: number, wanted: number, a: number, x: number): readonly [number, number] {
  return [ln - wanted, Math.exp(lnGammaKernel(a, x) - ln)];
}

/** P(N(0, 1) <= x) = Q(1/2, x^2/2)/2 for x < 0 (A_S 7.1.22, 6.5.17). */
export function normalCdf(x: number): number {
  check(!Number.isNaN(x), 'a number', x);
  const tail = 0.5 * gammaTail((x * x) / 2, 0.5);
  return x <= 0 ? tail : 1 - tail;
}

/** ln P(N(0, 1) <= x), also where that itself underflows. */
export function lnNormalCdf(x: number): number {
  check(!Number.isNaN(x), 'a number', x);
  const lnTail = Math.log(0.5) + lnGammaTails(0.5, (x * x) / 2).upper;
  return x <= 0 ? lnTail : Math.log1p(-Math.exp(lnTail));
}

/** x with normalCdf(x) = p. Start A_S 26.2.23 (4.5e-4), then Newton on ln of the smaller tail. */
export function normalQuantile(p: number): number {
  checkProbability(p);
  if (p === 0 || p === 1) return p === 0 ? -Infinity : Infinity;
  if (p > 0.5) return -normalQuantile(1 - p);
  const t = Math.sqrt(-2 * Math.log(p));
  let x = (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t;
  for (let i = 0; i < 3; i++) {
    const ln = lnNormalCdf(x);
    x -= (ln - Math.log(p)) * Math.exp(ln + (x * x) / 2 + HALF_LN_TWO_PI);
  }
  return x;
}

/** ln of x^a y^b / B(a, b), y = 1 - x. */
function lnBetaKernel(x: number, y: number, a: number, b: number): number {
  const s = a + b;
  const corrections = stirlingCorrection(s) - stirlingCorrection(a) - stirlingCorrection(b);
  const scale = 0.5 * (Math.log(a) - Math.log(s / b)) - HALF_LN_TWO_PI;
  return scale + corrections - deviance(a, s * x) - deviance(b, s * y);
}

/** a I_x(a, b) / kernel by continued fraction (A_S 26.5.8, modified Lentz), for x < (a + 1)/(a + b + 2). */
function betaFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / (1 - ((a + b) * x) / (a + 1) || TINY);
  let h = d;
  for (let m = 1; m < MAX_ITERATIONS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / (1 + even * d || TINY);
    c = 1 + even / c || TINY;
    h *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / (1 + odd * d || TINY);
    c = 1 + odd / c || TINY;
    h *= d * c;
    if (Math.abs(d * c - 1) < EPSILON * 4) break;
  }
  return h;
}

/** ln of I_x(a, b) (lower) and of 1 - I_x(a, b) (upper); y = 1 - x is passed to be exact near 1. */
function lnBetaTails(x: number, y: number, a: number, b: number): { lower: number; upper: number; kernel: number } {
  if (x <= 0) return { lower: -Infinity, upper: 0, kernel: -Infinity };
  if (y <= 0) return { lower: 0, upper: -Infinity, kernel: -Infinity };
  const kernel = lnBetaKernel(x, y, a, b);
  if (x < (a + 1) / (a + b + 2)) {
    const lower = kernel + Math.log(betaFraction(x, a, b) / a);
    return { lower, upper: Math.log1p(-Math.exp(lower)), kernel };
  }
  const upper = kernel + Math.log(betaFraction(y, b, a) / b);
  return { lower: Math.log1p(-Math.exp(upper)), upper, kernel };
}

function checkShapes(a: number, b: number): void {
  check(a > 0 && a < Infinity, 'a first shape above 0', a);
  check(b > 0 && b < Infinity, 'a second shape above 0', b);
}

/** Regularised incomplete beta function I_x(a, b), 0 <= x <= 1; a, b > 0 (A_S 26.5.1). */
export function betaIncomplete(x: number, a: number, b: number): number {
  checkProbability(x);
  checkShapes(a, b);
  return Math.exp(lnBetaTails(x, 1 - x, a, b).lower);
}

/** ln(x / (1 - x)) with I_x(a, b) = p = 1 - q, p <= q; the density of the logit is log-concave, so ln I is concave in it. */
function betaLogit(p: number, a: number, b: number, start: number): number {
  const wanted = Math.log(p);
  return concaveRoot(start, (logit) => {
    const { lower, kernel } = lnBetaTails(1 / (1 + Math.exp(-logit)), 1 / (1 + Math.exp(logit)), a, b);
    return [lower - wanted, Math.exp(kernel - lower)];
  });
}

/** Start A_S 26.5.22 where its shapes are above 1, else the leading term at 0, which is never above the root. */
function betaStart(p: number, a: number, b: number): number {
  const z = -normalQuantile(p);
  const lambda = (z * z - 3) / 6;
  const [inverseA, inverseB] = [1 / (2 * a - 1), 1 / (2 * b - 1)];
  const h = 2 / (inverseA + inverseB);
  if (a <= 1 || b <= 1 || h + lambda <= 0) return (Math.log(p) + Math.log(a) + logBeta(a, b)) / a;
  const w = (z * Math.sqrt(h + lambda)) / h - (inverseB - inverseA) * (lambda + 5 / 6 - 2 / (3 * h));
  return Math.log(a / b) - 2 * w;
}

/** x with I_x(a, b) = p. */
export function betaQuantile(p: number, a: number, b: number): number {
  checkProbability(p);
  checkShapes(a, b);
  if (p === 0 || p === 1) return p;
  if (p <= 0.5) return 1 / (1 + Math.exp(-betaLogit(p, a, b, betaStart(p, a, b))));
  return 1 / (1 + Math.exp(betaLogit(1 - p, b, a, betaStart(1 - p, b, a))));
}

function checkFreedom(df: number): void {
  check(df > 0, 'degrees of freedom above 0', df);
}

/** P(Student t with `df` degrees of freedom <= x); df may be a fraction or Infinity (A_S 26.7.1, 26.5.27). */
export function studentTCdf(x: number, df: number): number {
  checkFreedom(df);
  check(!Number.isNaN(x), 'a number', x);
  if (df === Infinity) return normalCdf(x);
  const square = x * x;
  const tail = square === Infinity ? 0 : 0.5 * Math.exp(studentTails(square / df, df).upper);
  return x <= 0 ? tail : 1 - tail;
}

function studentTails(ratio: number, df: number) {
  return lnBetaTails(ratio / (1 + ratio), 1 / (1 + ratio), 0.5, df / 2);
}

/** x with studentTCdf(x, df) = p. t^2/df is the odds of a Beta(1/2, df/2); start Wallace, Ann. Math. Stat. 30:1121, 1959. */
export function studentTQuantile(p: number, df: number): number {
  checkProbability(p);
  checkFreedom(df);
  if (p === 0.5) return 0;
  if (p > 0.5) return -studentTQuantile(1 - p, df);
  if (p === 0 || df === Infinity) return normalQuantile(p);
  const start = Math.log(Math.expm1(Math.min(600, ((normalQuantile(p) * (8 * df + 3)) / (8 * df + 1)) ** 2 / df)));
  const logit = p <= 0.25 ? -betaLogit(2 * p, df / 2, 0.5, -start) : betaLogit(1 - 2 * p, 0.5, df / 2, start);
  return -Math.sqrt(df) * Math.exp(logit / 2);
}

/** P(chi-square with `df` degrees of freedom > x), x >= 0 (A_S 26.4.19). */
export function chiSquareTail(x: number, df: number): number {
  checkFreedom(df);
  return gammaTail(x / 2, df / 2);
}

/** x that chi-square with `df` degrees of freedom stays at or below with probability p. */
export function chiSquareQuantile(p: number, df: number): number {
  checkFreedom(df);
  return 2 * gammaQuantile(p, df / 2);
}

/** P(Kolmogorov's limit law > x): 2 sum (-1)^(k-1) e^(-2 k^2 x^2), below 1 in its theta form. Source: Stephens 1970. */
export function kolmogorovTail(x: number): number {
  check(x >= 0, 'a distance of 0 or more', x);
  if (x < 0.04) return 1;
  let sum = 0;
  if (x < 1) {
    for (let k = 1; k <= 9; k += 2) sum += Math.exp(-((k * Math.PI) ** 2) / (8 * x * x));
    return 1 - (Math.sqrt(2 * Math.PI) / x) * sum;
  }
  for (let k = 1; k <= 6; k++) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * x * x);
  return sum;
}

/** x with kolmogorovTail(x) = p, 0 < p < 1, to 1e-15; by bisection. */
export function kolmogorovQuantile(p: number): number {
  check(p > 0 && p < 1, 'a probability between 0 and 1', p);
  let [low, high] = [0, 30];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (kolmogorovTail(middle) > p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function checkBinomial(n: number, p: number): void {
  check(Number.isSafeInteger(n) && n >= 0, 'a whole number of trials', n);
  checkProbability(p);
}

/** ln P(Binomial(n, p) = k); -Infinity where that cannot be. Source: Loader 2000. */
export function lnBinomialPmf(k: number, n: number, p: number): number {
  checkBinomial(n, p);
  check(Number.isSafeInteger(k), 'a whole number of events', k);
  if (k < 0 || k > n) return -Infinity;
  if (p === 0 || p === 1) return k === (p === 0 ? 0 : n) ? 0 : -Infinity;
  if (k === 0) return n * Math.log1p(-p);
  if (k === n) return n * Math.log(p);
  const corrections = stirlingCorrection(n) - stirlingCorrection(k) - stirlingCorrection(n - k);
  const scale = 0.5 * Math.log(n / k / (n - k)) - HALF_LN_TWO_PI;
  return scale + corrections - deviance(k, n * p) - deviance(n - k, n * (1 - p));
}

/** P(Binomial(n, p) <= k) = 1 - I_p(k + 1, n - k) (A_S 26.5.24). */
export function binomialCdf(k: number, n: number, p: number): number {
  checkBinomial(n, p);
  const events = Math.floor(k);
  if (events < 0) return 0;
  return events >= n ? 1 : Math.exp(lnBetaTails(p, 1 - p, events + 1, n - events).upper);
}

/** P(Binomial(n, p) >= k), exact also where it is small. */
export function binomialTail(k: number, n: number, p: number): number {
  checkBinomial(n, p);
  const events = Math.ceil(k);
  if (events <= 0) return 1;
  return events > n ? 0 : Math.exp(lnBetaTails(p, 1 - p, events, n - events + 1).lower);
}

/** The smallest k with binomialCdf(k, n, probability) >= p. */
export function binomialQuantile(p: number, n: number, probability: number): number {
  checkProbability(p);
  checkBinomial(n, probability);
  let [low, high] = [0, n];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (binomialCdf(middle, n, probability) >= p) high = middle;
    else low = middle + 1;
  }
  return low;
}
