/** From a log entry to an exchange: everything pairs do not need is left behind here. */

import type { CapturedBody } from '../comparison/answer.ts';
import type { HTTPAccessLogEntry } from '../gen/envoy/data/accesslog/v3/accesslog.ts';
import type { Duration } from '../gen/google/protobuf/duration.ts';
import type { Exchange, LoggedDecision } from '../pairing/exchange.ts';
import type { Arm } from '../routing/snapshot.ts';
import { parseTraceparent } from '../telemetry/traceparent.ts';

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
  const common = {
    id,
    timeMs: entry.commonProperties?.startTime?.getTime() ?? 0,
    cluster: entry.commonProperties?.upstreamCluster ?? '',
    status: entry.response?.responseCode ?? 0,
    details: entry.response?.responseCodeDetails ?? '',
    latencyMs: latencyOf(entry),
    body: bodyOf(metadata.understudy ?? {}),
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
