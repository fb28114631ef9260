import type { Difference } from '../comparison/difference.ts';
import type { Arm } from '../routing/snapshot.ts';

/** One answer of a pair, without its body. */
export interface Side {
  readonly version: string;
  /** The cluster that really delivered the answer. */
  readonly cluster: string;
  /** HTTP; 0 = no answer. */
  readonly status: number;
  /** Undefined when the answer has none: it is not gRPC, or was cut off. */
  readonly grpcStatus: number | undefined;
  /** Last upstream byte received minus first upstream byte sent; undefined when the upstream never answered. */
  readonly latencyMs: number | undefined;
  /** Envoy's response code details; `via_upstream` = the model answered. */
  readonly details: string;
  /** Undefined = no error. */
  readonly error: ErrorKind | undefined;
  /** As the answer itself says it. */
  readonly featureFetchMs: number | undefined;
}

/**
 * `timeout`, `reset`, `unavailable` (no host, no connection, or shed), `http-5xx`, `grpc` (a status that blames the
 * server), `no-answer` (anything else without an answer). `aborted` is no error: the user went away.
 */
export type ErrorKind = 'timeout' | 'reset' | 'unavailable' | 'http-5xx' | 'grpc' | 'no-answer' | 'aborted';

/** What a pair's two requests may not have in common. */
export type ParityLine = 'path' | 'host' | 'request-bytes' | 'protocol' | 'encoding';

/** The production exchange and one shadow exchange of the same id. */
export interface Pair {
  /** 32 hex digits, `x-understudy-id`. */
  readonly id: string;
  /** Wall time of production's request, ms since the epoch; a label only. */
  readonly timeMs: number;
  readonly rollout: string;
  readonly release: string;
  readonly revision: number;
  /** Effective weight of the decision, basis points. */
  readonly weightBp: number;
  /** What was decided to answer the user, and the reason word. */
  readonly arm: Arm;
  readonly reason: string;
  readonly segments: Readonly<Record<string, string>>;
  readonly shadow: string;
  /** False: neither side runs the stable version; the pair counts for nothing and `reference` is production's side. */
  readonly referenced: boolean;
  /** The side running the stable version; for a twin, production's. */
  readonly reference: Side;
  readonly candidate: Side;
  /** Which of them the user got. */
  readonly answeredBy: 'reference' | 'candidate';
  readonly difference: Difference;
  /** What was not the same about the two requests. */
  readonly unequal: readonly ParityLine[];
  /** Keyed hash of the unit; `` = none. */
  readonly unit: string;
  /** Undefined when the user left before the end. */
  readonly userLatencyMs: number | undefined;
  /** 32 hex digits; undefined when the request was not traced. */
  readonly traceId: string | undefined;
}
