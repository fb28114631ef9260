/** One finished request/response as Envoy logged it, cut down to what pairs need. */
import type { HTTPAccessLogEntry } from '../gen/envoy/data/accesslog/v3/accesslog.ts';
import type { Duration } from '../gen/google/protobuf/duration.ts';
import type { Arm } from '../routing/snapshot.ts';

/** The first bytes of a body, as the Lua filter saw them. */
export interface CapturedBody {
  readonly bytes: Buffer;
  /** Length of the whole body; above `bytes.length` the copy is truncated. */
  readonly totalBytes: number;
  /** Lower case; `` = none. */
  readonly contentEncoding: string;
}

interface Common {
  /** 32 hex digits. */
  readonly id: string;
  /** Start of the request, wall time, ms since the epoch. */
  readonly timeMs: number;
  /** The cluster that really delivered. */
  readonly cluster: string;
  /** 0 = no answer. */
  readonly status: number;
  /** `via_upstream` = the model answered; anything else, Envoy did. */
  readonly details: string;
  /** Last upstream byte received minus first upstream byte sent. */
  readonly latencyMs: number | undefined;
  /** Undefined when nothing was captured. */
  readonly body: CapturedBody | undefined;
  /** Of the span that called the model; `` when there is no tracing. */
  readonly traceparent: string;
}

export interface ProductionExchange extends Common {
  readonly role: 'production';
  readonly arm: Arm;
  readonly decision: LoggedDecision;
  /** Cluster of each shadow that got a copy, by slot. */
  readonly expected: ReadonlyMap<number, string>;
}

export interface ShadowExchange extends Common {
  readonly role: 'shadow';
  /** 1..4 */
  readonly slot: number;
}

export type Exchange = ProductionExchange | ShadowExchange;

/** The decision as it travelled in dynamic metadata. */
export interface LoggedDecision {
  readonly rollout: string;
  readonly release: string;
  readonly revision: number;
  readonly weightBp: number;
  readonly reason: string;
  readonly segments: Readonly<Record<string, string>>;
  /** Keyed hash; `` = none. */
  readonly unit: string;
}

/** Why an entry is no exchange. */
export type Rejection = 'no-id' | 'no-decision' | 'no-role' | 'unknown-log';

const SLOTS = [1, 2, 3, 4] as const;
const ID = /^[0-9a-f]{32}$/;
const ROLE = /^shadow-([1-4])$/;
const ARMS: ReadonlySet<string> = new Set<Arm>(['stable', 'canary']);

/**
 * The exchange in one log entry, or why there is none. Path, query, client address and user agent are not carried over:
 * what is not here can neither be stored nor shown.
 */
export function toExchange(logName: string, entry: HTTPAccessLogEntry): Exchange | Rejection {
  const headers = entry.request?.requestHeaders ?? {};
  const id = headers['x-understudy-id'] ?? '';
  if (!ID.test(id)) return 'no-id';
  const metadata = entry.commonProperties?.metadata?.filterMetadata ?? {};
  const common: Common = {
    id,
    timeMs: entry.commonProperties?.startTime?.getTime() ?? 0,
    cluster: entry.commonProperties?.upstreamCluster ?? '',
    status: entry.response?.responseCode ?? 0,
    details: entry.response?.responseCodeDetails ?? '',
    latencyMs: latencyOf(entry),
    body: bodyOf(metadata.understudy ?? {}),
    traceparent: headers.traceparent ?? '',
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
    expected: new Map(expected.filter(([, name]) => name !== '')),
  };
}

function isArm(text: string): text is Arm {
  return ARMS.has(text);
}

function latencyOf({ commonProperties }: HTTPAccessLogEntry): number | undefined {
  const sent = commonProperties?.timeToFirstUpstreamTxByte;
  const received = commonProperties?.timeToLastUpstreamRxByte;
  return sent === undefined || received === undefined ? undefined : toMs(received) - toMs(sent);
}

function toMs({ seconds, nanos }: Duration): number {
  return seconds * 1_000 + nanos / 1_000_000;
}

/** Metadata written by envoy/capture.lua. */
function bodyOf(captured: Record<string, unknown>): CapturedBody | undefined {
  const { response_body: body, response_bytes: total, response_encoding: encoding } = captured;
  if (typeof body !== 'string' || typeof total !== 'number') return undefined;
  const contentEncoding = typeof encoding === 'string' ? encoding.toLowerCase() : '';
  return { bytes: Buffer.from(body, 'base64'), totalBytes: total, contentEncoding };
}

function decisionOf(value: Record<string, unknown> | undefined): LoggedDecision | undefined {
  if (value === undefined) return undefined;
  const { rollout, release, revision, weightBp, reason, segments, unit } = value;
  if (typeof rollout !== 'string' || typeof release !== 'string' || typeof reason !== 'string') return undefined;
  if (typeof revision !== 'number' || typeof weightBp !== 'number' || typeof unit !== 'string') return undefined;
  return { rollout, release, revision, weightBp, reason, segments: segmentsOf(segments), unit };
}

function segmentsOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
