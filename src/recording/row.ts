/** One row of a recording: a pair, or an exchange of production that had no shadow. */
import type { Arm } from '../routing/snapshot.ts';

/** Goes up when a column changes its meaning or goes; new columns alone do not raise it. Stored in each file's metadata. */
export const SCHEMA_VERSION = 1;

export interface RecordedSide {
  readonly version: string;
  readonly cluster: string;
  readonly status: number;
  readonly grpcStatus: number | undefined;
  /** An ErrorKind; undefined = none. */
  readonly error: string | undefined;
  readonly latencyMs: number | undefined;
  readonly featureFetchMs: number | undefined;
  /** Redacted; only of kept pairs. */
  readonly body: string | undefined;
}

export interface RecordedRow {
  /** 32 hex digits. */
  readonly id: string;
  readonly timeMs: number;
  readonly rollout: string;
  readonly release: string;
  readonly revision: number;
  readonly weightBp: number;
  readonly arm: Arm;
  readonly reason: string;
  readonly segments: Readonly<Record<string, string>>;
  /** Keyed hash; `` = none. */
  readonly unit: string;
  /** `` = an exchange without a shadow: `reference` is then production's side. */
  readonly shadow: string;
  readonly referenced: boolean;
  readonly answeredBy: 'reference' | 'candidate';
  readonly reference: RecordedSide;
  readonly candidate: RecordedSide | undefined;
  readonly sameStatus: boolean | undefined;
  /** Difference.body */
  readonly body: string | undefined;
  /** Every field agrees; undefined when none was compared. */
  readonly agree: boolean | undefined;
  readonly latencyDifferenceMs: number | undefined;
  readonly userLatencyMs: number | undefined;
  /** FieldDifference[] as JSON; values of redacted paths are left out. */
  readonly fields: string;
  readonly traceId: string | undefined;
  /** A pair kept for people: bodies are there where they were captured. */
  readonly kept: boolean;
  /** Only where `recording.requests` is on and the body was captured whole. */
  readonly request: RecordedRequest | undefined;
}

export interface RecordedRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly contentType: string;
  /** Redacted text; requests that are not text are not recorded. */
  readonly body: string;
  /** Something was redacted: it cannot be replayed as it was. */
  readonly redacted: boolean;
}
