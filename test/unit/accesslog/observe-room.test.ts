import { ProxyTracerProvider } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { createObserveRoom } from '../../../src/accesslog/observe-room.ts';
import { rollout } from '../routing/rollout.ts';
import { productionEntry, shadowEntry } from './entry.ts';

const snapshot = (revision: number) => ({ revision, unitKey: '', rollouts: [rollout()] });

function createRoom(first = 7) {
  const tracer = new ProxyTracerProvider().getTracer('test');
  return createObserveRoom(snapshot(first), { nowMs: () => 0, tracer });
}

test('two log entries of one request become one pair without any body', () => {
  const room = createRoom();
  room.observe('shadow', shadowEntry());
  room.observe('production', productionEntry({ headers: { 'x-understudy-shadow-3': '' } }));
  const { pairs, counters, tallies } = room.report();
  expect(pairs).toHaveLength(1);
  expect(pairs[0]).toMatchObject({ shadow: 'candidate', difference: { sameStatus: true, body: 'same' } });
  expect(JSON.stringify(pairs)).not.toContain(Buffer.from('{"a":1}').toString('base64'));
  expect(JSON.stringify(pairs)).not.toContain('bytes');
  expect(counters).toEqual({ 'accesslog.shadow': 1, 'accesslog.production': 1, 'pairing.pairs': 1 });
  expect(tallies[0]).toMatchObject({ pairs: 1, sameStatus: 1, sameBody: 1, bodiesCompared: 1 });
});

test('a report holds only what came since the last one, but tallies are sums', () => {
  const room = createRoom();
  room.observe('shadow', shadowEntry());
  room.observe('production', productionEntry());
  room.report();
  expect(room.report()).toMatchObject({ pairs: [], counters: {}, tallies: [{ pairs: 1 }] });
});

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

test('an entry that cannot even be read is counted and costs no other entry', () => {
  const room = createRoom();
  // @ts-expect-error what a decoder would never give
  room.observe('production', null);
  room.observe('shadow', shadowEntry());
  expect(room.report().counters).toEqual({ 'accesslog.failed': 1, 'accesslog.shadow': 1 });
});
