/** One side's answer as extraction and comparison see it. */
export interface Answer {
  /** HTTP; 0 = none. */
  readonly status: number;
  /** Undefined when the answer has none: it is not gRPC, or was cut off. */
  readonly grpcStatus: number | undefined;
  /** Last upstream byte received minus first upstream byte sent. */
  readonly latencyMs: number | undefined;
  /** Those response headers that Envoy was told to log; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Likewise of trailers. */
  readonly trailers: Readonly<Record<string, string>>;
  /** Undefined when nothing was captured. */
  readonly body: CapturedBody | undefined;
}

/** The first bytes of a body, as the Lua filter saw them. */
export interface CapturedBody {
  /** Decoded; of a `truncated` one as it came; empty when `unread` says anything else. */
  readonly bytes: Buffer;
  /** It called itself JSON. */
  readonly json: boolean;
  /** Why it cannot be compared; undefined when `bytes` is all of it. */
  readonly unread: Unread | undefined;
}

/**
 * `truncated`: longer than `capture`; `encoded`: in a content-encoding we do not know; `undecodable`: its bytes are not
 * in the one it names; `too-large`: it grows beyond 4 MiB; `bad-capture`: what the Lua filter wrote cannot be read.
 */
export type Unread = 'truncated' | 'encoded' | 'undecodable' | 'too-large' | 'bad-capture';
