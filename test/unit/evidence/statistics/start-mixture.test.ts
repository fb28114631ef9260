import { describe, expect, test } from 'vitest';
import {
  alwaysValidP,
  everReached,
  evidence,
  lnEvidence,
  newStartMixture,
  type StartMixture,
  stepMixture,
} from '../../../../src/evidence/statistics/start-mixture.ts';
import { expectRelative } from './relative.ts';

function stepped(mixture: StartMixture, factors: readonly (readonly number[])[]): StartMixture {
  return factors.reduce((state, lnFactors) => stepMixture(state, lnFactors), mixture);
}

describe('the mixture over start times', () => {
  test('is the sum over starts of what was won since', () => {
    const factors = [0.3, -0.2, 0.5, 0.1, -0.4];
    const planned = 3;
    const since = (start: number) => Math.exp(factors.slice(start).reduce((sum, ln) => sum + ln, 0));
    const wanted = 0.5 * since(0) + [0, 1, 2].reduce((sum, start) => sum + since(start) / (2 * planned), 0);
    const mixture = stepped(
      newStartMixture(1, planned),
      factors.map((ln) => [ln]),
    );
    expectRelative(evidence(mixture), wanted, 1e-14);
  });

  test('counts capital that has not started as 1', () => {
    expectRelative(evidence(stepMixture(newStartMixture(1, 10), [Math.log(3)])), 3 * 0.55 + 0.45, 1e-14);
  });

  test('bets all of it at once when no blocks are planned', () => {
    expectRelative(evidence(stepMixture(newStartMixture(2, 0), [Math.log(3), Math.log(5)])), 4, 1e-14);
  });

  test('notices what begins late sooner than one that only started at the beginning', () => {
    const quiet = new Array(300).fill([-0.02]);
    const late = [...quiet, ...new Array(8).fill([0.8])];
    expect(lnEvidence(stepped(newStartMixture(1, 1000), late))).toBeGreaterThan(0);
    expect(lnEvidence(stepped(newStartMixture(1, 0), late))).toBeLessThan(1);
    expect(lnEvidence(stepped(newStartMixture(1, 1000), late))).toBeGreaterThan(
      lnEvidence(stepped(newStartMixture(1, 0), late)),
    );
  });

  test('keeps the highest it ever was', () => {
    const mixture = stepped(newStartMixture(1, 0), [[Math.log(200)], [Math.log(0.001)]]);
    expectRelative(alwaysValidP(mixture), 1 / 200, 1e-14);
    expect(everReached(mixture, 0.01)).toBe(true);
    expect(everReached(mixture, 0.001)).toBe(false);
    expect(alwaysValidP(newStartMixture(1, 5))).toBe(1);
  });

  test('does not overflow', () => {
    const mixture = stepped(newStartMixture(2, 100), new Array(50).fill([100, -100]));
    expectRelative(lnEvidence(mixture), 5000 - Math.log(4), 1e-2);
    expect(evidence(mixture)).toBe(Infinity);
  });

  test('refuses factors it cannot keep', () => {
    expect(() => stepMixture(newStartMixture(2, 5), [0])).toThrow(
      'expected a factor for each of 2 alternatives, found 1',
    );
    expect(() => stepMixture(newStartMixture(1, 5), [-Infinity])).toThrow(RangeError);
    expect(() => newStartMixture(0, 5)).toThrow(RangeError);
    expect(() => newStartMixture(1, 1.5)).toThrow(RangeError);
  });
});
