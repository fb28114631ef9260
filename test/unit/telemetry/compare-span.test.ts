import {
  type Attributes,
  type Span,
  type SpanContext,
  type SpanOptions,
  TraceFlags,
  type Tracer,
} from '@opentelemetry/api';
import { expect, test } from 'vitest';
import type { Pair } from '../../../src/pairing/pair.ts';
import { emitCompareSpan } from '../../../src/telemetry/compare-span.ts';
import { elementOf, fieldOf, pairOf, sideOf } from '../recording/pair-of.ts';

const sampled: SpanContext = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: TraceFlags.SAMPLED,
};

/** Undefined: no span was made. */
function attributesOf(pair: Pair, production: SpanContext | undefined = sampled): Attributes | undefined {
  let seen: Attributes | undefined;
  const startSpan = (_name: string, options: SpanOptions = {}) => {
    seen = options.attributes;
    return { end() {} } as Span;
  };
  emitCompareSpan({ startSpan } as Tracer, pair, production, undefined, 0);
  return seen;
}

function withFields(...fields: Pair['difference']['fields']) {
  return attributesOf(pairOf(1, {}, fields));
}

test('a span says whether every field agrees, and how far each is apart', () => {
  expect(
    withFields(
      fieldOf('delay', [elementOf(10, 12.5)]),
      fieldOf('items', [elementOf([], [], { agree: true, measures: { overlap: 0.9, tau: 0.5 } })], { kind: 'ranking' }),
    ),
  ).toMatchObject({
    'understudy.agree': false,
    'understudy.field.delay.agree': false,
    'understudy.field.delay.difference': 2.5,
    'understudy.field.items.agree': true,
    'understudy.field.items.overlap': 0.9,
    'understudy.field.items.tau': 0.5,
  });
});

test('without a field that was compared nothing is said to agree', () => {
  const kept = fieldOf('delay', [elementOf(undefined, 1)], { compared: false, agree: false });
  for (const attributes of [withFields(), withFields(kept)]) {
    expect(Object.keys(attributes ?? {}).filter((name) => /agree$|field/.test(name))).toEqual([]);
  }
});

test('of a batch the first element that does not agree is measured, and all are counted', () => {
  const elements = [elementOf(1, 1), elementOf(1, 4), elementOf(1, 9)];
  expect(withFields(fieldOf('delay', elements, { cut: 7 }))).toMatchObject({
    'understudy.field.delay.difference': 3,
    'understudy.field.delay.elements': 10,
    'understudy.field.delay.agreeing_elements': 1,
  });
  expect(withFields(fieldOf('delay', [elementOf(1, 1)]))).not.toHaveProperty(['understudy.field.delay.elements']);
});

test('a missing prediction is there with its side and its reason', () => {
  const missing = { reference: undefined, candidate: 'wrong-type' } as const;
  const attributes = withFields(fieldOf('delay', [elementOf(1, undefined, { agree: false, missing, measures: {} })]));
  expect(attributes).toMatchObject({
    'understudy.field.delay.candidate_missing': 'wrong-type',
    'understudy.agree': false,
  });
  expect(attributes).not.toHaveProperty(['understudy.field.delay.reference_missing']);
});

test('what went wrong on either side is named by its kind, and what the two requests did not have in common', () => {
  const { difference } = pairOf(1);
  expect(
    attributesOf(
      pairOf(1, {
        candidate: sideOf({ status: 504, error: 'timeout', latencyMs: undefined, featureFetchMs: 7 }),
        unequal: ['path', 'encoding'],
        difference: { ...difference, refusedAlike: true },
      }),
    ),
  ).toMatchObject({
    'understudy.candidate.error': 'timeout',
    'understudy.candidate.feature_fetch_ms': 7,
    'understudy.unequal': ['path', 'encoding'],
    'understudy.refused_alike': true,
  });
});

test('nothing that was captured is in a span, nor the unit, nor a segment, nor both numbers at once', () => {
  const secret = 'captured-secret';
  const values = {
    measures: { difference: 2.5, ratio: 1.25, 'reference-diversity': 0.123 },
    amount: 40_407,
    key: secret,
  };
  const pair = pairOf(
    1,
    {
      segments: { [`${secret}-name`]: secret },
      unit: secret,
      id: secret,
      reference: sideOf({ details: secret, cluster: secret }),
    },
    [
      fieldOf('delay', [elementOf(30_303, 20_202, values)]),
      fieldOf('label', [elementOf(secret, `${secret}-2`, { key: secret })], { kind: 'class' }),
      fieldOf('list', [elementOf([{ item: secret, categories: [] }], [secret])], { kind: 'ranking' }),
    ],
  );
  const text = JSON.stringify(attributesOf(pair));
  expect(text).toContain('2.5');
  for (const held of [secret, '30303', '20202', '40407', '1.25', '0.123']) expect(text).not.toContain(held);
});

test('a span holds at most 32 fields, and whether they agree before anything else of them', () => {
  const fields = Array.from({ length: 40 }, (_, n) => fieldOf(`f${n}`, [elementOf(n, n), elementOf(n, n + 1)]));
  const names = Object.keys(withFields(...fields) ?? {});
  expect(names.filter((name) => /^understudy\.field\.f\d+\.agree$/.test(name))).toHaveLength(32);
  expect(names.findLastIndex((name) => name.endsWith('.agree'))).toBeLessThan(64);
  expect(names.length).toBeLessThan(32 * 4 + 32);
});

test('without a sampled trace of production there is no span', () => {
  expect(attributesOf(pairOf(1), { ...sampled, traceFlags: TraceFlags.NONE })).toBeUndefined();
});
