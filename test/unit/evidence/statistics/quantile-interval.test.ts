import { describe, expect, test } from 'vitest';
import {
  leastValues,
  lnQuantileEvidence,
  lognormalQuantileError,
  quantileSequence,
  rankInterval,
  valuesToExceed,
} from '../../../../src/evidence/statistics/quantile-interval.ts';
import { expectAllRelative, expectRelative, normalOf, randoms } from './relative.ts';

describe('known answers of research/statistics.md 1.4', () => {
  test('a quantile may be said from 20, 200, 1,000 and 10,000 values on', () => {
    expect([0.5, 0.95, 0.99, 0.999, 0.05].map(leastValues)).toEqual([20, 200, 1000, 10_000, 200]);
  });

  test('one value beyond it is seen with 95 % from 59, 299 and 2,995 on', () => {
    expect([0.95, 0.99, 0.999].map((p) => valuesToExceed(p))).toEqual([59, 299, 2995]);
  });

  test.each([
    [0.95, 9457, 9543],
    [0.99, 9880, 9920],
    [0.999, 9983, 9997],
  ])('the ranks around p = %s of 10,000', (p, lower, upper) => {
    expect(rankInterval(10_000, p)).toEqual({ lower, upper });
  });

  test('the relative standard error of lognormal quantiles', () => {
    const asked = [
      [0.5, 300],
      [0.95, 300],
      [0.95, 4500],
      [0.99, 4500],
      [0.999, 4500],
      [0.999, 54_000],
    ] as const;
    expectAllRelative(
      asked.map(([p, n]) => lognormalQuantileError(p, n, 0.5)),
      [
        0.03618006272791338, 0.061002468915307834, 0.01575076974576819, 0.027825900186490168, 0.06996675895086768,
        0.020197663557304558,
      ],
    );
  });
});

describe('known answers of research/statistics.md 3.6', () => {
  test.each([
    [0.5, 10_000, 10_000, 0.015174758861746431, 0.015174758861746431, 4849, 5152],
    [0.95, 10_000, 10_000, 0.006782157603248072, 0.006446535671382223, 9433, 9565],
    [0.99, 10_000, 10_000, 0.0032023136732777656, 0.0028362021675299802, 9868, 9929],
    [0.999, 100_000, 100_000, 0.0003219574247294561, 0.00028467632036398565, 99_868, 99_929],
    [0.95, 1000, 10_000, 0.027977307662015536, 0.02510150914619735, 923, 976],
  ])('p = %s of %s values, tuned to %s', (p, n, planned, lowerRadius, upperRadius, lower, upper) => {
    const found = quantileSequence(n, p, 0.05, planned);
    expectAllRelative([found.lowerRadius, found.upperRadius], [lowerRadius, upperRadius]);
    expect([found.lower, found.upper]).toEqual([lower, upper]);
  });

  test('ln e of one arm', () => {
    expectRelative(lnQuantileEvidence(5640, 6000, 0.95, 6000), 4.145803507446317);
    expectRelative(lnQuantileEvidence(5580, 6000, 0.95, 6000), 19.05257962985843);
    expectRelative(lnQuantileEvidence(108_300, 114_000, 0.95, 114_000), -1.09518691600897);
  });
});

describe('quantile sequences', () => {
  test('are wider than one look, nest as alpha falls and mirror at 1 - p', () => {
    for (const [n, p] of [
      [300, 0.5],
      [5000, 0.95],
      [20_000, 0.99],
    ] as const) {
      const [once, wide, wider] = [
        rankInterval(n, p),
        quantileSequence(n, p, 0.05, n),
        quantileSequence(n, p, 0.001, n),
      ];
      expect([wide.lower < once.lower, wide.upper > once.upper]).toEqual([true, true]);
      expect([wider.lower <= wide.lower, wider.upper >= wide.upper]).toEqual([true, true]);
      const mirror = quantileSequence(n, 1 - p, 0.05, n);
      expectAllRelative([mirror.lowerRadius, mirror.upperRadius], [wide.upperRadius, wide.lowerRadius]);
    }
  });

  test('with too few values exclude nothing beyond the last', () => {
    const found = quantileSequence(20, 0.99, 0.05, 1000);
    expect(found.upper).toBeGreaterThanOrEqual(20);
    expect(found.lower).toBeGreaterThanOrEqual(0);
  });

  test('hold the true p95 at every look of almost every run', () => {
    const random = randoms(42);
    let missed = 0;
    for (let run = 0; run < 100; run++) {
      let [below, isMissed] = [0, false];
      for (let n = 1; n <= 3000; n++) {
        if (normalOf(random) <= 1.6448536269514722) below++;
        if (n % 200 !== 0) continue;
        // The quantile lies within the ranks exactly when so many values lie at or below it.
        const { lower, upper } = quantileSequence(n, 0.95, 0.025, 1500);
        if (below < lower || below >= upper) isMissed = true;
      }
      if (isMissed) missed++;
    }
    expect(missed).toBeLessThanOrEqual(5);
  });

  test('refuse what is no quantile', () => {
    expect(() => leastValues(1)).toThrow('quantile: expected a share between 0 and 1, without its ends, found 1');
    expect(() => rankInterval(0, 0.5)).toThrow(RangeError);
    expect(() => quantileSequence(100, 0.5, 0, 100)).toThrow(RangeError);
  });
});
