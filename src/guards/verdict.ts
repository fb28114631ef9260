/** What a guard says now. */
export type VerdictStatus = 'pass' | 'fail' | 'hold' | 'no-data' | 'not-applicable';

/** What a guard looks at, at a weight: pairs of the canary's version, the canary arm, what answers users, or nothing. */
export type Subject = 'pairs' | 'canary' | 'users' | 'none';

export interface Verdict {
  readonly guard: string;
  readonly metric: string;
  readonly status: VerdictStatus;
  readonly subject: Subject;
  /** `country=CO`; `` = all traffic. */
  readonly segment: string;
  /** Point estimate; undefined when there is none. */
  readonly value: number | undefined;
  /** Always-valid interval of the value, where the method has one. */
  readonly lower: number | undefined;
  readonly upper: number | undefined;
  readonly threshold: number | undefined;
  /** ms, share, points, ...; for printing. */
  readonly unit: string;
  /** Requests, pairs or units it rests on. */
  readonly n: number;
  readonly eValue: number | undefined;
  /** Covered time of what it rests on. */
  readonly windowMs: number;
  /** Wall time since when the status is this; a label. */
  readonly sinceMs: number;
  /** How many more it takes to tell, and how long that is at the present rate; undefined when it cannot be said. */
  readonly needs: { readonly n: number; readonly ms: number | undefined } | undefined;
  readonly action: 'block' | 'pause' | 'rollback' | 'alert';
  readonly dryRun: boolean;
  /** "p95 61 ms > 50 ms for 15 min, n = 84,120, e = 412" */
  readonly sentence: string;
}
