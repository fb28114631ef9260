/**
 * What a guard is shown: one closed block of 10 s at a time, already cut to its rollout, release and segment. Plain data.
 * A method is pure functions over a plain state that survives JSON: after a restart it goes on bit by bit as before.
 */
import type { ArmSums, PairSums } from '../evidence/sums.ts';
import type { GuardSpec } from './spec.ts';
import type { Subject } from './verdict.ts';

/** Both arms under one effective weight; never pooled with another. */
export interface ArmsAtWeight {
  readonly weightBp: number;
  readonly canary: ArmSums | undefined;
  readonly stable: ArmSums | undefined;
}

/** Units whose exposures have ripened since the last block, by arm: what is new, given once, to be added to what was. */
export interface RipeUnits {
  readonly weightBp: number;
  readonly arm: 'stable' | 'canary';
  /** Of one unit: exposures, and the outcome's value over them, newly ripe. */
  readonly units: readonly { readonly unit: string; readonly exposures: number; readonly value: number }[];
}

export interface GuardInput {
  /** Wall time of the block's start, a label; and how long it was. */
  readonly startMs: number;
  readonly durationMs: number;
  /** The sidecar was up, and not more than 1 % of what should have been paired is unmatched. */
  readonly covered: boolean;
  /** Within GuardSpec.warmUpMs after a change of weight. */
  readonly warmingUp: boolean;
  readonly subject: Subject;
  readonly arms: readonly ArmsAtWeight[];
  /** Pairs with the shadow of the canary's version (or mirror-back), by weight. */
  readonly pairs: readonly { readonly weightBp: number; readonly pair: PairSums }[];
  /** What stable did alone in this block, for baselines. */
  readonly outcomes: readonly RipeUnits[];
  /** Newest answer of the metrics source; undefined: none since the last block. */
  readonly sample: number | undefined;
  /** Units first seen in this block, by arm, under one weight: for the sample ratio. */
  readonly assigned: readonly { readonly weightBp: number; readonly canary: number; readonly stable: number }[];
  /** Decisions of both arms, and those another cluster delivered. */
  readonly delivered: { readonly decisions: number; readonly elsewhere: number };
}

/** What a method knows now. Shares are fractions, latencies ms. */
export interface Finding {
  readonly value: number | undefined;
  readonly lower: number | undefined;
  readonly upper: number | undefined;
  readonly n: number;
  readonly eValue: number | undefined;
  /** `harm`: proven worse than the threshold allows; `fine`: proven within it; undefined: cannot tell yet. */
  readonly shown: 'harm' | 'fine' | undefined;
  /** Covered time it rests on. */
  readonly windowMs: number;
  readonly needs: { readonly n: number; readonly ms: number | undefined } | undefined;
}

/** Numbers of one block that are added, name by name, over the trailing window of a limit. */
export type LimitSums = Readonly<Record<string, number>>;

/** Such sums, read. */
export interface LimitSample {
  /** In the unit of the threshold; undefined: there is none. */
  readonly value: number | undefined;
  /** What GuardSpec.minN is held against: requests, pairs, units, answers of the metrics source. */
  readonly n: number;
  /** Beyond the threshold: exact where a counter says so, though the value shown is rounded to a bin. */
  readonly broken: boolean;
}

export interface GuardMethod<State> {
  /** What a limit looks at; undefined: nothing was seen, or the method has no limit. Does not look at `covered` and `warmingUp`. */
  sums(spec: GuardSpec, input: GuardInput): LimitSums | undefined;
  /** Of the sums of a window. */
  read(spec: GuardSpec, sums: LimitSums): LimitSample;
  start(spec: GuardSpec): State;
  /** Takes one block; blocks come in order. May change `state` and returns it. */
  step(spec: GuardSpec, state: State, input: GuardInput): State;
  find(spec: GuardSpec, state: State): Finding;
}
