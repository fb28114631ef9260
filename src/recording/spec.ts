/** What `recording:` and `redact:` say, complete; plain data. */

export interface RecordingSpec {
  /** Absolute. */
  readonly directory: string;
  /** Share of ids of which rows are recorded, basis points; blocks are recorded in any case. */
  readonly sampleBp: number;
  /** Rows beyond it are dropped and counted; blocks are not. */
  readonly maxBytesPerDay: number;
  /** Older files go. */
  readonly maxAgeMs: number;
  /** Of all files; the oldest go. */
  readonly maxBytes: number;
  /** Requests are recorded too, so that they can be sent again. */
  readonly requests: boolean;
}

/** What is made unreadable before anything is stored or shown. */
export interface RedactSpec {
  /** JSON Pointers into bodies; `*` is any step. */
  readonly paths: readonly string[];
  /** Logged headers, lower case. */
  readonly headers: readonly string[];
  /** RE2 patterns; what matches in texts becomes `***`. */
  readonly patterns: readonly string[];
}
