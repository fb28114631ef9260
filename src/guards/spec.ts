/** What `stages:` and `guards:` of a rollout say, complete and plain. Shares are fractions (0.1 % = 0.001), times milliseconds. */
import type { Measure } from '../comparison/difference.ts';

export interface StageSpec {
  readonly name: string;
  readonly weightBp: number;
  /** Segment name to the values in scope; empty = everybody. */
  readonly scope: Readonly<Record<string, readonly string[]>>;
  /** All of `timeMs` (covered), `pairs` and `requests` (on canary). Not promoted within `atMostMs` beyond it: pauses. */
  readonly hold: {
    readonly timeMs: number;
    readonly pairs: number;
    readonly requests: number;
    readonly atMostMs: number;
  };
  readonly approve: 'automatic' | 'required';
}

/**
 * `limit`: a plain threshold with `forMs`; `stable`: against the stable arm (or, on pairs, against the reference). A margin is
 * `relative` (0.1 = 10 % of stable's value) or `points` (absolute).
 */
export type Threshold =
  | { readonly kind: 'max' | 'min'; readonly value: number }
  | { readonly kind: 'above-stable' | 'below-stable'; readonly relative: number }
  | { readonly kind: 'above-stable' | 'below-stable'; readonly points: number };

export type GuardMetric =
  /** ms at `quantile` of what answers users (or of the candidate in pairs). */
  | { readonly metric: 'latency'; readonly quantile: number }
  | { readonly metric: 'feature-fetch'; readonly quantile: number }
  /** Share of requests with an error (not 4xx, not aborted). */
  | { readonly metric: 'error-rate' }
  /** Share of pairs that agree. `net`: minus what the twin disagrees about. */
  | { readonly metric: 'pair.agreement'; readonly field: string; readonly net: boolean }
  /** Mean of a measure over pairs. */
  | { readonly metric: 'pair.difference'; readonly field: string; readonly measure: Measure }
  /** |quantile of candidate / quantile of reference - 1|. */
  | { readonly metric: 'pair.shift'; readonly field: string; readonly quantile: number }
  | { readonly metric: 'pair.overlap'; readonly field: string }
  /** Share of pairs in which the candidate has no prediction. */
  | { readonly metric: 'pair.missing'; readonly field: string }
  | { readonly metric: 'pair.drift'; readonly field: string; readonly statistic: 'psi' | 'ks' }
  /** Outcomes of the canary arm against stable's, by unit. */
  | {
      readonly metric: 'outcome';
      readonly outcome: string;
      readonly of: 'ratio' | 'mean' | 'per-unit';
      /** Exposures younger than this are not looked at, in either arm. */
      readonly attributionMs: number;
    }
  | { readonly metric: 'srm' }
  /** Share of decisions whose cluster was not the one that delivered. */
  | { readonly metric: 'exposure' }
  | { readonly metric: 'prometheus'; readonly url: string; readonly query: string; readonly everyMs: number }
  /** Nothing to look at for `forMs`. */
  | { readonly metric: 'no-data' };

export interface GuardSpec {
  readonly name: string;
  readonly what: GuardMetric;
  readonly threshold: Threshold;
  /** A limit must be broken this long (covered time) before it fails; 0 = at once. */
  readonly forMs: number;
  /** Only below (above, for `min`) this the count of `forMs` starts anew; undefined = any good sample does (strict). */
  readonly clear: number | undefined;
  /** Trailing window a limit looks at. */
  readonly windowMs: number;
  /** Fewer in the window: no sample. */
  readonly minN: number;
  readonly missing: 'hold' | 'breach' | 'ignore';
  /** `e-value`: sequential, `alpha` is the chance of a false alarm in the life of a release; `none`: limits only. */
  readonly evidence: 'e-value' | 'none';
  readonly alpha: number;
  /** After a change of weight, not looked at (not for limits of what answers users). */
  readonly warmUpMs: number;
  readonly action: 'block' | 'pause' | 'rollback' | 'alert';
  /**
   * `shown`: a stage is not left before it is shown to be fine; `unless-harm`: only harm, or no data, holds it up. Of an alert
   * it means nothing.
   */
  readonly promote: 'shown' | 'unless-harm';
  /** Shown, and moves nothing. */
  readonly dryRun: boolean;
  /** Only these segment values; empty = all traffic. `each` = every value on its own, by e-BH (alert and pause only). */
  readonly scope: Readonly<Record<string, readonly string[] | 'each'>>;
}
