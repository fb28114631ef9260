import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { toExchange } from '../../../src/accesslog/to-exchange.ts';
import { ResponseFlags } from '../../../src/gen/envoy/data/accesslog/v3/accesslog.ts';
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
      grpcStatus: undefined,
      userLatencyMs: 1020,
      headers: { 'content-type': 'application/json' },
      trailers: {},
      request: {
        method: 'POST',
        path: '/rank?user=secret-query',
        host: 'models.example',
        protocol: 'HTTP/2',
        bytes: 12,
        contentType: '',
        contentEncoding: '',
        body: undefined,
      },
      body: { bytes: Buffer.from('{"a":1}'), json: true, unread: undefined },
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

  test('holds neither client address nor user agent, and path and query only in its request', () => {
    const exchange = toExchange('production', productionEntry());
    if (typeof exchange === 'string') throw new Error(exchange);
    const { request, ...rest } = exchange;
    expect(JSON.stringify(rest)).not.toMatch(/secret|203\.0\.113|\/rank/);
    expect(JSON.stringify(request)).not.toMatch(/secret-agent|203\.0\.113/);
  });

  test('of a user who left before the end has no user latency', () => {
    const entry = productionEntry();
    const flags = { ...ResponseFlags.decode(new Uint8Array()), downstreamConnectionTermination: true };
    if (entry.commonProperties) entry.commonProperties.responseFlags = flags;
    expect(toExchange('production', entry)).toMatchObject({ userLatencyMs: undefined });
  });

  test('carries the body of its request where that was captured', () => {
    const captured = {
      request_body: Buffer.from('{"q":1}').toString('base64'),
      request_bytes: 7,
      request_type: 'application/json',
    };
    expect(toExchange('production', productionEntry({ captured }))).toMatchObject({
      request: { contentType: 'application/json', body: { bytes: Buffer.from('{"q":1}'), json: true } },
    });
  });

  test('without a captured body says so instead of claiming an empty one', () => {
    expect(toExchange('production', productionEntry({ captured: {} }))).toMatchObject({ body: undefined });
  });

  test('whose capture cannot be read has no body, and says so', () => {
    const captured = (changes: object) => {
      const exchange = toExchange(
        'production',
        productionEntry({ captured: { response_body: 'eyJhIjoxfQ==', response_bytes: 7, ...changes } }),
      );
      return typeof exchange === 'string' ? exchange : exchange.body;
    };
    const bad = { bytes: Buffer.alloc(0), json: false, unread: 'bad-capture' };
    expect(captured({})).toMatchObject({ bytes: Buffer.from('{"a":1}'), unread: undefined });
    for (const body of ['eyJhIjoxfQ=', 'eyJhIjox!Q==', 'ey=J', '=', '\u0000', 7, null, {}]) {
      expect(captured({ response_body: body })).toEqual(bad);
    }
    for (const bytes of ['7', -1, 6, Number.NaN, null]) expect(captured({ response_bytes: bytes })).toEqual(bad);
    expect(captured({ response_encoding: 7 })).toEqual(bad);
  });

  test('of an event stream holds head and tail, which are all of it or truncated', () => {
    const body = (total: number) => {
      const captured = { response_body: 'YWI=', response_tail: 'Y2Q=', response_bytes: total };
      return toExchange('production', productionEntry({ captured }));
    };
    expect(body(4)).toMatchObject({ body: { bytes: Buffer.from('abcd'), unread: undefined } });
    expect(body(5)).toMatchObject({ body: { bytes: Buffer.from('abcd'), unread: 'truncated' } });
    expect(body(3)).toMatchObject({ body: { unread: 'bad-capture' } });
  });

  test('holds the body decoded, or why it could not be', () => {
    const body = (bytes: Buffer, encoding: string, total = bytes.length) => {
      const captured = { response_body: bytes.toString('base64'), response_bytes: total, response_encoding: encoding };
      return toExchange('production', productionEntry({ captured }));
    };
    const packed = gzipSync('{"a":1}');
    expect(body(packed, 'gzip')).toMatchObject({ body: { bytes: Buffer.from('{"a":1}'), unread: undefined } });
    expect(body(packed, 'GZIP', packed.length + 1)).toMatchObject({ body: { bytes: packed, unread: 'truncated' } });
    expect(body(packed, 'br')).toMatchObject({ body: { bytes: Buffer.alloc(0), unread: 'undecodable' } });
    expect(body(packed, 'snappy')).toMatchObject({ body: { unread: 'encoded' } });
    expect(body(gzipSync(Buffer.alloc(5_000_000)), 'gzip')).toMatchObject({ body: { unread: 'too-large' } });
  });

  test('has the status of gRPC, from the trailers or from an answer without any other part', () => {
    const entry = (part: 'responseTrailers' | 'responseHeaders', status: string) => {
      const logged = productionEntry();
      if (logged.response !== undefined) logged.response[part] = { 'grpc-status': status };
      return toExchange('production', logged);
    };
    expect(entry('responseTrailers', '0')).toMatchObject({ grpcStatus: 0 });
    expect(entry('responseHeaders', '13')).toMatchObject({ grpcStatus: 13 });
    expect(entry('responseTrailers', 'none')).toMatchObject({ grpcStatus: undefined });
  });

  test('has no latency where the clock went backwards or far away, and no time that is none', () => {
    const timed = (seconds: number) => {
      const entry = productionEntry();
      if (entry.commonProperties !== undefined) {
        entry.commonProperties.timeToLastUpstreamRxByte = { seconds, nanos: 0 };
        entry.commonProperties.startTime = new Date(Number.NaN);
      }
      return toExchange('production', entry);
    };
    expect(timed(1)).toMatchObject({ latencyMs: 998, timeMs: 0 });
    for (const seconds of [-1, 1e12, Number.NaN]) expect(timed(seconds)).toMatchObject({ latencyMs: undefined });
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
