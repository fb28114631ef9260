/** What is judged, what is seen of it, and what is remembered: plain JSON, without values that JSON does not know. */
import type { Cell } from '../evidence/sums.ts';
import type { RipeUnits } from './input.ts';
import type { LimitState } from './limit.ts';
import type { Ring } from './ring.ts';
import type { GuardSpec } from './spec.ts';
import type { Shadows } from './subject.ts';
import type { Verdict, VerdictStatus } from './verdict.ts';

export interface Judged extends Shadows {
  readonly rollout: string;
  readonly release: string;
  readonly guards: readonly GuardSpec[];
  /** By field that a guard names: how it is read and compared, as text. Undefined: of a version that did not say. */
  readonly compared?: Readonly<Record<string, string>>;
}

/** One closed block of 10 s, also when nothing was seen in it. */
export interface SeenBlock {
  /** Wall time of its start, ms since the epoch; a label. */
  readonly startMs: number;
  readonly durationMs: number;
  /** The sidecar was up, and not more than 1 % of what should have been paired is unmatched. */
  readonly covered: boolean;
  /** The rollout's weight now. */
  readonly weightBp: number;
  /** Undefined: it never changed. */
  readonly weightChangedMsAgo: number | undefined;
  /** Of this rollout and release, of every effective weight, arm, shadow and segment; others are not looked at. */
  readonly cells: readonly Cell[];
  /** Newly ripe, by outcome. */
  readonly outcomes: Readonly<Record<string, readonly RipeUnits[]>>;
  /** Newest answer of the metrics source, by guard. */
  readonly samples: Readonly<Record<string, number | undefined>>;
  /** Units first seen in this block, by effective weight. */
  readonly assigned: readonly { readonly weightBp: number; readonly canary: number; readonly stable: number }[];
  /** Decisions of both arms, and those another cluster delivered. */
  readonly delivered: { readonly decisions: number; readonly elsewhere: number };
}

export interface JudgeState {
  readonly judged: Judged;
  /** One of each guard, in their order. */
  readonly guards: GuardState[];
  /** Of the newest block; undefined before the first. */
  readonly weightBp: number | undefined;
  /** Wall time of the newest block's end; 0 before the first. */
  readonly seenMs: number;
  readonly verdicts: readonly Verdict[];
}

export interface GuardState {
  /** By segment as it is printed, `` = all traffic. More than one only with `each`. */
  readonly segments: Record<string, SegmentState>;
  /** Blocks in which a value had no room here. */
  droppedSegments: number;
}

export interface SegmentState {
  /** Name of the track in use; `` = no subject. */
  track: string;
  /** One of each subject there was: evidence of pairs and of arms is never mixed, and goes on when its subject is back. */
  readonly tracks: Record<string, TrackState>;
  /** Since something was last seen of the subject. */
  silentMs: number;
  /** Why nothing was: the block was not covered. */
  uncovered: boolean;
  warmingUp: boolean;
  status: VerdictStatus;
  /** Wall time since when. */
  sinceMs: number;
}

export interface TrackState {
  /** Of the guard's method. */
  method: unknown;
  ring: Ring;
  limit: LimitState;
  /** The largest e-value so far; only of guards on `each` segment value. */
  highestE: number;
}
