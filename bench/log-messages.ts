/** Log messages of pairs, encoded as Envoy sends them: 25 pairs each, production first and its shadow after it. */
import {
  AccessLogCommon,
  HTTPAccessLogEntry,
  HTTPRequestProperties,
  HTTPResponseProperties,
} from '../src/gen/envoy/data/accesslog/v3/accesslog.ts';
import { StreamAccessLogsMessage } from '../src/gen/envoy/service/accesslog/v3/als.ts';

const PAIRS_EACH = 25;
/** So that all of it comes to 1 kB. */
const FILLER = Array.from({ length: 90 }, (_, n) => (n * 0.01).toFixed(4));

export const ROLLOUT = 'bench';
export const RELEASE = '2.0.0-00000000';

export interface LogMessages {
  readonly production: Uint8Array;
  readonly shadow: Uint8Array;
}

/** `from`: number of the first pair; ids do not repeat. One pair in 50 differs in its class. */
export function* logMessages(pairs: number, options: { segmentValues: number; from: number }): Generator<LogMessages> {
  const { segmentValues, from } = options;
  for (let first = from; first < from + pairs; first += PAIRS_EACH) {
    const numbers = Array.from({ length: Math.min(PAIRS_EACH, from + pairs - first) }, (_, n) => first + n);
    yield {
      production: encode(
        'production',
        numbers.map((n) => entry(n, segmentValues, 'production')),
      ),
      shadow: encode(
        'shadow',
        numbers.map((n) => entry(n, segmentValues, 'shadow')),
      ),
    };
  }
}

function encode(logName: string, logEntry: HTTPAccessLogEntry[]): Uint8Array {
  return StreamAccessLogsMessage.encode({
    identifier: { node: undefined, logName },
    logEntries: { $case: 'httpLogs', value: { logEntry } },
  }).finish();
}

function entry(n: number, segmentValues: number, role: 'production' | 'shadow'): HTTPAccessLogEntry {
  const body = Buffer.from(JSON.stringify(answer(n, role)));
  const production = role === 'production';
  const own: Record<string, string> = production
    ? { 'x-understudy-arm': 'stable', 'x-understudy-shadow-1': 'bench-v2-shadow' }
    : { 'x-understudy-role': 'shadow-1' };
  const decision = {
    rollout: ROLLOUT,
    release: RELEASE,
    revision: 1,
    weightBp: 0,
    reason: 'hash',
    segments: { country: `c${n % segmentValues}`, tier: `t${n % 10}` },
    unit: `u${n % 5_000}`,
  };
  const captured = {
    response_body: body.toString('base64'),
    response_bytes: body.length,
    response_type: 'application/json',
  };
  return {
    ...blank(HTTPAccessLogEntry),
    commonProperties: {
      ...blank(AccessLogCommon),
      startTime: new Date(1_700_000_000_000 + n),
      timeToFirstUpstreamTxByte: { seconds: 0, nanos: 200_000 },
      timeToLastUpstreamRxByte: { seconds: 0, nanos: 10_200_000 + (n % 97) * 100_000 },
      timeToLastDownstreamTxByte: { seconds: 0, nanos: 10_900_000 + (n % 97) * 100_000 },
      upstreamCluster: production ? 'bench-v1' : 'bench-v2-shadow',
      metadata: {
        filterMetadata: { understudy: captured, ...(production ? { 'understudy.decision': decision } : {}) },
        typedFilterMetadata: {},
      },
    },
    request: {
      ...blank(HTTPRequestProperties),
      path: '/predict',
      authority: 'models.example',
      requestMethod: 3,
      requestHeaders: { 'x-understudy-id': n.toString(16).padStart(32, '0'), ...own },
    },
    response: { ...blank(HTTPResponseProperties), responseCode: 200, responseCodeDetails: 'via_upstream' },
  };
}

function answer(n: number, role: string) {
  const slip = role === 'shadow' ? 0.001 * (n % 7) : 0;
  return {
    id: `${role}-${n}`,
    score: 0.5 + (n % 400) / 1_000 + slip,
    label: n % 50 === 0 && role === 'shadow' ? 'no' : 'yes',
    items: Array.from({ length: 10 }, (_, rank) => `item-${(n + rank) % 40}`),
    rest: FILLER,
  };
}

function blank<Message>(codec: { decode(bytes: Uint8Array): Message }): Message {
  return codec.decode(new Uint8Array());
}
