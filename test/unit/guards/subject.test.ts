import { describe, expect, test } from 'vitest';
import type { GuardMetric, Threshold } from '../../../src/guards/spec.ts';
import { type Shadows, subjectOf } from '../../../src/guards/subject.ts';

const WEIGHTS = [0, 1, 500, 9499, 9500, 9999, 10_000];
const SHADOW: Shadows = { candidateShadow: 'candidate' };
const BACK: Shadows = { ...SHADOW, mirrorBackShadow: 'back' };
const NO_SHADOW: Shadows = { candidateShadow: undefined };

const MAX: Threshold = { kind: 'max', value: 1 };
const VERSUS: Threshold = { kind: 'above-stable', relative: 0.1 };
const ERRORS: GuardMetric = { metric: 'error-rate' };
const AGREEMENT: GuardMetric = { metric: 'pair.agreement', field: 'label', net: false };
const CLICKS: GuardMetric = { metric: 'outcome', outcome: 'click', of: 'ratio', attributionMs: 0 };

function along(what: GuardMetric, threshold: Threshold, shadows: Shadows): string {
  return WEIGHTS.map((weightBp) => subjectOf({ what, threshold, scope: {} }, weightBp, shadows).subject).join(' ');
}

describe('along the weights 0, 0.01 %, 5 %, 94.99 %, 95 %, 99.99 %, 100 %', () => {
  test('a comparison is of pairs, then of the canary arm, then of pairs mirrored back', () => {
    expect(along(ERRORS, VERSUS, BACK)).toBe('pairs canary canary canary pairs pairs pairs');
  });

  test('without mirror-back it ends where nobody is left on stable', () => {
    expect(along(ERRORS, VERSUS, NO_SHADOW)).toBe('none canary canary canary canary canary none');
  });

  test('a limit is always of what answers users', () => {
    expect(along(ERRORS, MAX, NO_SHADOW)).toBe('users users users users users users users');
  });

  test('a guard on pairs has them wherever one of them is made', () => {
    expect(along(AGREEMENT, MAX, BACK)).toBe('pairs pairs pairs pairs pairs pairs pairs');
    expect(along(AGREEMENT, MAX, SHADOW)).toBe('pairs pairs pairs pairs pairs pairs none');
    expect(along(AGREEMENT, MAX, { candidateShadow: undefined, twinShadow: 'twin' })).toBe(
      'none pairs pairs pairs pairs pairs pairs',
    );
    expect(along(AGREEMENT, MAX, NO_SHADOW)).toBe('none none none none none none none');
  });

  test('outcomes and the split of units need both arms', () => {
    expect(along(CLICKS, VERSUS, BACK)).toBe('none canary canary canary canary canary none');
    expect(along({ metric: 'srm' }, MAX, BACK)).toBe('none canary canary canary canary canary none');
  });

  test('no-data looks at the shadow first, then at canary', () => {
    expect(along({ metric: 'no-data' }, MAX, SHADOW)).toBe('pairs canary canary canary canary canary canary');
  });
});

test('where there is no subject it is said why', () => {
  const why = (weightBp: number, shadows: Shadows) =>
    subjectOf({ what: AGREEMENT, threshold: MAX, scope: {} }, weightBp, shadows).why;
  expect(why(0, { candidateShadow: undefined, canaryVersion: '2.0.0' })).toBe('at weight 0: no shadow runs 2.0.0');
  expect(why(10_000, SHADOW)).toMatch(
    /^at weight 100 %: no shadow of stable's users runs the canary's version, and nothing is/,
  );
});

test('what is not counted by segment cannot have a scope, and segments do not cross', () => {
  const of = (what: GuardMetric, scope: Record<string, string[]>) =>
    subjectOf({ what, threshold: MAX, scope }, 500, SHADOW);
  expect(of(CLICKS, { country: ['NZ'] })).toEqual({ subject: 'none', why: 'outcome is not counted by segment' });
  expect(of(ERRORS, { country: ['NZ'], tier: ['gold'] }).why).toContain('2 segments (country, tier)');
  expect(of(ERRORS, { country: ['NZ'] }).subject).toBe('users');
});
