import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMirrorLimit } from '../../../src/extproc/mirror-limit.ts';
import { type Decision, decide } from '../../../src/routing/decide.ts';
import type { Shadow, Snapshot } from '../../../src/routing/snapshot.ts';
import { compiled, facts, rollout, shadowOf } from '../routing/rollout.ts';

const candidate = (maxPerSecond?: number) => shadowOf('candidate', 'v2-shadow', '2.0.0', { maxPerSecond });
const twin = (maxPerSecond?: number) => shadowOf('twin', 'v1-shadow', '1.8.0', { maxPerSecond });

function decision(...shadows: Shadow[]): Decision {
  const decided = decide(compiled({ shadows }), facts({ 'x-user-id': 'alice' }));
  if (decided === undefined) throw new Error('no decision');
  return decided;
}

const snapshot = (...shadows: Shadow[]): Snapshot => ({ revision: 8, unitKey: '', rollouts: [rollout({ shadows })] });
const mirrored = ({ mirrors }: Decision) => mirrors.map(({ shadow }) => shadow.name);
const skipped = ({ skipped }: Decision) => skipped.map(({ shadow, reason }) => `${shadow.name} ${reason}`);

/** How many of `requests` at `nowMs` were copied to the first shadow. */
function copies(limit: ReturnType<typeof createMirrorLimit>, of: Decision, requests: number, nowMs: number): number {
  return Array.from({ length: requests }, () => limit.apply(of, nowMs)).filter(({ mirrors }) => mirrors.length > 0)
    .length;
}

test('a shadow without a limit gets every copy, and the decision is left as it was', () => {
  const limit = createMirrorLimit(1);
  const unlimited = decision(candidate(), twin());
  for (let i = 0; i < 100; i++) expect(limit.apply(unlimited, 0)).toBe(unlimited);
});

test('copies over the limit are skipped as rate-limited, and the other shadows still get theirs, in their own slots', () => {
  const limit = createMirrorLimit(1);
  const limited = decision(candidate(1), twin());
  expect(mirrored(limit.apply(limited, 0))).toEqual(['candidate', 'twin']);
  const over = limit.apply(limited, 0);
  expect([mirrored(over), skipped(over)]).toEqual([['twin'], ['candidate rate-limited']]);
  expect(over.mirrors[0]?.slot).toBe(2);
  expect({ ...over, mirrors: [], skipped: [] }).toEqual({ ...limited, mirrors: [], skipped: [] });
});

test('what was skipped for another reason stays skipped for it and uses nothing up', () => {
  const limit = createMirrorLimit(1);
  const post = decide(
    compiled({ shadows: [{ ...candidate(1), methods: ['POST'] }, twin(1)] }),
    facts({ 'x-user-id': 'alice' }),
  );
  if (post === undefined) throw new Error('no decision');
  limit.apply(post, 0);
  expect(skipped(limit.apply(post, 0))).toEqual(['candidate method', 'twin rate-limited']);
  expect(mirrored(limit.apply(decision(candidate(1)), 0))).toEqual(['candidate']);
});

describe('a second brings', () => {
  test('as many copies as the limit, at once or one by one', () => {
    const limit = createMirrorLimit(1);
    const limited = decision(candidate(10));
    expect(copies(limit, limited, 50, 0)).toBe(10);
    expect(copies(limit, limited, 50, 100)).toBe(1);
    expect(copies(limit, limited, 50, 1_100)).toBe(10);
    expect(copies(limit, limited, 50, 60_000)).toBe(10);
  });

  test('each of four threads a quarter of it', () => {
    const limit = createMirrorLimit(4);
    expect(copies(limit, decision(candidate(10)), 50, 0)).toBe(2);
    // the half that was left, and a half for 200 ms at 2.5 a second
    expect(copies(limit, decision(candidate(10)), 50, 200)).toBe(1);
    expect(copies(limit, decision(candidate(10)), 50, 60_000)).toBe(2);
  });

  test('a thread whose share is below one a copy every few seconds', () => {
    const limit = createMirrorLimit(4);
    const made = Array.from({ length: 20 }, (_, second) => copies(limit, decision(candidate(1)), 5, second * 1_000));
    expect(made.slice(0, 9)).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
  });

  test('never more than limit x (seconds + 1), whenever requests come', () => {
    const history = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(history, fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 8 }), (gapsMs, max, threads) => {
        const limit = createMirrorLimit(threads);
        const limited = decision(candidate(max));
        let nowMs = 1_000;
        let made = 0;
        for (const gapMs of gapsMs) {
          nowMs += gapMs;
          made += limit.apply(limited, nowMs).mirrors.length;
        }
        const seconds = (nowMs - 1_000) / 1_000;
        expect(made).toBeLessThanOrEqual((max / threads) * seconds + Math.max(1, max / threads) + 1e-6);
        expect(made).toBeGreaterThanOrEqual(1);
      }),
    );
  });
});

describe('a new snapshot', () => {
  test('gives no new copies where other fields changed', () => {
    const limit = createMirrorLimit(1);
    expect(copies(limit, decision(candidate(5)), 9, 0)).toBe(5);
    limit.use(snapshot({ ...candidate(5), sampleBp: 9_000 }));
    expect(copies(limit, decision(candidate(5)), 9, 0)).toBe(0);
  });

  test('takes what a lower limit does not allow, and does not give a higher one in advance', () => {
    const limit = createMirrorLimit(1);
    expect(copies(limit, decision(candidate(100)), 10, 0)).toBe(10);
    expect(copies(limit, decision(candidate(3)), 10, 0)).toBe(3);
    expect(copies(limit, decision(candidate(100)), 10, 0)).toBe(0);
  });

  test('forgets a shadow that vanished, and no other', () => {
    const limit = createMirrorLimit(1);
    const both = decision(candidate(1), twin(1));
    limit.apply(both, 0);
    limit.use(snapshot(twin(1)));
    expect(skipped(limit.apply(both, 0))).toEqual(['twin rate-limited']);
  });
});
