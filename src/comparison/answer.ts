/** One side's answer as comparison sees it. */
export interface Answer {
  /** 0 = none. */
  readonly status: number;
  /** Last upstream byte received minus first upstream byte sent. */
  readonly latencyMs: number | undefined;
  /** Undefined when nothing was captured. */
  readonly body: CapturedBody | undefined;
}

/** The first bytes of a body, as the Lua filter saw them. */
export interface CapturedBody {
  readonly bytes: Buffer;
  /** Length of the whole body; above `bytes.length` the copy is truncated. */
  readonly totalBytes: number;
  /** Lower case; `` = none. */
  readonly contentEncoding: string;
}
