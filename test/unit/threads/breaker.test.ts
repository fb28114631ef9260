import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { play, steady } from './traffic.ts';

const BUSY = { stable: 50, canary: 2 };

describe('what trips', () => {
  test('errors of canary alone trip within the report that tells of the fifth in a row', () => {
    const [first, ...others] = play(
      steady(BUSY, [0, 60], (arm, at) => ({ fails: arm === 'canary' && at >= 20 })),
      60,
    );
    expect(first).toMatchObject({ kind: 'in-a-row', isEnvironment: false, slot: 23, release: '2.0.0-00000000' });
    // not with every report that there is still reason to
    expect(others.length).toBeLessThan(8);
  });

  test('half of the answers failing trips, one by one', () => {
    const half = steady({ stable: 50, canary: 2 }, [0, 60], (arm, _, n) => ({ fails: arm === 'canary' && n === 1 }));
    expect(play(half, 60)[0]).toMatchObject({ kind: 'failures', slot: 10 });
  });

  test('half of the answers failing trips at the fortieth, however many were fine before', () => {
    const half = steady(BUSY, [0, 60], (arm, at, n) => ({ fails: arm === 'canary' && at >= 25 && n === 1 }));
    expect(play(half, 60)[0]).toMatchObject({
      ...{ kind: 'failures', slot: 45 },
      reason: 'breaker: 20 of the last 40 canary answers failed in 4.0 s (stable 0 of 1,000)',
    });
  });

  test('a canary that stops answering trips before any timeout', () => {
    const hanging = steady({ stable: 20, canary: 1 }, [0, 60], (arm, at) =>
      arm === 'canary' && at >= 20 ? { takes: undefined } : {},
    );
    // two seconds after the end of the slot of the tenth, whatever was answered before
    expect(play(hanging, 60)[0]).toMatchObject({ kind: 'hang', isEnvironment: false, slot: 29 + 11 });
  });

  test('a new canary that never answered trips at its fifth request, two seconds later', () => {
    const hanging = steady({ stable: 20, canary: 1 }, [0, 60], (arm) => (arm === 'canary' ? { takes: undefined } : {}));
    expect(play(hanging, 60)[0]).toMatchObject({ kind: 'hang', slot: 4 + 11 });
  });

  test('a trip that changes nothing is tried again each second, not each report', () => {
    const failing = steady(BUSY, [0, 31], (arm) => ({ fails: arm === 'canary' }));
    const trips = play(failing, 31, false);
    expect(trips.map(({ slot }) => slot)).toEqual([3, 8, 13, 18, 23, 28]);
  });
});

describe('what does not', () => {
  test('while less than half fail, also of the last ones, and never five in a row, nothing trips', () => {
    // fewer than five follow each other, after more answers that are none; at most 40 % of any forty
    const failures = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 60 });
    fc.assert(
      fc.property(failures, fc.integer({ min: 1, max: 4 }), (lengths, perSlot) => {
        const outcomes = lengths.flatMap((length) => [
          ...Array<boolean>(length + 3).fill(false),
          ...Array<boolean>(length).fill(true),
        ]);
        const canary = outcomes.map((fails, n) => ({
          ...{ at: Math.floor(n / perSlot), arm: 'canary' as const, takes: 1, fails },
        }));
        const slots = Math.ceil(outcomes.length / perSlot) + 20;
        const trips = play([...canary, ...steady({ stable: 5, canary: 0 }, [0, slots])], slots + 50);
        expect(trips).toEqual([]);
      }),
    );
  });

  test('a service that fails alike in both arms is the environment, whatever the pattern', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 10, maxLength: 60 }), (pattern) => {
        const alike = steady({ stable: 1, canary: 1 }, [0, pattern.length], (_, at) => ({
          fails: pattern[at] === true,
        }));
        expect(play(alike, pattern.length + 2).filter(({ isEnvironment }) => !isEnvironment)).toEqual([]);
      }),
    );
    const outage = steady({ stable: 1, canary: 1 }, [0, 20], () => ({ fails: true }));
    expect(play(outage, 20)[0]).toMatchObject({ isEnvironment: true, kind: 'in-a-row' });
  });

  test('a service as slow as it likes, in both arms alike, is no hang; nor is one that streams for ever', () => {
    const takes = fc.option(fc.integer({ min: 0, max: 200 }), { nil: undefined });
    fc.assert(
      fc.property(fc.array(takes, { minLength: 1, maxLength: 5 }), (times) => {
        const alike = steady({ stable: 10, canary: 5 }, [0, 100], (_, __, n) => ({ takes: times[n % times.length] }));
        expect(play(alike, 150)).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  test('an access log that dies, at any time and for any time, trips nothing', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.integer({ min: 1, max: 100 }), fc.boolean(), (from, length, isLate) => {
        const dead = steady({ stable: 10, canary: 5 }, [0, 120], (_, at) => {
          const isGone = at + 1 >= from && at + 1 < from + length;
          if (!isGone) return {};
          return { takes: isLate ? from + length - at : undefined };
        });
        expect(play(dead, 140)).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  test('nor does it where stable has few requests, and none in some of the slots', () => {
    const few = fc.array(fc.nat(2), { minLength: 120, maxLength: 120 });
    fc.assert(
      fc.property(few, fc.nat(100), fc.integer({ min: 20, max: 100 }), (stable, from, length) => {
        const isGone = (at: number) => at >= from && at < from + length;
        const mostly = stable.flatMap((drawn, at) => {
          const takes = isGone(at) ? { takes: undefined } : {};
          return steady({ stable: at % 3 === 0 ? Math.max(1, drawn) : drawn, canary: 5 }, [at, at + 1], () => takes);
        });
        expect(play(mostly, 130)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  test('log entries that are lost in both arms alike trip nothing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 20 }), (each) => {
        const lost = steady({ stable: 20, canary: 20 }, [0, 80], (_, at, n) =>
          (at * 20 + n) % each === 0 ? { takes: undefined } : {},
        );
        expect(play(lost, 80)).toEqual([]);
      }),
      { numRuns: 19 },
    );
  });

  test('entries whose time is of another clock, or not said, trip nothing: not by an hour, not by anything', () => {
    const shift = fc.oneof(fc.constantFrom(-18_000, 18_000), fc.integer({ min: -100, max: 100 }));
    fc.assert(
      fc.property(shift, fc.nat(60), fc.boolean(), (by, from, isSaid) => {
        const jumped = steady({ stable: 10, canary: 5 }, [0, 100], (_, at) =>
          at < from ? {} : { saysAt: isSaid ? at + by : undefined },
        );
        expect(play(jumped, 110)).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  test('what a rule forced counts for nothing, failing or hanging', () => {
    const forced = steady(BUSY, [0, 100], (arm, _, n) =>
      arm === 'canary' ? { forced: true, ...(n === 0 ? { fails: true } : { takes: undefined }) } : {},
    );
    expect(play(forced, 100)).toEqual([]);
  });

  test('failures of before the weight changed are not added to those after', () => {
    const failing = steady({ stable: 5, canary: 1 }, [0, 8], (arm, at) => ({
      fails: arm === 'canary',
      revision: at < 4 ? 7 : 8,
    }));
    expect(play(failing, 20)).toEqual([]);
  });

  test('a hang without traffic of stable is left to timeouts, which are failures', () => {
    expect(
      play(
        steady({ stable: 0, canary: 5 }, [0, 60], () => ({ takes: undefined })),
        60,
      ),
    ).toEqual([]);
    const timedOut = steady({ stable: 0, canary: 5 }, [0, 60], () => ({ takes: 50, fails: true }));
    expect(play(timedOut, 60)[0]).toMatchObject({ kind: 'in-a-row', slot: 50 });
  });
});
