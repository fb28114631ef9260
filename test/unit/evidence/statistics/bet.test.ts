import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Bet, capOf, newBet, stepBet } from '../../../../src/evidence/statistics/bet.ts';
import { HARM_BY_INCREASE, lnSplitEvidence, newSplit, stepSplit } from '../../../../src/evidence/statistics/split.ts';
import { everReached, evidence, lnEvidence } from '../../../../src/evidence/statistics/start-mixture.ts';
import type { TwoArms } from '../../../../src/evidence/statistics/two-arms.ts';
import { type Branch, binomial, meanOver, reread } from './enumerate.ts';
import { expectAllRelative, expectRelative, poissonOf, randoms } from './relative.ts';

function block(canary: number, stable: number, canaryEvents: number, stableEvents: number): TwoArms {
  return { canary, stable, canaryEvents, stableEvents };
}

function history(start: Bet, blocks: readonly TwoArms[]): Bet[] {
  const states: Bet[] = [];
  for (const one of blocks) states.push(stepBet(states.at(-1) ?? start, one));
  return states;
}

const SIX = [
  block(50, 950, 0, 1),
  block(50, 950, 0, 1),
  block(50, 950, 1, 0),
  block(50, 950, 1, 1),
  block(50, 950, 2, 1),
  block(50, 950, 1, 1),
];

describe('known answers of statistics 3.4', () => {
  test('six blocks of 50 and 950', () => {
    const states = history(newBet(100, 1), SIX);
    expectAllRelative(
      states.map((state) => evidence(state.mixture)),
      [0.9608625, 0.92671890625, 1.497095232421875, 3.3455310593261722, 16.850870035483087, 58.463487449151906],
    );
    expectAllRelative(
      [newBet(100, 1), ...states.slice(0, 5)].map(capOf),
      [4, 4, 4, 4, 4.246426544510455, 4.697345007480164],
    );
  });

  test('seven blocks of 300 and 5,700 from six events per block', () => {
    const events = [
      [1, 6],
      [2, 5],
      [0, 7],
      [1, 5],
      [3, 6],
      [2, 4],
      [4, 6],
    ] as const;
    const states = history(
      newBet(100, 6),
      events.map(([canary, stable]) => block(300, 5700, canary, stable)),
    );
    expectAllRelative(
      states.map((state) => evidence(state.mixture)),
      [
        1.1524631750041974, 1.7434942387653345, 1.4376824966310013, 1.8388525980752704, 4.240213131817658,
        9.604841321709559, 39.80140734380032,
      ],
    );
  });

  test('one burst is worth 3.8, where a test of requests takes it for 1e32', () => {
    const burst = block(50, 950, 40, 2);
    expectRelative(evidence(stepBet(newBet(100, 1), burst).mixture), 3.8253547619047623);
    expectRelative(Math.exp(lnSplitEvidence(burst, HARM_BY_INCREASE)), 2.384766527003876e32);
  });
});

/** All ways to give the canary its part of `events`. */
function branches(
  canary: number,
  stable: number,
  events: number,
  law: (k: number, share: number) => number,
  margin = 1,
) {
  const share = (canary * margin) / (canary * margin + stable);
  return Array.from(
    { length: events + 1 },
    (_, k): Branch<Bet> => ({
      probability: law(k, share),
      next: (state) => stepBet(state, block(canary, stable, k, events - k)),
    }),
  );
}

describe('BET is an e-process', () => {
  test.each([
    ['independent', (events: number) => (k: number, share: number) => binomial(k, events, share)],
    [
      'all in one burst',
      (events: number) => (k: number, share: number) => (k === events ? share : 0) + (k === 0 ? 1 - share : 0),
    ],
  ])('whose mean is 1 with %s events, whatever their number and the weight', (_, law) => {
    const blocks = [branches(10, 90, 4, law(4)), branches(30, 70, 9, law(9)), branches(20, 20, 3, law(3))];
    expectRelative(
      meanOver(newBet(2, 1), blocks, ({ mixture }) => evidence(mixture)),
      1,
      1e-12,
    );
  });

  test('whose mean is 1 at the edge of the margin and below 1 inside', () => {
    const at = (margin: number) =>
      meanOver(
        newBet(3, 2, 1.5),
        [4, 5].map((events) => branches(10, 90, events, (k, share) => binomial(k, events, share), margin)),
        ({ mixture }) => evidence(mixture),
      );
    expectRelative(at(1.5), 1, 1e-12);
    expect(at(1.2)).toBeLessThan(1);
  });

  test('a block without events has the factor 1 exactly', () => {
    const { mixture } = stepBet(newBet(0, 3), block(100, 900, 0, 0));
    expect(mixture.lnCapital).toEqual([0, 0, 0, 0, 0]);
    expect(lnEvidence(mixture)).toBe(0);
  });

  test('a block without one of the arms changes nothing', () => {
    const state = newBet(100, 3);
    expect(stepBet(state, block(0, 900, 0, 5))).toBe(state);
    expect(stepBet(state, block(10, 0, 1, 0))).toBe(state);
  });
});

const anyBlock = fc
  .tuple(
    fc.integer({ min: 0, max: 500 }),
    fc.integer({ min: 0, max: 5000 }),
    fc.double({ noNaN: true, min: 0, max: 1 }),
  )
  .map(([canary, stable, share]) =>
    block(canary, stable, Math.floor(canary * share), Math.floor((stable * share) / 2)),
  );

describe('for any blocks', () => {
  test('a restart in the middle gives the same bits', () => {
    fc.assert(
      fc.property(fc.array(anyBlock, { minLength: 1, maxLength: 30 }), fc.nat(30), (blocks, at) => {
        const whole = history(newBet(20, 2), blocks).at(-1);
        const before = history(newBet(20, 2), blocks.slice(0, at)).at(-1) ?? newBet(20, 2);
        const after = history(reread(before), blocks.slice(at)).at(-1) ?? reread(before);
        expect(after).toStrictEqual(whole);
      }),
    );
  });

  test('the more of the events are the canary’s, the more evidence', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(39), (events, fewer) => {
        const less = Math.min(fewer, events - 1);
        const of = (k: number) => lnEvidence(stepBet(newBet(10, 3), block(50, 950, k, events - k)).mixture);
        expect(of(less + 1)).toBeGreaterThan(of(less));
      }),
    );
  });
});

test('a burst raises what is expected of later blocks by no more than the cap', () => {
  const { eventsPerBlock } = stepBet(newBet(100, 1), block(50, 950, 40, 200));
  expectRelative(eventsPerBlock, 0.9 + 0.1 * 4);
});

test('counts that cannot be are refused with a sentence', () => {
  expect(() => stepBet(newBet(10, 1), block(50, 950, 51, 0))).toThrow(
    'canaryEvents: expected a number of 0 to 50, found 51',
  );
  expect(() => stepBet(newBet(10, 1), block(-1, 950, 0, 0))).toThrow(RangeError);
  expect(() => newBet(10, -1)).toThrow(RangeError);
  expect(() => newBet(10, 1, 0)).toThrow(RangeError);
});

/**
 * Healthy days: 20 pods, one of them the canary, 100 requests/s; each pod has six bursts of 10 s an hour in which 5 % of its
 * requests fail. How many of `days` a test of blocks of 60 s fires in, at alpha 1 %.
 */
function falseAlarms(days: number): { bet: number; split: number } {
  const random = randoms(7);
  const alarms = { bet: 0, split: 0 };
  for (let day = 0; day < days; day++) {
    let [bet, split] = [newBet(1440, 12), newSplit(1440, HARM_BY_INCREASE)];
    for (let minute = 0; minute < 1440; minute++) {
      const errorsOf = (pods: number) =>
        poissonOf(random, 2.5 * poissonOf(random, 0.1 * pods)) + poissonOf(random, 0.3 * pods);
      const counts = block(300, 5700, errorsOf(1), errorsOf(19));
      bet = stepBet(bet, counts);
      split = stepSplit(split, counts);
    }
    if (everReached(bet.mixture, 0.01)) alarms.bet++;
    if (everReached(split.mixture, 0.01)) alarms.split++;
  }
  return alarms;
}

test('bursts on one pod fool a test of requests on most healthy days, and BET on hardly one', () => {
  const { bet, split } = falseAlarms(30);
  expect(split).toBeGreaterThan(20);
  expect(bet).toBeLessThanOrEqual(1);
});
