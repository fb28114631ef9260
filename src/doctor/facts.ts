import type { Config } from '../config/parse.ts';
import type { ListRolloutsResponse } from '../gen/understudy/admin/v1/admin.ts';

/** All that is examined, gathered once; plain data. */
export interface Facts {
  readonly envoy: EnvoyFacts;
  /** undefined = no understudy.yaml was found. */
  readonly config: Config | undefined;
  /** What the sidecar says of itself, or why it says nothing. */
  readonly sidecar: ListRolloutsResponse | { readonly refusal: string };
  /** The Unix sockets that the configuration names. */
  readonly sockets: readonly SocketFacts[];
}

/** Parsed JSON answers of Envoy's admin endpoint. */
export interface EnvoyFacts {
  readonly serverInfo: unknown;
  readonly configDump: unknown;
  readonly stats: unknown;
  /** How far Envoy's clock is from ours at the least; positive = Envoy's is ahead. */
  readonly clockAheadMs: number;
}

export interface SocketFacts {
  readonly use: 'decide' | 'observe' | 'admin';
  readonly path: string;
  readonly kind: 'socket' | 'other' | 'missing' | 'hidden';
  /** Permission bits; 0 unless `kind` is `socket`. */
  readonly mode: number;
  /** Why a connection was not made, for example `ECONNREFUSED`. */
  readonly refusal: string | undefined;
}
