import { ProxyTracerProvider } from '@opentelemetry/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createObserveRoom } from '../../../src/accesslog/observe-room.ts';
import type { Cell } from '../../../src/evidence/sums.ts';
import { rollout } from '../routing/rollout.ts';
import { productionEntry, shadowEntry } from './entry.ts';

const snapshot = (revision: number) => ({ revision, unitKey: '', rollouts: [rollout()] });

const settings = { redact: { paths: [], headers: [], patterns: [] }, recording: undefined };

function createRoom(first = 7, nowMs = () => 0) {
  const tracer = new ProxyTracerProvider().getTracer('test');
  const ports = { nowMs, wallMs: () => 1_700_000_000_000, random: () => 0.5, tracer, settings };
  return createObserveRoom(snapshot(first), ports);
}

test('two log entries of one request become one pair without any body', () => {
  const room = createRoom();
  room.observe('shadow', shadowEntry());
  room.observe('production', productionEntry({ headers: { 'x-understudy-shadow-3': '' } }));
  const { pairs, counters } = room.report();
  expect(pairs).toHaveLength(1);
  expect(pairs[0]).toMatchObject({ shadow: 'candidate', difference: { sameStatus: true, body: 'same' } });
  expect(JSON.stringify(pairs)).not.toContain(Buffer.from('{"a":1}').toString('base64'));
  expect(JSON.stringify(pairs)).not.toContain('bytes');
  expect(counters).toEqual({ 'accesslog.shadow': 1, 'accesslog.production': 1, 'pairing.pairs': 1 });
});

test('a report says which clusters delivered since the last one, on either side', () => {
  const room = createRoom();
  room.observe('shadow', shadowEntry());
  room.observe('production', productionEntry());
  expect([...room.report().delivered].sort()).toEqual([
    ['ranker-v1', 1_700_000_000_000],
    ['ranker-v2-shadow', 1_700_000_000_000],
  ]);
  expect(room.report().delivered.size).toBe(0);
});

test('a report holds only what came since the last one; a block holds what came in its ten seconds', () => {
  let nowMs = 0;
  const room = createRoom(7, () => nowMs);
  room.observe('shadow', shadowEntry());
  room.observe('production', productionEntry());
  expect(room.report()).toMatchObject({ closed: [], open: undefined });
  nowMs = 1_000;
  expect(pairsIn(room.report().open)).toBe(1);
  nowMs = 10_000;
  const { pairs, counters, closed, open } = room.report();
  expect({ pairs, counters, open }).toEqual({ pairs: [], counters: {}, open: [] });
  expect(closed).toMatchObject([{ startMs: 1_700_000_000_000, durationMs: 10_000 }]);
  expect(pairsIn(closed[0]?.cells)).toBe(1);
  nowMs = 20_000;
  expect(room.report().closed).toMatchObject([{ cells: [], id: { sequence: 1 } }]);
});

test('what is summed when the room stops is in its last report', async () => {
  const room = createRoom();
  room.observe('shadow', shadowEntry());
  room.observe('production', productionEntry());
  await room.stop(0);
  expect(pairsIn(room.report().closed[0]?.cells)).toBe(1);
});

/** In the cell of all traffic. */
function pairsIn(cells: readonly Cell[] = []): number | undefined {
  const cell = cells.find(({ key }) => key.segment === '' && key.shadow !== '');
  return cell && 'pair' in cell ? cell.pair.pairs : undefined;
}

test('an entry decided by a snapshot that is no longer kept is counted, never guessed', () => {
  const room = createRoom(1);
  for (let revision = 2; revision <= 17; revision++) room.use(snapshot(revision));
  const decision = (revision: number) =>
    productionEntry({
      decision: { rollout: 'ranker', release: 'r', revision, weightBp: 0, reason: 'hash', segments: {}, unit: '' },
    });
  room.observe('production', decision(1));
  room.observe('production', decision(18));
  expect(room.report().counters).toMatchObject({ 'accesslog.rejected.unknown-revision': 2 });
  room.observe('production', decision(2));
  expect(room.report().counters).toEqual({ 'accesslog.production': 1 });
});

test('an answer that Envoy delivered from another cluster than decided is counted as misrouted', () => {
  const room = createRoom();
  room.observe('shadow', shadowEntry());
  room.observe(
    'production',
    productionEntry({ headers: { 'x-understudy-arm': 'canary', 'x-understudy-shadow-3': '' } }),
  );
  expect(room.report().counters).toMatchObject({ 'pairing.misrouted': 1 });
});

test('a body longer than its copy is counted as truncated', () => {
  const room = createRoom();
  room.observe('production', productionEntry({ captured: { response_body: 'eA==', response_bytes: 2 } }));
  expect(room.report().counters).toMatchObject({ 'accesslog.truncated': 1 });
});

test('a body that cannot be read is counted by its reason, and its exchange still makes a pair', () => {
  const room = createRoom();
  const alone = { 'x-understudy-shadow-3': '' };
  const body = (text: string, encoding: string) => ({
    response_body: text,
    response_bytes: 1,
    response_encoding: encoding,
    response_type: 'application/json',
  });
  room.observe('production', productionEntry({ headers: alone, captured: body('eA==', '') }));
  room.observe('shadow', shadowEntry(1, { captured: body('eA==', 'gzip') }));
  expect(room.report()).toMatchObject({
    counters: { 'accesslog.undecodable': 1, 'pairing.pairs': 1, 'pairing.not-json': 1 },
    pairs: [{ difference: { body: 'different' } }],
  });
  for (const [text, encoding] of [
    ['!!!!', ''],
    ['eA==', 'snappy'],
  ] as const) {
    room.observe('production', productionEntry({ captured: body(text, encoding) }));
  }
  expect(room.report().counters).toMatchObject({ 'accesslog.bad-capture': 1, 'accesslog.encoded': 1 });
});

test('an entry that cannot even be read is counted and costs no other entry', () => {
  const room = createRoom();
  // @ts-expect-error what a decoder would never give
  room.observe('production', null);
  room.observe('shadow', shadowEntry());
  expect(room.report().counters).toEqual({ 'accesslog.failed': 1, 'accesslog.shadow': 1 });
});

/** Every word that an entry may be counted by. */
const COUNTED =
  /^(accesslog\.(production|shadow|failed|truncated|encoded|undecodable|too-large|bad-capture|rejected\.(no-id|no-decision|no-role|unknown-log|unknown-revision))|pairing\.(pairs|not-json|misrouted|duplicate|unexpected|late))$/;

test('whatever an entry holds, it is counted by a known reason, fails nobody, and is never agreement', () => {
  const odd = fc.oneof(
    fc.anything({ maxDepth: 2 }),
    fc.constantFrom('', '====', '////', 'gzip', 'br, gzip', 'zstd', -1, 1e300, Number.NaN, null, undefined),
    fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64')),
  );
  const captured = fc.dictionary(
    fc.constantFrom(
      'response_body',
      'response_tail',
      'response_bytes',
      'response_encoding',
      'response_type',
      '__proto__',
    ),
    odd,
  );
  const decision = fc.dictionary(
    fc.constantFrom('rollout', 'release', 'revision', 'weightBp', 'reason', 'segments', 'unit'),
    odd,
  );
  const headers = fc.dictionary(
    fc.constantFrom('x-understudy-id', 'x-understudy-arm', 'x-understudy-role', 'x-understudy-shadow-1', 'traceparent'),
    fc.string({ unit: 'binary' }),
  );
  const number = fc.oneof(fc.double(), fc.integer());
  const duration = fc.option(fc.record({ seconds: number, nanos: number }), { nil: undefined });
  const entry = fc.record({
    log: fc.constantFrom('production', 'shadow', 'other', ''),
    captured,
    decision: fc.option(decision, { nil: undefined }),
    headers: fc.option(headers, { nil: undefined }),
    sent: duration,
    received: duration,
    start: number,
    status: number,
    missing: fc.subarray(['request', 'response', 'commonProperties'] as const),
  });
  fc.assert(
    fc.property(entry, (odd) => {
      const room = createRoom();
      const logged =
        odd.log === 'shadow' ? shadowEntry() : productionEntry({ headers: { 'x-understudy-shadow-3': '' } });
      const common = logged.commonProperties;
      const metadata = common?.metadata?.filterMetadata;
      if (common === undefined || metadata === undefined || logged.request === undefined) throw new Error('an entry');
      metadata.understudy = odd.captured;
      if (odd.decision !== undefined) metadata['understudy.decision'] = odd.decision;
      Object.assign(logged.request.requestHeaders, odd.headers);
      Object.assign(common, {
        timeToFirstUpstreamTxByte: odd.sent,
        timeToLastUpstreamRxByte: odd.received,
        startTime: new Date(odd.start),
      });
      if (logged.response !== undefined) logged.response.responseCode = odd.status;
      for (const part of odd.missing) delete logged[part];
      room.observe(odd.log, logged);
      room.observe('production', productionEntry({ headers: { 'x-understudy-shadow-3': '' } }));
      room.observe('shadow', shadowEntry());
      const { counters, pairs } = room.report();
      for (const name of Object.keys(counters)) expect(name).toMatch(COUNTED);
      const entries = [
        'accesslog.production',
        'accesslog.shadow',
        'accesslog.failed',
        ...Object.keys(counters).filter(
          (name) => name.startsWith('accesslog.rejected') && !name.endsWith('unknown-revision'),
        ),
      ];
      expect(entries.reduce((sum, name) => sum + (counters[name] ?? 0), 0)).toBe(3);
      // one of the two sides of such a pair is the odd entry
      const isOdd = counters['pairing.duplicate'] === 1 && odd.log !== 'other';
      if (isOdd) for (const { difference } of pairs) expect(difference.body).not.toBe('same');
      for (const { reference, candidate } of pairs) {
        for (const { latencyMs = 0 } of [reference, candidate]) expect(latencyMs).toBeGreaterThanOrEqual(0);
      }
    }),
    { numRuns: 10_000 },
  );
});

test('what is given up counts against the rollout whose it is: by its decision, or by where its copy went', () => {
  let nowMs = 0;
  const room = createRoom(7, () => nowMs);
  room.observe('production', productionEntry());
  room.observe('shadow', { ...shadowEntry(), ...withId('00010203040506070000000000000002') });
  nowMs = 60_000;
  const [block] = room.report().closed;
  // two copies of production never came, and production of one copy
  expect(block?.seen).toMatchObject([{ rollout: 'ranker', matched: 0, unmatched: 3 }]);
});

test('what a snapshot that is no longer kept decided counts as unmatched: a slow pair does not vanish', () => {
  let nowMs = 0;
  const room = createRoom(7, () => nowMs);
  room.observe('production', productionEntry({ headers: { 'x-understudy-shadow-3': '' } }));
  for (let revision = 8; revision <= 23; revision++) room.use(snapshot(revision));
  room.observe('shadow', shadowEntry());
  room.observe('production', { ...productionEntry(), ...withId('00010203040506070000000000000002') });
  nowMs = 10_000;
  const { counters, closed } = room.report();
  expect(counters).toMatchObject({ 'accesslog.rejected.unknown-revision': 2 });
  expect(closed[0]?.seen).toMatchObject([{ rollout: 'ranker', release: '2.0.0-00000000', matched: 0, unmatched: 2 }]);
});

test('what guards ask is counted from when they are taken, with the cluster that delivered', async () => {
  const ask = { ranker: { latencyMs: [1_000], featureFetchMs: [], units: true } };
  const room = createRoom();
  room.useSettings({ ...settings, guarded: ask });
  room.observe('production', productionEntry({ headers: { 'x-understudy-arm': 'canary' } }));
  await room.stop(0);
  const [block] = room.report().closed;
  expect(block?.id).toEqual({ sidecar: '', thread: '', sequence: 0 });
  expect(block?.seen).toMatchObject([{ decisions: 1, elsewhere: 1, units: [{ arm: 'canary', weightBp: 500 }] }]);
  const [cell] = block?.cells ?? [];
  expect(cell && 'arm' in cell && [...cell.arm.latency.over]).toEqual([[1_000, 1]]);
});

function withId(id: string): Pick<ReturnType<typeof shadowEntry>, 'request'> {
  const { request } = shadowEntry();
  return { request: request && { ...request, requestHeaders: { ...request.requestHeaders, 'x-understudy-id': id } } };
}
