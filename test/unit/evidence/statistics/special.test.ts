import { describe, expect, test } from 'vitest';
import {
  betaIncomplete,
  betaQuantile,
  binomialCdf,
  binomialQuantile,
  binomialTail,
  chiSquareQuantile,
  chiSquareTail,
  gammaIncomplete,
  gammaQuantile,
  kolmogorovQuantile,
  kolmogorovTail,
  lnAddExp,
  lnBinomialPmf,
  lnGamma,
  lnNormalCdf,
  lnSumExp,
  logBeta,
  normalCdf,
  normalQuantile,
  stirlingCorrection,
  studentTCdf,
  studentTQuantile,
} from '../../../../src/evidence/statistics/special.ts';
import { expectRelative } from './relative.ts';

/** Computed with mpmath 1.3.0 at 30 digits from the definitions: function, arguments, value. */
const ANSWERS: readonly (readonly [(...args: number[]) => number, readonly number[], number])[] = [
  [lnGamma, [1e-5], 11.512919692895826],
  [lnGamma, [0.1], 2.252712651734206],
  [lnGamma, [0.5], 0.5723649429247001],
  [lnGamma, [1.5], -0.12078223763524522],
  [lnGamma, [2.5], 0.2846828704729192],
  [lnGamma, [3], Math.LN2],
  [lnGamma, [9.99], 12.779315214350193],
  [lnGamma, [10], 12.801827480081469],
  [lnGamma, [100.5], 361.4355404677776],
  [lnGamma, [10000.0], 82099.71749644238],
  [lnGamma, [1000000000.0], 19723265827.503716],
  [logBeta, [0.5, 0.5], 1.1447298858494002],
  [logBeta, [0.001, 2], 6.906755778649053],
  [logBeta, [5, 95], -19.694969560028976],
  [logBeta, [1000000.0, 3], -40.75338749333038],
  [logBeta, [1000000.0, 1000000.0], -1386300.003362921],
  [logBeta, [0.5, 100000.0], -5.184096539560414],
  [normalCdf, [-20], 2.7536241186062337e-89],
  [normalCdf, [-5], 2.866515718791939e-7],
  [normalCdf, [-2], 0.02275013194817921],
  [normalCdf, [-1], 0.15865525393145705],
  [normalCdf, [-0.1], 0.460172162722971],
  [normalCdf, [0], 0.5],
  [normalCdf, [0.3], 0.6179114221889527],
  [normalCdf, [1], 0.8413447460685429],
  [normalCdf, [2], 0.9772498680518208],
  [normalCdf, [5], 0.9999997133484281],
  [lnNormalCdf, [-10000.0], -50000010.12927891],
  [lnNormalCdf, [-40], -804.6084420137538],
  [lnNormalCdf, [-20], -203.91715537109727],
  [lnNormalCdf, [-2], -3.783184333682032],
  [lnNormalCdf, [-0.1], -0.7761545927302733],
  [lnNormalCdf, [0], -Math.LN2],
  [lnNormalCdf, [1], -0.17275377902344988],
  [lnNormalCdf, [5], -2.866516129637636e-7],
  [lnNormalCdf, [10], -7.619853024160525e-24],
  [studentTCdf, [-1, 1], 0.25],
  [studentTCdf, [-2, 3], 0.0696629842794216],
  [studentTCdf, [-42, 39], 2.1925624668527516e-34],
  [studentTCdf, [-0.01, 5], 0.49620400902129097],
  [studentTCdf, [1, 22.96], 0.8361331342712519],
  [studentTCdf, [-12.18, 10000.0], 3.4504238938385754e-34],
  [studentTCdf, [-5, 0.7], 0.10013683482091144],
  [studentTCdf, [-3, 10000.0], 0.0013532240949988331],
  [chiSquareTail, [22.94195258682817, 3], 4.152382667069749e-5],
  [chiSquareTail, [0.1, 1], 0.7518296340458492],
  [chiSquareTail, [100, 4], 9.83662422461598e-21],
  [chiSquareTail, [1000, 900], 0.010994608942135848],
  [chiSquareTail, [9.2, 4], 0.056290280169948075],
  [chiSquareTail, [500, 500.5], 0.4978990435966031],
  [gammaIncomplete, [0.1, 0.5], 0.345279153981423],
  [gammaIncomplete, [0.0001, 3], 1.666541671666528e-13],
  [gammaIncomplete, [50, 60], 0.09226505195893311],
  [gammaIncomplete, [3, 0.01], 0.9998670286434298],
  [betaIncomplete, [0.003, 3, 1998], 0.9382989116708579],
  [betaIncomplete, [0.1, 0.5, 0.5], 0.20483276469913345],
  [betaIncomplete, [0.9, 20, 1], 0.12157665459056935],
  [betaIncomplete, [0.5, 1000, 1000], 0.5],
  [betaIncomplete, [0.05, 500, 9500], 0.5054915522569038],
  [betaIncomplete, [0.048, 5000, 95000], 0.0016672927200366895],
  [betaIncomplete, [1e-6, 0.5, 100000.0], 0.34527883111316765],
  [kolmogorovTail, [0.2], 0.999999999999495],
  [kolmogorovTail, [0.5], 0.9639452436648751],
  [kolmogorovTail, [0.99], 0.2808738392255489],
  [kolmogorovTail, [1], 0.2699996716773545],
  [kolmogorovTail, [1.36], 0.04948587675537788],
  [kolmogorovTail, [2], 0.0006709252557796953],
  [kolmogorovTail, [4], 2.532833109818835e-14],
  [lnBinomialPmf, [0, 10, 0.1], -1.0536051565782631],
  [lnBinomialPmf, [10, 20, 0.001], -56.96076647855475],
  [lnBinomialPmf, [25, 50, 0.001], -140.24833797708104],
  [lnBinomialPmf, [500, 1000, 0.5], -3.6799189920941293],
  [lnBinomialPmf, [50, 100000, 0.001], -18.231518015792997],
  [lnBinomialPmf, [3, 3, 0.2], -4.828313737302301],
  [binomialCdf, [8, 28, 0.5], 0.017849069088697433],
  [binomialCdf, [0, 300, 0.01], 0.049040894071285854],
  [binomialCdf, [3, 2000, 0.001], 0.8572137667933241],
  [binomialCdf, [260, 4500, 0.05], 0.9913754035012],
  [binomialTail, [10, 20, 0.001], 1.8308331132328241e-25],
  [binomialTail, [25, 50, 0.001], 1.2340674577392936e-61],
  [binomialTail, [10, 20, 0.05], 1.1340718060930299e-8],
  [binomialTail, [95, 140, 0.5], 1.438787273813489e-5],
  [binomialQuantile, [0.99, 60, 0.05], 7.0],
  [binomialQuantile, [0.99, 300, 0.05], 24.0],
  [binomialQuantile, [0.99, 4500, 0.05], 260.0],
  [binomialQuantile, [0.025, 10000, 0.95], 9457.0],
  [binomialQuantile, [0.975, 10000, 0.95], 9542.0],
  [binomialQuantile, [0.5, 7, 0.3], 2.0],
];

/** known_answers.py, sections 2, 3, 4, 6, 7. */
describe('known answers', () => {
  test.each(ANSWERS)('%o of %j is %d to 1e-11', (f, args, expected) => {
    if (expected === 0) expect(Math.abs(f(...args))).toBeLessThan(1e-12);
    else expectRelative(f(...args), expected, 1e-11);
  });

  test('quantiles of beta, chi-square and Student t are those of scipy', () => {
    expectRelative(betaQuantile(0.025, 3, 1998), 0.00030944294931233306, 1e-11);
    expectRelative(betaQuantile(0.975, 4, 1997), 0.004377320104529616, 1e-11);
    expectRelative(betaQuantile(0.95, 2, 999), 0.004734993575499777, 1e-11);
    expectRelative(betaQuantile(0.95, 3, 4998), 0.001258617924966361, 1e-11);
    expectRelative(betaQuantile(0.975, 0.5, 300.5), 0.008331265119628204, 1e-11);
    expectRelative(chiSquareQuantile(0.95, 4) * 0.002, 0.01897545807356231, 1e-11);
    expectRelative(chiSquareQuantile(0.999, 4) * 0.002, 0.036933653905806337, 1e-11);
    expectRelative(-studentTQuantile(normalCdf(-3.4574613466721953), 22.961499631416793), 4.013597913709678, 1e-11);
    expectRelative(-studentTQuantile(normalCdf(-2.9107542596114238), 22.961499631416793), 3.2417541351574526, 1e-11);
    expectRelative(-studentTQuantile(normalCdf(-12.18290141061384), 38.99145107928131), 42.1616473561639, 1e-10);
  });

  test('critical values of Kolmogorov are 1.358099, 1.627624, 1.949475', () => {
    expectRelative(kolmogorovQuantile(0.05), 1.3580986393225507, 1e-12);
    expectRelative(kolmogorovQuantile(0.01), 1.6276236115189504, 1e-12);
    expectRelative(kolmogorovQuantile(0.001), 1.9494746035043753, 1e-12);
    expectRelative(kolmogorovTail(Math.sqrt((6000 * 114_000) / 120_000) * 0.03), 7.001137567746596e-5, 1e-10);
  });

  test('chance of the breaker to trip at 0.1 % and 5 % errors', () => {
    expectRelative(binomialTail(10, 20, 0.001), 1.8308331132328244e-25, 1e-10);
    expectRelative(binomialTail(25, 50, 0.001), 1.2340674577392945e-61, 1e-10);
    expectRelative(binomialTail(10, 20, 0.05), 1.1340718060930296e-8, 1e-10);
  });
});

const PROBABILITIES = [1e-300, 1e-20, 1e-5, 0.01, 0.3, 0.4999, 0.5, 0.6, 0.975, 0.999, 1 - 1e-9];
const SHAPES = [0.3, 0.8, 1, 2, 5, 22.96, 39, 1e3, 1e5];

describe('a quantile is the inverse', () => {
  test.each(PROBABILITIES)('at %d', (p) => {
    expectRelative(normalCdf(normalQuantile(p)), p, 1e-10);
    for (const shape of SHAPES) {
      if (p > 1e-50 || shape > 1) expectRelative(studentTCdf(studentTQuantile(p, shape), shape), p, 1e-10);
      const x = gammaQuantile(p, shape);
      if (x > 0) expectRelative(gammaIncomplete(x, shape), p, 1e-10);
      for (const other of [0.5, 1, 3, 300.5, 95_000]) {
        const share = betaQuantile(p, shape, other);
        if (share > 0 && share < 0.9) expectRelative(betaIncomplete(share, shape, other), p, 1e-10);
      }
    }
  });

  test('at the ends', () => {
    expect([normalQuantile(0), normalQuantile(1)]).toEqual([-Infinity, Infinity]);
    expect([betaQuantile(0, 2, 3), betaQuantile(1, 2, 3)]).toEqual([0, 1]);
    expect([gammaQuantile(0, 2), gammaQuantile(1, 2)]).toEqual([0, Infinity]);
    expect(studentTQuantile(0.5, 3)).toBe(0);
    expect(studentTQuantile(0.01, Infinity)).toBe(normalQuantile(0.01));
  });
});

describe('sums of exponentials', () => {
  test('take the highest out first', () => {
    expectRelative(lnAddExp(1000, 1001), 1001 + Math.log1p(Math.exp(-1)), 1e-15);
    expectRelative(lnSumExp([-2000, -2000, -2000]), -2000 + Math.log(3), 1e-15);
  });

  test('know nothing as -Infinity', () => {
    expect(lnAddExp(-Infinity, -Infinity)).toBe(-Infinity);
    expect(lnAddExp(-Infinity, 2)).toBe(2);
    expect(lnSumExp([])).toBe(-Infinity);
  });
});

test.each([
  () => lnGamma(0),
  () => stirlingCorrection(-1),
  () => normalQuantile(1.1),
  () => normalCdf(Number.NaN),
  () => studentTCdf(1, 0),
  () => chiSquareTail(-1, 2),
  () => betaIncomplete(0.5, 0, 1),
  () => betaQuantile(-0.1, 1, 1),
  () => binomialCdf(1, 2.5, 0.5),
  () => lnBinomialPmf(0.5, 2, 0.5),
  () => kolmogorovTail(-1),
])('what is outside the domain is a RangeError with a sentence: %o', (ask) => {
  expect(ask).toThrow(RangeError);
  expect(ask).toThrow(/^expected .+, found /);
});
