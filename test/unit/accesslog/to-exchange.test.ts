import { describe, expect, test } from 'vitest';
import { toExchange } from '../../../src/accesslog/to-exchange.ts';
import { ID, productionEntry, SPAN, shadowEntry } from './entry.ts';

describe('an exchange', () => {
  test('of production carries what was decided, delivered, timed and captured', () => {
    expect(toExchange('production', productionEntry())).toEqual({
      role: 'production',
      id: ID,
      timeMs: 1_700_000_000_000,
      cluster: 'ranker-v1',
      status: 200,
      details: 'via_upstream',
      latencyMs: 1010.5,
      body: { bytes: Buffer.from('{"a":1}'), totalBytes: 7, contentEncoding: '' },
      span: { traceId: SPAN.traceId, spanId: SPAN.spanId, traceFlags: 1, isRemote: true },
      arm: 'stable',
      decision: {
        rollout: 'ranker',
        release: '2.0.0-00000000',
        revision: 7,
        weightBp: 500,
        reason: 'hash',
        segments: { country: 'IE' },
        unit: 'a1b2c3d4e5f60718',
      },
      expected: new Map([
        [1, 'ranker-v2-shadow'],
        [3, 'ranker-v3-shadow'],
      ]),
    });
  });

  test('of a shadow carries its slot', () => {
    expect(toExchange('shadow', shadowEntry(3))).toMatchObject({
      role: 'shadow',
      slot: 3,
      cluster: 'ranker-v4-shadow',
    });
  });

  test('holds neither path, query, client address nor user agent', () => {
    expect(JSON.stringify(toExchange('production', productionEntry()))).not.toMatch(/secret|203\.0\.113|\/rank/);
  });

  test('without a captured body says so instead of claiming an empty one', () => {
    expect(toExchange('production', productionEntry({ captured: {} }))).toMatchObject({ body: undefined });
  });

  test('without an answer has status 0 and no latency', () => {
    const entry = productionEntry();
    delete entry.response;
    delete entry.commonProperties?.timeToLastUpstreamRxByte;
    expect(toExchange('production', entry)).toMatchObject({ status: 0, details: '', latencyMs: undefined });
  });
});

describe('an entry is rejected with a reason', () => {
  test.each([
    ['no-id', 'production', { headers: { 'x-understudy-id': '' } }],
    ['no-id', 'production', { headers: { 'x-understudy-id': 'NOT-HEX' } }],
    ['no-decision', 'production', { decision: { rollout: 'ranker' } }],
    ['no-decision', 'production', { decision: { revision: 'seven' } }],
    ['no-decision', 'production', { headers: { 'x-understudy-arm': 'neither' } }],
    ['no-role', 'shadow', {}],
    ['no-role', 'shadow', { headers: { 'x-understudy-role': 'shadow-5' } }],
    ['unknown-log', 'other', {}],
  ])('%s in log %s: %j', (reason, logName, changes) => {
    expect(toExchange(logName, productionEntry(changes))).toBe(reason);
  });
});
