import { describe, expect, test } from 'vitest';
import { grouped, printed, printedEvidence, printedMs, roughly, unitOf } from '../../../src/guards/numbers.ts';
import { sentenceOf, type Told } from '../../../src/guards/sentence.ts';
import type { GuardSpec } from '../../../src/guards/spec.ts';
import { thresholdOf } from '../../../src/guards/threshold.ts';
import { guardOf } from './stage.ts';

function told(spec: GuardSpec, changes: Partial<Told>): string {
  return sentenceOf(spec, {
    status: 'hold',
    reason: 'unproven',
    value: undefined,
    lower: undefined,
    upper: undefined,
    threshold: thresholdOf(spec),
    n: 0,
    eValue: undefined,
    needs: undefined,
    subject: 'users',
    broken: undefined,
    brokenMs: 0,
    silentMs: 0,
    unit: unitOf(spec),
    ...changes,
  });
}

const P95 = guardOf({
  what: { metric: 'latency', quantile: 0.95 },
  threshold: { kind: 'max', value: 50 },
  forMs: 900_000,
  evidence: 'e-value',
});
const AGREEMENT = guardOf({
  what: { metric: 'pair.agreement', field: 'label', net: false },
  threshold: { kind: 'min', value: 0.98 },
  evidence: 'e-value',
});
const VERSUS = guardOf({ threshold: { kind: 'above-stable', points: 0.001 }, evidence: 'e-value' });

describe('a sentence', () => {
  test('of a limit that failed', () => {
    const changes = {
      status: 'fail',
      reason: 'proven',
      value: 61.2,
      n: 84_120,
      eValue: 412.6,
      brokenMs: 900_000,
    } as const;
    expect(told(P95, changes)).toBe('p95 61.2 ms > 50 ms for 15 min, n = 84,120, e = 412');
  });

  test('of agreement that cannot be told yet', () => {
    const needs = { n: 1849, ms: 840_000 };
    const changes = { value: 0.976, lower: 0.971, upper: 0.985, n: 600, needs, subject: 'pairs' } as const;
    expect(told(AGREEMENT, changes)).toBe(
      'agreement of label 97.6 % (at least 97.1 %) < 98 %, n = 600, about 1,900 more pairs, 14 min',
    );
  });

  test('never shows the end of an interval that would seem to say otherwise than its status', () => {
    const pairs = { n: 600, subject: 'pairs' } as const;
    const proven = { ...pairs, status: 'fail', reason: 'proven', value: 0.2, lower: 0.1 } as const;
    expect(told(AGREEMENT, { ...proven, upper: 0.5 })).toBe('agreement of label 20 % (at most 50 %) < 98 %, n = 600');
    expect(told(AGREEMENT, { ...proven, upper: 0.99 })).toBe('agreement of label 20 % < 98 %, n = 600');
    const passed = { ...pairs, status: 'pass', reason: 'within', value: 0.99, upper: 1 } as const;
    expect(told(AGREEMENT, { ...passed, lower: 0.985 })).toContain('99 % (at least 98.5 %) >= 98 %');
    expect(told(AGREEMENT, { ...passed, lower: 0.9 })).toBe('agreement of label 99 % >= 98 %, n = 600');
  });

  test('of a comparison with stable', () => {
    const changes = {
      status: 'fail',
      reason: 'proven',
      value: 0.0023,
      lower: 0.0012,
      upper: 0.0035,
      n: 6000,
      eValue: 167.2,
    } as const;
    expect(told(VERSUS, changes)).toBe(
      'errors against stable +0.23 points (at least +0.12 points) > +0.1 points, n = 6,000, e = 167',
    );
    expect(
      told(VERSUS, { status: 'pass', reason: 'within', value: -0.0001, upper: 0.0004, n: 6000, eValue: 0.42 }),
    ).toBe('errors against stable -0.01 points (at most +0.04 points) <= +0.1 points, n = 6,000, e = 0.42');
  });

  test('of a drop', () => {
    const ctr = guardOf({
      what: { metric: 'outcome', outcome: 'click', of: 'ratio', attributionMs: 0 },
      threshold: { kind: 'below-stable', relative: 0.02 },
      evidence: 'e-value',
    });
    expect(told(ctr, { status: 'fail', reason: 'proven', value: 0.031, lower: 0.022, n: 12_000, eValue: 1e9 })).toBe(
      'drop of click against stable 3.1 % (at least 2.2 %) > 2 %, n = 12,000, e = more than a million',
    );
  });

  test('of a limit that is being broken', () => {
    const limit = guardOf({ forMs: 900_000 });
    const changes = { reason: 'pending', value: 0.123, broken: true, n: 500, brokenMs: 180_000 } as const;
    expect(told(limit, changes)).toBe('errors 12.3 % > 10 % for 3 min of 15 min, n = 500');
  });

  test('of a limit that holds, of which only the counter knows on which side it is', () => {
    expect(told(P95, { status: 'pass', reason: 'within', value: 50, broken: true, n: 10 })).toContain('50 ms > 50 ms');
    expect(told(P95, { status: 'pass', reason: 'within', value: 50.1, broken: false, n: 10 })).toContain(
      '50.1 ms <= 50 ms',
    );
  });

  test('of silence', () => {
    const guard = guardOf({ what: { metric: 'no-data' } });
    const changes = { status: 'no-data', reason: 'silent', silentMs: 300_000, subject: 'canary' } as const;
    expect(told(guard, changes)).toBe('no traffic on canary for 5 min');
    expect(told(guard, { ...changes, status: 'hold', silentMs: 20_000 })).toBe(
      'no traffic on canary for 20 s of 5 min',
    );
  });

  test('of too few', () => {
    expect(told(guardOf({ minN: 3000, windowMs: 300_000 }), { reason: 'too-few', n: 1250 })).toBe(
      'requests in 5 min: 1,250, at least 3,000 are needed',
    );
  });

  test('of nothing', () => {
    expect(told(AGREEMENT, {})).toBe('nothing to tell by yet');
  });
});

test.each([
  [0.9995, 'share', '99.95 %'],
  [0.9764, 'share', '97.6 %'],
  [1, 'share', '100 %'],
  [0, 'share', '0 %'],
  [0.00123, 'share', '0.123 %'],
  [0.9999999999, 'share', '100 %'],
  [1234.5, 'ms', '1,235 ms'],
  [-0.1, 'relative', '-10 %'],
  [0.07, '', '0.07'],
] as const)('%d (%s) is printed as %s', (value, unit, text) => {
  expect(printed(value, unit)).toBe(text);
});

test('counts, evidence and durations are printed as people read them', () => {
  expect([84_120, 999, 1_234_567.5, -1234].map(grouped)).toEqual(['84,120', '999', '1,234,567.5', '-1,234']);
  expect([412.9, 1.444, 0.0312, 2e6, Number.MAX_VALUE].map(printedEvidence)).toEqual([
    '412',
    '1.4',
    '0.031',
    'more than a million',
    'more than a million',
  ]);
  expect([900_000, 5_400_000, 50_000, 172_800_000, 500].map(printedMs)).toEqual([
    '15 min',
    '1.5 h',
    '50 s',
    '2 d',
    '0.5 s',
  ]);
  expect([1849, 42.2, 100, 123_456].map(roughly)).toEqual(['1,900', '43', '100', '130,000']);
});
