import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tripOf } from '../../../src/rollout/breaker.ts';
import {
  type Answered,
  type ArmAnswered,
  addAnswered,
  addDecided,
  type BreakerWindow,
  trimmed,
  WINDOW_SLOTS,
} from '../../../src/rollout/breaker-window.ts';

const OF = { rollout: 'ranker', release: 'r', revision: 7 };
const NOW = 1_000;
const NOTHING: ArmAnswered = { finished: 0, judged: 0, failed: 0, gone: 0 };

/** So many answers of which so many failed, those of canary not in a row unless it says so. */
function answers(arms: {
  readonly canary?: Partial<ArmAnswered>;
  readonly stable?: Partial<ArmAnswered>;
  readonly slot?: number;
  readonly runs?: Partial<Answered['runs']>;
  readonly revision?: number;
}): Answered {
  const canary = { ...NOTHING, ...arms.canary };
  const stable = { ...NOTHING, ...arms.stable };
  const runs = { judged: canary.judged, leading: 0, trailing: 0, longest: 0, ...arms.runs };
  return { ...OF, revision: arms.revision ?? 7, slots: [{ slot: arms.slot ?? NOW - 1, canary, stable }], runs };
}

function windowOf(...heard: readonly (readonly [slot: number, Answered])[]): BreakerWindow {
  let window: BreakerWindow | undefined;
  for (const [slot, answered] of heard) window = addAnswered(window, answered, slot);
  if (window === undefined) throw new Error('nothing heard');
  return window;
}

describe('failures', () => {
  test('of half of twenty answers trip, and the reason has the numbers', () => {
    const canary = { judged: 20, failed: 12 };
    const window = windowOf(
      [NOW - 15, answers({ stable: { judged: 1_980 }, canary: { judged: 4, failed: 2 } })],
      [NOW, answers({ canary: { judged: 16, failed: canary.failed - 2 } })],
    );
    expect(tripOf(window, NOW)).toEqual({
      kind: 'failures',
      isEnvironment: false,
      reason: 'breaker: 12 of 20 canary answers failed in 3.2 s (stable 0 of 1,980)',
    });
  });

  test.each([
    ['fewer than twenty answers', { judged: 19, failed: 19 }],
    ['less than half of them', { judged: 40, failed: 19 }],
  ])('of %s do not', (_, canary) => {
    expect(tripOf(windowOf([NOW, answers({ canary, stable: { judged: 100 } })]), NOW)).toBeUndefined();
  });

  test('count for ten seconds', () => {
    const window = windowOf([NOW, answers({ canary: { judged: 20, failed: 20 } })]);
    expect(tripOf(window, NOW + WINDOW_SLOTS - 1)?.kind).toBe('failures');
    expect(tripOf(window, NOW + WINDOW_SLOTS)).toBeUndefined();
    expect(trimmed(window, NOW + WINDOW_SLOTS)).toBeUndefined();
  });

  test('that stable has at least half as often are the environment', () => {
    const kind = (judged: number, failed: number) => {
      const heard = answers({ canary: { judged: 100, failed: 60 }, stable: { judged, failed } });
      return tripOf(windowOf([NOW, heard]), NOW)?.isEnvironment;
    };
    expect(kind(100, 30)).toBe(true);
    expect(kind(100, 29)).toBe(false);
    // of four nobody knows
    expect(kind(4, 4)).toBe(false);
    expect(kind(5, 5)).toBe(true);
  });

  test('start anew with a new revision of the rollout, and what is of an earlier one counts no more', () => {
    const failing = { judged: 19, failed: 19 };
    const before = windowOf([NOW - 1, answers({ canary: failing, revision: 7 })]);
    const after = addAnswered(before, answers({ canary: failing, revision: 8 }), NOW);
    expect(after && tripOf(after, NOW)).toBeUndefined();
    expect(addAnswered(after, answers({ canary: failing, revision: 7 }), NOW)).toBe(after);
  });
});

describe('failures in a row', () => {
  const failed = (count: number) => ({
    canary: { judged: count, failed: count },
    runs: { leading: count, trailing: count, longest: count },
  });

  test('are five, over reports', () => {
    const four = windowOf([NOW - 2, answers(failed(1))], [NOW - 1, answers(failed(3))]);
    expect(tripOf(four, NOW - 1)).toBeUndefined();
    const five = addAnswered(four, answers(failed(1)), NOW);
    expect(five && tripOf(five, NOW)).toEqual({
      kind: 'in-a-row',
      isEnvironment: false,
      reason: 'breaker: 5 of 5 canary answers failed in 0.6 s, 5 in a row (stable 0 of 0)',
    });
  });

  test('are seen when better ones came after them in the same report', () => {
    const runs = { leading: 0, trailing: 0, longest: 5 };
    const window = windowOf([NOW, answers({ canary: { judged: 12, failed: 5 }, runs })]);
    expect(tripOf(window, NOW)?.kind).toBe('in-a-row');
  });

  test('end with an answer that is none, and are not told twice', () => {
    const mixed = answers({ canary: { judged: 2, failed: 1 }, runs: { leading: 0, trailing: 1, longest: 1 } });
    expect(windowOf([NOW, answers(failed(4))], [NOW, mixed], [NOW, answers(failed(3))]).longestRun).toBe(4);
    expect(windowOf([NOW, answers(failed(5))], [NOW, answers({ stable: { judged: 1 } })]).longestRun).toBe(0);
  });

  test('do not outlast ten seconds without an answer of canary', () => {
    const window = windowOf(
      [NOW, answers(failed(4))],
      [NOW + 30, answers({ stable: { judged: 9 } })],
      [NOW + WINDOW_SLOTS, answers(failed(1))],
    );
    expect(tripOf(window, NOW + WINDOW_SLOTS)).toBeUndefined();
  });

  test('that stable had alike do not become its own fault when the log tells nothing more', () => {
    const alike = answers({ ...failed(5), stable: { judged: 50, failed: 50 } });
    const window = windowOf([NOW, alike]);
    expect(tripOf(window, NOW)?.isEnvironment).toBe(true);
    let later: BreakerWindow | undefined = window;
    for (const slot of [NOW + 20, NOW + WINDOW_SLOTS]) {
      later = addDecided(later, { ...OF, slot, stable: 9, canary: 1 }, slot);
    }
    expect(later?.longestRun).toBe(5);
    expect(later && tripOf(later, NOW + WINDOW_SLOTS)).toBeUndefined();
  });
});

describe('a hang', () => {
  /** Decided `agoSlots` ago, and so many of those finished. */
  function decided(
    canary: readonly [decided: number, finished: number, gone?: number],
    stable: readonly [decided: number, finished: number, gone?: number],
    agoSlots = 11,
  ): BreakerWindow {
    const slot = NOW - agoSlots;
    const told = addDecided(undefined, { ...OF, slot, canary: canary[0], stable: stable[0] }, slot);
    const arm = ([, finished, gone = 0]: typeof canary) => ({ finished, gone });
    const window = addAnswered(told, answers({ slot, canary: arm(canary), stable: arm(stable) }), NOW);
    if (window === undefined) throw new Error('nothing');
    return window;
  }

  test('is no answer to half of twenty requests while stable has answered, with the numbers', () => {
    expect(tripOf(decided([20, 10], [1_980, 1_979]), NOW)).toEqual({
      kind: 'hang',
      isEnvironment: false,
      reason: 'breaker: 10 of 20 canary requests had no answer after 2 s (stable 1 of 1,980)',
    });
  });

  test.each([
    ['five, none of them answered', [5, 0], [5, 5], true],
    ['four, none of them answered', [4, 0], [100, 100], false],
    ['nineteen with one answered', [19, 1], [100, 100], false],
    ['less than half of twenty', [21, 11], [100, 100], false],
    ['users that left before an answer, and stable has none of those', [20, 20, 10], [100, 100], true],
    ['users that left before an answer, as they do from stable', [20, 20, 20], [100, 100, 11], false],
    ['all, but stable has no traffic', [50, 0], [0, 0], false],
    ['all, but of stable too few are told to have finished', [50, 0], [100, 97], false],
    ['none, as the reports of a decide thread are missing', [0, 30], [100, 100], false],
  ] as const)('%s', (_, canary, stable, isHang) => {
    expect(tripOf(decided(canary, stable), NOW)?.kind === 'hang').toBe(isHang);
  });

  test('is no answer to the last ten, whatever was answered before', () => {
    const slot = NOW - 11;
    const hanging = (canary: number, stableFinished: number) => {
      const told = addDecided(decided([40, 40], [100, 100], 13), { ...OF, slot, canary, stable: 50 }, NOW);
      const window = addAnswered(told, answers({ slot, stable: { finished: stableFinished } }), NOW);
      return window && tripOf(window, NOW);
    };
    expect(hanging(9, 50)).toBeUndefined();
    const reason =
      'breaker: 10 of 50 canary requests had no answer after 2 s, nor had any of the last 10 (stable 0 of 150)';
    expect(hanging(10, 50)).toMatchObject({ kind: 'hang', reason });
    // of all its requests 98 % are told, but not of these: the log is late
    expect(hanging(10, 48)).toBeUndefined();
  });

  test('is seen two seconds after the end of the slot, and not before', () => {
    expect(tripOf(decided([50, 0], [100, 100], 10), NOW)).toBeUndefined();
    expect(tripOf(decided([50, 0], [100, 100], 11), NOW)?.kind).toBe('hang');
  });

  test('is measured with the patience that stable needs', () => {
    const window = addDecided(decided([50, 0], [100, 100], 16), { ...OF, slot: NOW - 12, canary: 0, stable: 100 }, NOW);
    expect(window && tripOf(window, NOW)?.reason).toContain('no answer after 3 s');
  });
});

test('whatever is told, a window holds fifty slots of the last ten seconds', () => {
  const slot = fc.integer({ min: NOW - 200, max: NOW + 200 });
  const told = fc.array(fc.tuple(fc.boolean(), slot, fc.nat(10), fc.integer({ min: 6, max: 8 })), { maxLength: 400 });
  fc.assert(
    fc.property(told, (all) => {
      let window: BreakerWindow | undefined;
      for (const [isDecided, at, count, revision] of all) {
        window = isDecided
          ? addDecided(window, { ...OF, revision, slot: at, stable: count, canary: count }, NOW)
          : addAnswered(window, answers({ slot: at, stable: { finished: count }, revision }), NOW);
      }
      for (const one of window?.slots ?? []) {
        expect(one.slot).toBeLessThanOrEqual(NOW);
        expect(one.slot).toBeGreaterThan(NOW - WINDOW_SLOTS);
      }
      expect(new Set(window?.slots.map((one) => one.slot)).size).toBe(window?.slots.length ?? 0);
    }),
  );
});
