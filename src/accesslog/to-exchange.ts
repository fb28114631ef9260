/** From a log entry to an exchange: everything pairs, recordings and replays do not need is left behind here. */

import { RequestMethod } from '../gen/envoy/config/core/v3/base.ts';
import { type HTTPAccessLogEntry, HTTPAccessLogEntry_HTTPVersion } from '../gen/envoy/data/accesslog/v3/accesslog.ts';
import type { Duration } from '../gen/google/protobuf/duration.ts';
import type { Exchange, LoggedDecision, LoggedRequest } from '../pairing/exchange.ts';
import type { CapturedBody, Unread } from '../prediction/answer.ts';
import type { Arm } from '../routing/snapshot.ts';
import { parseTraceparent } from '../telemetry/traceparent.ts';
import { decodeBody } from './decode-body.ts';

/** Why an entry is no exchange. */
export type Rejection = 'no-id' | 'no-decision' | 'no-role' | 'unknown-log';

const SLOTS = [1, 2, 3, 4] as const;
const ID = /^[0-9a-f]{32}$/;
const ROLE = /^shadow-([1-4])$/;
const JSON_TYPE = /^application\/([\w.+-]+\+)?json *(;|$)/i;
/** A day; whoever says more, or less than nothing, has no clock. */
const LONGEST_MS = 86_400_000;
const ARMS: ReadonlySet<string> = new Set<Arm>(['stable', 'canary']);

/**
 * The exchange in one log entry, or why there is none. Client address, user agent and referrer are not carried over: what
 * is not here can neither be stored nor shown.
 */
export function toExchange(logName: string, entry: HTTPAccessLogEntry): Exchange | Rejection {
  const headers = entry.request?.requestHeaders ?? {};
  const id = headers['x-understudy-id'] ?? '';
  if (!ID.test(id)) return 'no-id';
  const metadata = entry.commonProperties?.metadata?.filterMetadata ?? {};
  const common = {
    id,
    timeMs: timeOf(entry),
    cluster: entry.commonProperties?.upstreamCluster ?? '',
    status: entry.response?.responseCode ?? 0,
    details: entry.response?.responseCodeDetails ?? '',
    grpcStatus: grpcStatusOf(entry),
    latencyMs: latencyOf(entry),
    headers: entry.response?.responseHeaders ?? {},
    trailers: entry.response?.responseTrailers ?? {},
    body: bodyOf(metadata.understudy ?? {}, 'response'),
    request: requestOf(entry, metadata.understudy ?? {}),
    span: parseTraceparent(headers.traceparent ?? ''),
  };
  if (logName === 'shadow') {
    const slot = ROLE.exec(headers['x-understudy-role'] ?? '')?.[1];
    return slot === undefined ? 'no-role' : { ...common, role: 'shadow', slot: Number(slot) };
  }
  if (logName !== 'production') return 'unknown-log';
  const decision = decisionOf(metadata['understudy.decision']);
  const arm = headers['x-understudy-arm'] ?? '';
  if (decision === undefined || !isArm(arm)) return 'no-decision';
  const expected = SLOTS.map((slot) => [slot, headers[`x-understudy-shadow-${slot}`] ?? ''] as const);
  return {
    ...common,
    role: 'production',
    arm,
    decision,
    userLatencyMs: userLatencyOf(entry),
    expected: new Map(expected.filter(([, name]) => name !== '')),
  };
}

function isArm(text: string): text is Arm {
  return ARMS.has(text);
}

function timeOf({ commonProperties }: HTTPAccessLogEntry): number {
  const timeMs = commonProperties?.startTime?.getTime() ?? 0;
  return Number.isNaN(timeMs) ? 0 : timeMs;
}

/** In the trailers; of an answer that consists of nothing else, Envoy logs them as headers. */
function grpcStatusOf({ response }: HTTPAccessLogEntry): number | undefined {
  const text = response?.responseTrailers['grpc-status'] ?? response?.responseHeaders['grpc-status'] ?? '';
  return /^\d{1,3}$/.test(text) ? Number(text) : undefined;
}

function latencyOf({ commonProperties }: HTTPAccessLogEntry): number | undefined {
  const sent = commonProperties?.timeToFirstUpstreamTxByte;
  const received = commonProperties?.timeToLastUpstreamRxByte;
  if (sent === undefined || received === undefined) return undefined;
  const latencyMs = toMs(received) - toMs(sent);
  return latencyMs >= 0 && latencyMs <= LONGEST_MS ? latencyMs : undefined;
}

function toMs({ seconds, nanos }: Duration): number {
  return seconds * 1_000 + nanos / 1_000_000;
}

/** Undefined when the user left before the last byte. */
function userLatencyOf({ commonProperties }: HTTPAccessLogEntry): number | undefined {
  const sent = commonProperties?.timeToLastDownstreamTxByte;
  if (sent === undefined || commonProperties?.responseFlags?.downstreamConnectionTermination) return undefined;
  const latencyMs = toMs(sent);
  return latencyMs >= 0 && latencyMs <= LONGEST_MS ? latencyMs : undefined;
}

const PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [HTTPAccessLogEntry_HTTPVersion.HTTP10, 'HTTP/1.0'],
  [HTTPAccessLogEntry_HTTPVersion.HTTP11, 'HTTP/1.1'],
  [HTTPAccessLogEntry_HTTPVersion.HTTP2, 'HTTP/2'],
  [HTTPAccessLogEntry_HTTPVersion.HTTP3, 'HTTP/3'],
]);

/** Envoy's log knows these methods and no others. */
const METHODS: ReadonlyMap<number, string> = new Map(
  Object.entries(RequestMethod)
    .filter(([, code]) => code > 0)
    .map(([name, code]) => [code, name]),
);

function requestOf({ request, protocolVersion }: HTTPAccessLogEntry, captured: Captured): LoggedRequest {
  return {
    method: METHODS.get(request?.requestMethod ?? 0) ?? '',
    // Envoy's own rewrites are in `path`; what the client asked for is what must be asked again
    path: request?.originalPath || request?.path || '',
    host: request?.authority ?? '',
    protocol: PROTOCOLS.get(protocolVersion) ?? '',
    bytes: request?.requestBodyBytes ?? 0,
    contentType: textOf(captured.request_type),
    contentEncoding: textOf(captured.request_encoding),
    body: bodyOf(captured, 'request'),
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Metadata written by envoy/capture.lua. */
type Captured = Readonly<Record<string, unknown>>;

/** Of an event stream head and tail were kept: together all of it, or truncated. */
function bodyOf(captured: Captured, side: 'request' | 'response'): CapturedBody | undefined {
  const { [`${side}_body`]: head, [`${side}_tail`]: tail = '', [`${side}_bytes`]: total } = captured;
  const { [`${side}_encoding`]: encoding = '', [`${side}_type`]: type = '' } = captured;
  // an aborted answer leaves neither
  if (head === undefined && total === undefined) return undefined;
  const json = typeof type === 'string' && JSON_TYPE.test(type);
  const unreadable = (unread: Unread) => ({ bytes: Buffer.alloc(0), json, unread });
  const bytes = joined(fromBase64(head), fromBase64(tail));
  if (bytes === undefined || typeof total !== 'number' || !(total >= bytes.length) || typeof encoding !== 'string') {
    return unreadable('bad-capture');
  }
  if (bytes.length < total) return { bytes, json, unread: 'truncated' };
  const decoded = decodeBody(bytes, encoding);
  return typeof decoded === 'string' ? unreadable(decoded) : { bytes: decoded, json, unread: undefined };
}

function joined(head: Buffer | undefined, tail: Buffer | undefined): Buffer | undefined {
  if (head === undefined || tail === undefined) return undefined;
  return tail.length === 0 ? head : Buffer.concat([head, tail]);
}

/** Undefined when `text` is not whole base64; Buffer alone would skip what it cannot read. */
function fromBase64(text: unknown): Buffer | undefined {
  if (typeof text !== 'string' || text.length % 4 !== 0) return undefined;
  const bytes = Buffer.from(text, 'base64');
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  return bytes.length === (text.length / 4) * 3 - padding ? bytes : undefined;
}

function decisionOf(value: Record<string, unknown> | undefined): LoggedDecision | undefined {
  if (value === undefined) return undefined;
  const { rollout, release, revision, weightBp, reason, segments, unit, slot } = value;
  if (typeof rollout !== 'string' || typeof release !== 'string' || typeof reason !== 'string') return undefined;
  if (typeof revision !== 'number' || typeof weightBp !== 'number' || typeof unit !== 'string') return undefined;
  const decision = { rollout, release, revision, weightBp, reason, segments: segmentsOf(segments), unit };
  return Number.isSafeInteger(slot) ? { ...decision, slot: slot as number } : decision;
}

function segmentsOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
