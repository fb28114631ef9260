import { RequestMethod } from '../../../src/gen/envoy/config/core/v3/base.ts';
import {
  AccessLogCommon,
  HTTPAccessLogEntry,
  HTTPAccessLogEntry_HTTPVersion,
  HTTPRequestProperties,
  HTTPResponseProperties,
} from '../../../src/gen/envoy/data/accesslog/v3/accesslog.ts';

export const ID = '00010203040506070000000000000001';
export const SPAN = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

const DECISION = {
  rollout: 'ranker',
  release: '2.0.0-00000000',
  revision: 7,
  weightBp: 500,
  reason: 'hash',
  segments: { country: 'IE' },
  unit: 'a1b2c3d4e5f60718',
};

/** A log entry as Envoy writes it for production; it went over the wire's codec and back. */
export function productionEntry(
  changes: {
    headers?: Record<string, string>;
    decision?: Record<string, unknown>;
    captured?: Record<string, unknown>;
  } = {},
): HTTPAccessLogEntry {
  const entry: HTTPAccessLogEntry = {
    ...blank(HTTPAccessLogEntry),
    protocolVersion: HTTPAccessLogEntry_HTTPVersion.HTTP2,
    commonProperties: {
      ...blank(AccessLogCommon),
      startTime: new Date(1_700_000_000_000),
      timeToFirstUpstreamTxByte: { seconds: 0, nanos: 2_000_000 },
      timeToLastUpstreamRxByte: { seconds: 1, nanos: 12_500_000 },
      timeToLastDownstreamTxByte: { seconds: 1, nanos: 20_000_000 },
      upstreamCluster: 'ranker-v1',
      downstreamRemoteAddress: { address: { $case: 'pipe', value: { path: '203.0.113.9', mode: 0 } } },
      metadata: {
        filterMetadata: {
          'understudy.decision': changes.decision ?? DECISION,
          understudy: changes.captured ?? {
            response_body: Buffer.from('{"a":1}').toString('base64'),
            response_bytes: 7,
            response_type: 'application/json; charset=utf-8',
          },
        },
        typedFilterMetadata: {},
      },
    },
    request: {
      ...blank(HTTPRequestProperties),
      requestMethod: RequestMethod.POST,
      authority: 'models.example',
      requestBodyBytes: 12,
      path: '/rank?user=secret-query',
      userAgent: 'secret-agent',
      forwardedFor: '203.0.113.9',
      requestHeaders: {
        'x-understudy-id': ID,
        'x-understudy-arm': 'stable',
        'x-understudy-shadow-1': 'ranker-v2-shadow',
        'x-understudy-shadow-3': 'ranker-v3-shadow',
        traceparent: `00-${SPAN.traceId}-${SPAN.spanId}-01`,
        ...changes.headers,
      },
    },
    response: {
      ...blank(HTTPResponseProperties),
      responseCode: 200,
      responseCodeDetails: 'via_upstream',
      responseHeaders: { 'content-type': 'application/json' },
    },
  };
  return HTTPAccessLogEntry.decode(HTTPAccessLogEntry.encode(entry).finish());
}

/** The shadow's entry of the same request. */
export function shadowEntry(slot = 1, changes: { captured?: Record<string, unknown> } = {}): HTTPAccessLogEntry {
  const entry = productionEntry({ headers: { 'x-understudy-role': `shadow-${slot}` }, ...changes });
  if (entry.commonProperties !== undefined) entry.commonProperties.upstreamCluster = `ranker-v${slot + 1}-shadow`;
  return entry;
}

function blank<Message>(codec: { decode(bytes: Uint8Array): Message }): Message {
  return codec.decode(new Uint8Array());
}
