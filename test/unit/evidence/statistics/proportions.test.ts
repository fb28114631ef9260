import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fisherGreater, leastExpected } from '../../../../src/evidence/statistics/fisher.ts';
import {
  cleanTrials,
  clopperPearson,
  exactLower,
  exactUpper,
  jeffreysUpper,
  katz,
  newcombe,
  pooledZ,
  ruleOfThree,
  wilson,
} from '../../../../src/evidence/statistics/proportions.ts';
import { farringtonManning, miettinenNurminen } from '../../../../src/evidence/statistics/score-difference.ts';
import { expectAllRelative, expectRelative } from './relative.ts';

const share = (events: number, trials: number) => ({ events, trials });
const CANARY = share(18, 6000);
const STABLE = share(120, 114_000);

describe('known answers of research/statistics.md 2', () => {
  test('pooled z', () => {
    const found = pooledZ(CANARY, STABLE);
    expectAllRelative(
      [found?.z, found?.pOneSided, found?.pTwoSided],
      [4.33796949609149, 7.190255370752303e-6, 1.4380510741504605e-5],
    );
  });

  test('Wilson', () => {
    const [c, r] = [wilson(CANARY), wilson(STABLE)];
    expectAllRelative(
      [c.lower, c.upper, r.lower, r.upper],
      [0.001898538117990902, 0.004737456368865516, 0.0008804608145651291, 0.0012584272764012796],
    );
  });

  test('Newcombe, and his own example', () => {
    const found = newcombe(CANARY, STABLE);
    expectAllRelative(
      [found.difference, found.lower, found.upper],
      [0.0019473684210526317, 0.000826846155941596, 0.0036933344590440098],
    );
    const own = newcombe(share(56, 70), share(48, 80));
    expectAllRelative([own.difference, own.lower, own.upper], [0.2, 0.052431472402365065, 0.333872654036906]);
  });

  test('Katz', () => {
    const found = katz(CANARY, STABLE);
    expectAllRelative([found?.ratio, found?.lower, found?.upper], [2.85, 1.7377553066395153, 4.674133331065669]);
  });

  test('Miettinen-Nurminen', () => {
    const found = miettinenNurminen(CANARY, STABLE);
    expectAllRelative([found.lower, found.upper], [0.0008258723416797386, 0.003692603011386793]);
  });

  test('non-inferiority by 0.1 points: z -1.5049 of 7/6,000, +1.5900 of 18/6,000', () => {
    const found = farringtonManning(share(7, 6000), STABLE, 0.001);
    expectAllRelative([found.canaryShare, found.stableShare], [0.002029569677050591, 0.001029569677050591]);
    expect(Math.abs(found.z - -1.5048875834689714)).toBeLessThan(5e-4);
    expect(Math.abs(found.p - 0.06617649053856972)).toBeLessThan(1e-4);
    const worse = farringtonManning(CANARY, STABLE, 0.001);
    expect(Math.abs(worse.z - 1.5899595654477545)).toBeLessThan(5e-4);
    expect(Math.abs(worse.p - 0.944078040189908)).toBeLessThan(1e-4);
  });

  test("Fisher's exact test, one-sided", () => {
    expectRelative(fisherGreater(share(3, 200), share(2, 3800)), 0.0011429240687354277);
    expectRelative(fisherGreater(share(0, 200), share(2, 3800)), 1);
    expectRelative(fisherGreater(share(1, 60), share(1, 5940)), 0.01990165027504584);
    expectRelative(leastExpected(share(3, 200), share(2, 3800)), 0.25);
  });

  test.each([
    [300, 0.00993608194445772, 0.01, 0.012642971224546034, 0.008331265119628204],
    [1000, 0.0029912495450953314, 0.003, 0.0038267584855551234, 0.0025081643414222978],
    [3000, 0.0009980790119965555, 0.001, 0.0012788487253259629, 0.0008368941949413993],
    [10_000, 0.00029952835977664627, 0.0003, 0.00038399837067659573, 0.0002511564843832975],
  ])('no events in %s trials', (trials, exact, rule, wilsonUpper, jeffreys) => {
    const none = share(0, trials);
    expectAllRelative(
      [exactUpper(none), ruleOfThree(trials), wilson(none).upper, jeffreysUpper(none)],
      [exact, rule, wilsonUpper, jeffreys],
    );
    expect(wilson(none).lower).toBe(0);
  });

  test('to claim errors below 0.1 % takes 2,995 clean requests, or 4,603', () => {
    expect([cleanTrials(0.001), cleanTrials(0.001, 0.99)]).toEqual([2995, 4603]);
  });

  test('Clopper-Pearson', () => {
    const found = clopperPearson(share(3, 2000));
    expectAllRelative([found.lower, found.upper], [0.00030944294931233306, 0.004377320104529616]);
    expectRelative(exactUpper(share(1, 1000)), 0.004734993575499777);
    expectRelative(exactUpper(share(2, 5000)), 0.001258617924966361);
  });
});

const shares = fc
  .integer({ min: 1, max: 5000 })
  .chain((trials) => fc.integer({ min: 0, max: trials }).map((events) => share(events, trials)));

describe('properties', () => {
  test('intervals hold the estimate, nest as confidence grows and stay in range', () => {
    fc.assert(
      fc.property(shares, shares, (one, two) => {
        for (const interval of [wilson, clopperPearson]) {
          const [near, far] = [interval(one, 0.9), interval(one, 0.99)];
          const order = [0, far.lower, near.lower, one.events / one.trials, near.upper, far.upper, 1];
          for (const [index, bound] of order.slice(1).entries())
            expect(bound).toBeGreaterThanOrEqual((order[index] ?? 0) - 1e-12);
        }
        const [near, far] = [newcombe(one, two, 0.9), newcombe(one, two, 0.99)];
        expect(far.lower).toBeLessThanOrEqual(near.lower + 1e-12);
        expect(far.upper).toBeGreaterThanOrEqual(near.upper - 1e-12);
      }),
    );
  });

  test('differences change sign when the arms change places', () => {
    fc.assert(
      fc.property(shares, shares, (one, two) => {
        const [there, back] = [newcombe(one, two), newcombe(two, one)];
        expect(there.lower).toBeCloseTo(-back.upper, 12);
        const [score, scoreBack] = [miettinenNurminen(one, two), miettinenNurminen(two, one)];
        expect(score.lower).toBeCloseTo(-scoreBack.upper, 5);
        expect(score.lower).toBeLessThanOrEqual(there.difference);
        expect(score.upper).toBeGreaterThanOrEqual(there.difference);
        // P(so many or more) + P(so many or fewer).
        expect(fisherGreater(one, two) + fisherGreater(two, one)).toBeGreaterThanOrEqual(1 - 1e-9);
      }),
      { numRuns: 60 },
    );
  });

  test('no events in both arms: a difference of 0 with finite ends, no ratio, no z', () => {
    const [one, two] = [share(0, 300), share(0, 5000)];
    const { difference, lower, upper } = newcombe(one, two);
    expect([difference, lower < 0, lower > -0.002, upper > 0, upper < 0.02]).toEqual([0, true, true, true, true]);
    expect([katz(one, two), pooledZ(one, two), katz(share(4, 100), STABLE)]).toEqual([undefined, undefined, undefined]);
    expect(farringtonManning(one, two, 0).z).toBe(0);
    const score = miettinenNurminen(one, two);
    expect([score.lower > -0.01, score.upper < 0.02]).toEqual([true, true]);
  });

  test('refuse more events than trials, and no trials', () => {
    expect(() => wilson(share(3, 2))).toThrow('share events: expected 0 to 2, as many as there were trials, found 3');
    expect(() => exactLower(share(0, 0))).toThrow(RangeError);
    expect(() => farringtonManning(CANARY, STABLE, 1)).toThrow('margin: expected a number between -1 and 1, found 1');
    expect(() => fisherGreater(share(1.5, 10), share(1, 10))).toThrow(RangeError);
  });
});
