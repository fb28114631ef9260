/** One side's answer as comparison sees it. */
export interface Answer {
  /** 0 = none. */
  readonly status: number;
  readonly latencyMs: number | undefined;
  /** Undefined when nothing was captured. */
  readonly body: { readonly bytes: Buffer; readonly totalBytes: number; readonly contentEncoding: string } | undefined;
}
