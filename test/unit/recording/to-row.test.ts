import { expect, test } from 'vitest';
import type { ProductionExchange } from '../../../src/pairing/exchange.ts';
import type { CapturedBody } from '../../../src/prediction/answer.ts';
import type { PredictionSpec } from '../../../src/prediction/spec.ts';
import { compileRedaction } from '../../../src/recording/redact.ts';
import { exchangeRow, toRow } from '../../../src/recording/to-row.ts';
import { elementOf, fieldOf, pairOf, sideOf } from './pair-of.ts';

const prediction: PredictionSpec = {
  preset: 'json',
  batch: { at: undefined, key: undefined },
  fields: [{ name: 'score', source: { at: '/score' }, compare: { kind: 'number', abs: 0, rel: 0 } }],
  timings: { featureFetch: undefined },
};
const open = compileRedaction({ paths: [], headers: [], patterns: [] });
const closed = compileRedaction({ paths: ['/score'], headers: [], patterns: ['bob'] });

function bodyOf(text: string, unread?: CapturedBody['unread']): CapturedBody {
  return { bytes: Buffer.from(text), json: true, unread };
}

const request = {
  method: 'POST',
  path: '/score?user=bob',
  host: 'models',
  protocol: 'HTTP/1.1',
  bytes: 9,
  contentType: 'application/json',
  contentEncoding: 'gzip',
  body: bodyOf('{"who":1}'),
};

const production: ProductionExchange = {
  role: 'production',
  id: '1'.repeat(32),
  timeMs: 1_700_000_000_000,
  cluster: 'v1',
  details: 'via_upstream',
  span: { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16), traceFlags: 1 },
  request,
  arm: 'stable',
  decision: {
    rollout: 'ranker',
    release: 'r1',
    revision: 3,
    weightBp: 500,
    reason: 'hash',
    segments: { state: 'CO' },
    unit: 'e'.repeat(16),
  },
  userLatencyMs: 14,
  expected: new Map(),
  status: 200,
  grpcStatus: undefined,
  latencyMs: 10,
  headers: {},
  trailers: {},
  body: undefined,
};

test('a pair becomes a row, without bodies unless it is kept', () => {
  const pair = pairOf(7, { userLatencyMs: 12 }, [fieldOf('score', [elementOf(10, 12)])]);
  const parts = { redaction: open, prediction, request: undefined, bodies: undefined };
  const row = toRow(pair, parts);
  const { difference, unequal: _, reference, candidate, ...same } = pair;
  const { details: __, ...recorded } = reference;
  expect(row).toEqual({
    ...same,
    reference: { ...recorded, body: undefined },
    candidate: { ...recorded, version: candidate.version, cluster: candidate.cluster, body: undefined },
    sameStatus: true,
    body: 'same',
    agree: false,
    latencyDifferenceMs: 0,
    fields: JSON.stringify(difference.fields),
    kept: false,
    request: undefined,
  });
  const bodies = { reference: bodyOf('{"a":1}'), candidate: bodyOf('{"a"', 'truncated') };
  expect(toRow(pair, { ...parts, bodies })).toMatchObject({
    kept: true,
    reference: { body: '{"a":1}' },
    candidate: { body: '{"a"' },
  });
});

test('nothing that is redacted is in a row', () => {
  const pair = pairOf(7, {}, [fieldOf('score', [elementOf(10, 12)])]);
  const bodies = { reference: bodyOf('{"score":10,"to":"bob"}'), candidate: bodyOf('{"score":12', 'truncated') };
  const row = toRow(pair, { redaction: closed, prediction, request, bodies });
  expect(row.reference.body).toBe('{"score":"***","to":"***"}');
  expect(row.candidate?.body).toBeUndefined();
  expect(JSON.parse(row.fields)).toEqual(
    [fieldOf('score', [{ ...elementOf(10, 12), agree: false, reference: undefined, candidate: undefined }])].map(
      (field) => JSON.parse(JSON.stringify(field)),
    ),
  );
  expect(row.request).toEqual({
    method: 'POST',
    path: '/score?user=***',
    contentType: 'application/json',
    body: '{"who":1}',
    redacted: true,
  });
});

test('fields that are not compared count for no agreement', () => {
  const field = fieldOf('score', [elementOf(1, 2)], { compared: false });
  expect(
    toRow(pairOf(1, {}, [field]), { redaction: open, prediction, request: undefined, bodies: undefined }).agree,
  ).toBeUndefined();
});

test('a request is recorded only when its body was captured whole and is text', () => {
  const recorded = (changes: Partial<typeof request> | { body: undefined }) =>
    toRow(pairOf(1), { redaction: open, prediction, request: { ...request, ...changes }, bodies: undefined }).request;
  expect(recorded({})).toMatchObject({ body: '{"who":1}', redacted: false });
  expect(recorded({ body: bodyOf('{"w', 'truncated') })).toBeUndefined();
  expect(recorded({ body: undefined })).toBeUndefined();
  expect(recorded({ body: undefined, bytes: 0, method: 'GET' })).toMatchObject({ method: 'GET', body: '' });
  expect(recorded({ body: { ...bodyOf(''), bytes: Buffer.from([0xff]) } })).toBeUndefined();
});

test('an exchange without a shadow becomes a row of its own, with what production predicted', () => {
  const predicted = {
    missing: undefined,
    elements: [{ key: 'k', fields: { score: { value: 10, amount: 3 } } }],
    cut: 2,
    featureFetchMs: undefined,
  };
  const parts = { redaction: open, prediction, request: undefined, side: sideOf() };
  const row = exchangeRow(production, { ...parts, predicted });
  expect(row).toMatchObject({
    id: '1'.repeat(32),
    rollout: 'ranker',
    revision: 3,
    shadow: '',
    referenced: false,
    candidate: undefined,
    agree: undefined,
    userLatencyMs: 14,
    traceId: 'c'.repeat(32),
    segments: { state: 'CO' },
    unit: 'e'.repeat(16),
  });
  expect(JSON.parse(row.fields)).toEqual([
    {
      name: 'score',
      kind: 'number',
      compared: false,
      agree: false,
      elements: [{ key: 'k', agree: false, missing: {}, reference: 10, measures: {}, amount: 3 }],
      cut: 2,
    },
  ]);
  const nothing = { missing: 'not-json' as const, elements: [], cut: 0, featureFetchMs: undefined };
  expect(JSON.parse(exchangeRow(production, { ...parts, predicted: nothing }).fields)[0].elements).toEqual([
    { agree: false, missing: { reference: 'not-json' }, measures: {} },
  ]);
  expect(exchangeRow(production, { ...parts, redaction: closed, predicted }).fields).not.toContain('10');
  expect(exchangeRow(production, { ...parts, predicted: undefined }).fields).toBe('[]');
});
