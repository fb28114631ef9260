/**
 * What a report says, as plain JSON: `null` = not known, or too few to say. Times are ms since the epoch, latencies ms,
 * shares fractions (3.1 % = 0.031). "Disagreement" is the share of pairs in which the two sides do not agree in every
 * element of a field; a side without an answer disagrees.
 */
import type { Measure } from '../comparison/difference.ts';
import type { ParityLine } from '../pairing/pair.ts';
import type { Comparator } from '../prediction/spec.ts';
import type { Arm } from '../routing/snapshot.ts';

/** Goes up when a key changes its meaning or goes; new keys alone do not raise it. */
export const REPORT_VERSION = 1;

export interface Report {
  readonly schema: 'understudy.report';
  readonly schemaVersion: typeof REPORT_VERSION;
  /** Of Understudy. */
  readonly version: string;
  readonly period: Span;
  readonly coverage: Coverage;
  /** Width of the points of `trend`. */
  readonly bucketMs: number;
  /** The answers, most important first; a sentence for each shadow and field that has something to say. */
  readonly headlines: readonly Headline[];
  /** By rollout, the newest release first. */
  readonly releases: readonly ReleaseReport[];
  /** What this report cannot know or did not look at, as sentences. */
  readonly missing: readonly string[];
}

export interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** How much of the period the sidecar summed evidence in. A stretch without any traffic cannot be told from one without recording. */
export interface Coverage {
  readonly blocks: number;
  readonly coveredMs: number;
  readonly share: number;
  /** The longest, in order of time; at most 10. */
  readonly gaps: readonly Span[];
  readonly gapsNotListed: number;
}

export interface Headline {
  /** `good`: nothing to see; `look`: a person should look; `bad`: it differs or fails beyond what noise explains. */
  readonly tone: 'good' | 'look' | 'bad';
  readonly text: string;
}

export interface ReleaseReport {
  readonly rollout: string;
  readonly release: string;
  /** First block to end of the last one, within the period. */
  readonly seen: Span;
  readonly arms: readonly ArmReport[];
  readonly shadows: readonly ShadowReport[];
}

/** One arm at one effective weight: evidence of different weights is never pooled. Forced requests are only counted. */
export interface ArmReport {
  readonly arm: Arm;
  readonly weightBp: number;
  readonly requests: number;
  readonly forced: number;
  /** Forced ones too; over the covered time between its first and its last request. */
  readonly perSecond: number | null;
  readonly errors: Errors;
  readonly latency: Quantiles;
  readonly userLatency: Quantiles;
  readonly featureFetch: Quantiles;
  readonly missing: readonly { readonly field: string; readonly reasons: readonly Count[] }[];
}

export interface Count {
  readonly name: string;
  readonly count: number;
}

/** `share` is errors over the answers that were due; client errors (4xx) and `aborted` are none. Kinds: most first. */
export interface Errors {
  readonly count: number;
  /** Answers that were due: all but those of users who went away. */
  readonly of: number;
  readonly share: number | null;
  readonly kinds: readonly Count[];
  readonly clientErrors: number;
}

/** A quantile with fewer than 10 values beyond it is null, and one that lies among the unanswered; `max` is always known. */
export interface Quantiles {
  readonly count: number;
  /** Count as longer than any: a time-out does not make a model fast. */
  readonly unanswered: number;
  readonly mean: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  readonly max: number | null;
}

export interface ShadowReport {
  readonly shadow: string;
  /** As recorded rows say; null when none is recorded. */
  readonly referenceVersion: string | null;
  readonly candidateVersion: string | null;
  /** It runs the stable version: all it differs in is noise. Null when no row says so. */
  readonly twin: boolean | null;
  readonly pairs: number;
  /** Of `pairs`, those whose arm a rule forced. */
  readonly forced: number;
  readonly unreferenced: number;
  readonly refusedAlike: number;
  readonly sameStatus: number;
  readonly bodies: { readonly compared: number; readonly same: number };
  readonly outputs: readonly { readonly name: string; readonly compared: number; readonly same: number }[];
  readonly reference: SideReport;
  readonly candidate: SideReport;
  /** Candidate minus reference, of each pair. */
  readonly latencyDifference: Spread;
  readonly fields: readonly FieldReport[];
  readonly parity: Parity;
  readonly trend: readonly TrendPoint[];
  readonly examples: readonly Example[];
}

export interface SideReport {
  readonly errors: Errors;
  readonly latency: Quantiles;
  readonly featureFetch: Quantiles;
}

/** Of signed values. */
export interface Spread {
  readonly count: number;
  readonly mean: number | null;
  readonly min: number | null;
  readonly p05: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly max: number | null;
}

/** A share with its Wilson 95 % interval. */
export interface Share {
  readonly count: number;
  readonly of: number;
  readonly share: number | null;
  readonly low: number;
  readonly high: number;
}

export interface FieldReport {
  readonly name: string;
  readonly kind: Comparator['kind'];
  readonly disagreement: Share;
  readonly disagreeingElements: Share;
  /** Null when no pair also went to a twin. */
  readonly noise: Noise | null;
  readonly missing: { readonly reference: readonly Count[]; readonly candidate: readonly Count[] };
  readonly measures: readonly (Spread & { readonly measure: Measure })[];
  /** The numbers of each side; null for kinds without. */
  readonly values: { readonly reference: Spread; readonly candidate: Spread } | null;
  readonly drift: Drift | null;
  /** Elements by the class of both sides, most first, at most 20. */
  readonly confusion: readonly { readonly reference: string; readonly candidate: string; readonly count: number }[];
  readonly confusionNotListed: number;
  readonly flips: { readonly count: number; readonly amount: number } | null;
  /** Of candidate minus reference. */
  readonly histogram: readonly Bin[];
  /** In which any pair disagrees; most surely worst first: by the lower end of the interval. At most 20. */
  readonly segments: readonly SegmentReport[];
  readonly segmentsNotListed: number;
}

/** Among the `pairs` that also went to the twin. */
export interface Noise {
  readonly pairs: number;
  /** Share in which the twin disagrees with the reference. */
  readonly floor: number;
  /** The candidate's disagreement minus the floor. */
  readonly net: number;
  readonly candidateOnly: number;
  readonly twinOnly: number;
}

export type Alarm = 'none' | 'watch' | 'act';

/** Of the candidate's numbers against the reference's. `shift`: candidate's p50 over the reference's, minus 1. */
export interface Drift {
  readonly psi: number | null;
  readonly psiAlarm: Alarm;
  readonly ks: number | null;
  readonly ksPValue: number | null;
  readonly shift: number | null;
  readonly shiftAlarm: Alarm;
  readonly pairsEnough: boolean;
}

export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

export interface SegmentReport {
  readonly segment: string;
  readonly value: string;
  readonly disagreement: Share;
  /** p50 of candidate / reference; null for kinds without. */
  readonly ratio: number | null;
}

/** Whether both sides were asked the same, under the same conditions. */
export interface Parity {
  readonly pairs: number;
  readonly lines: readonly { readonly line: ParityLine; readonly unequal: number }[];
  /** Null when the release began before the period. */
  readonly warmUp: WarmUp | null;
}

/** p50 of latency in the release's first ten minutes, and after them. */
export interface WarmUp {
  readonly reference: { readonly first: number | null; readonly rest: number | null };
  readonly candidate: { readonly first: number | null; readonly rest: number | null };
}

export interface TrendPoint {
  readonly fromMs: number;
  readonly pairs: number;
  readonly referenceP95: number | null;
  readonly candidateP95: number | null;
  /** Share of pairs that disagree, by field. */
  readonly disagreement: Readonly<Record<string, number>>;
  /** Share of the compared bodies that differ. */
  readonly bodyDifferent: number | null;
}

/** A recorded pair that shows what the numbers mean. Values are cut to 80 characters; bodies are never here. */
export interface Example {
  readonly id: string;
  readonly timeMs: number;
  readonly traceId: string | null;
  readonly segments: Readonly<Record<string, string>>;
  readonly why: string;
  readonly reference: ExampleSide;
  readonly candidate: ExampleSide;
  readonly fields: readonly { readonly name: string; readonly reference: string; readonly candidate: string }[];
}

export interface ExampleSide {
  readonly status: number;
  readonly error: string | null;
  readonly latencyMs: number | null;
}
