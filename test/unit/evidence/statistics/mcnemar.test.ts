import { describe, expect, test } from 'vitest';
import {
  discordantOf,
  lnMcNemarEvidence,
  mcNemarTest,
  netMismatch,
  newMcNemar,
  stepMcNemar,
} from '../../../../src/evidence/statistics/mcnemar.ts';
import type { Split } from '../../../../src/evidence/statistics/split.ts';
import { evidence } from '../../../../src/evidence/statistics/start-mixture.ts';
import { type Branch, binomial, meanOver, reread } from './enumerate.ts';
import { expectRelative } from './relative.ts';

describe('known answers of statistics 3.7, 5.2 and 5.3', () => {
  test('40 pairs where only the candidate is wrong, 20 where only stable is', () => {
    expectRelative(Math.exp(lnMcNemarEvidence({ candidateOnly: 40, otherOnly: 20 })), 9.492485960352424);
    const state = stepMcNemar(newMcNemar(0), { candidateOnly: 40, otherOnly: 20 });
    expectRelative(evidence(state.mixture), 9.492485960352424);
  });

  test('8 against 20', () => {
    const found = mcNemarTest({ candidateOnly: 8, otherOnly: 20 });
    expectRelative(found.chiSquare, 5.142857142857143);
    expectRelative(found.p, 0.02334220201289086);
    expectRelative(found.correctedChiSquare, 4.321428571428571);
    expectRelative(found.correctedP, 0.03763531378731436);
    expectRelative(found.exactP, 0.03569813817739487);
    expectRelative(found.midP, 0.02411954477429389);
  });

  test('95 mismatches beyond the noise of 45 in 10,000', () => {
    const counts = { both: 60, candidateOnly: 95, twinOnly: 45, neither: 9800 };
    expectRelative(netMismatch(counts), 0.005);
    expectRelative(mcNemarTest(discordantOf(counts)).candidateWorseP, 1.4387872738134902e-5);
    expectRelative(Math.exp(lnMcNemarEvidence(discordantOf(counts))), 1700.5567999855527);
  });
});

describe('sequential McNemar', () => {
  test('has the mean 1 when neither is worse', () => {
    const pairs = (count: number): Branch<Split>[] =>
      Array.from({ length: count + 1 }, (_, worse) => ({
        probability: binomial(worse, count, 0.5),
        next: (state) => stepMcNemar(state, { candidateOnly: worse, otherOnly: count - worse }),
      }));
    const mean = meanOver(newMcNemar(2), [pairs(5), pairs(1), pairs(9)], ({ mixture }) => evidence(mixture));
    expectRelative(mean, 1, 1e-12);
  });

  test('does not move over pairs that agree', () => {
    const { mixture } = stepMcNemar(newMcNemar(0), { candidateOnly: 0, otherOnly: 0 });
    expect(mixture.lnCapital).toEqual(newMcNemar(0).mixture.lnCapital);
  });

  test('gives the same bits after a restart', () => {
    const before = stepMcNemar(newMcNemar(7), { candidateOnly: 3, otherOnly: 1 });
    const next = { candidateOnly: 2, otherOnly: 5 };
    expect(stepMcNemar(reread(before), next)).toStrictEqual(stepMcNemar(before, next));
  });

  test('refuses what is no count', () => {
    expect(() => lnMcNemarEvidence({ candidateOnly: 0.5, otherOnly: 1 })).toThrow(RangeError);
    expect(() => mcNemarTest({ candidateOnly: -1, otherOnly: 1 })).toThrow(RangeError);
  });
});

test('without discordant pairs there is nothing to test', () => {
  expect(mcNemarTest({ candidateOnly: 0, otherOnly: 0 })).toMatchObject({
    chiSquare: 0,
    p: 1,
    exactP: 1,
    candidateWorseP: 1,
  });
  expect(netMismatch({ both: 0, candidateOnly: 0, twinOnly: 0, neither: 0 })).toBeUndefined();
});
