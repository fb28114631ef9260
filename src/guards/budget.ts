/**
 * What the guards of a rollout may err together: a rollback is fired by any of them, so the chances of a false alarm add up.
 * Sources: research/statistics.md 9, multiplicity.ts.
 */
import { MAX_ALPHA_SUM } from '../evidence/statistics/multiplicity.ts';
import { eachOf } from './select.ts';
import type { GuardMetric, GuardSpec } from './spec.ts';
import { restsOnEvidence } from './subject.ts';

/** From this quantile on a tail is rare, and gets half of what is usual. */
const RARE_QUANTILE = 0.99;

/** Chance of a false alarm in the life of a release, where the guard does not say it. */
export function defaultAlpha(what: GuardMetric): number {
  switch (what.metric) {
    case 'srm':
      return 0.0005;
    case 'latency':
      return what.quantile < RARE_QUANTILE ? 0.01 : 0.005;
    case 'error-rate':
    case 'outcome':
      return 0.01;
    default:
      return 0.005;
  }
}

export interface AlphaBudget {
  readonly sum: number;
  readonly max: number;
  /** Of those that count, the largest first. */
  readonly parts: readonly { readonly guard: string; readonly alpha: number }[];
  /** Undefined: it is kept to. */
  readonly fault: string | undefined;
}

/**
 * What counts is evidence that can stop a rollout: not plain limits (their false alarms are not bounded), not a dry run, not
 * alerts, and not `each` value of a segment, which e-BH bounds by itself.
 */
export function alphaBudgetOf(guards: readonly GuardSpec[]): AlphaBudget {
  const parts = guards
    .filter((guard) => restsOnEvidence(guard) && !guard.dryRun && guard.action !== 'alert')
    .filter((guard) => guard.what.metric !== 'no-data' && eachOf(guard) === undefined)
    .map(({ name, alpha }) => ({ guard: name, alpha }))
    .sort((one, other) => other.alpha - one.alpha);
  const sum = Number(parts.reduce((total, { alpha }) => total + alpha, 0).toPrecision(12));
  const list = parts.map(({ guard, alpha }) => `${guard} ${alpha}`).join(' + ');
  const fault =
    sum > MAX_ALPHA_SUM
      ? `guards: expected alphas that sum to at most ${MAX_ALPHA_SUM}, found ${list} = ${sum}: so often may a healthy release be stopped`
      : undefined;
  return { sum, max: MAX_ALPHA_SUM, parts, fault };
}
