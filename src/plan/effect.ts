/**
 * What a guard is meant to see, as two shares: what is right, and what is just too bad. From them follows how much it takes.
 * Latencies are taken as lognormal with sigma 0.5, as in research/statistics.md 13.
 */
import { normalCdf, normalQuantile } from '../evidence/statistics/special.ts';
import type { GuardSpec } from '../guards/spec.ts';
import type { Traffic } from './traffic.ts';

const LATENCY_SIGMA = 0.5;
/** A comparison without a margin is meant to find this much. */
const LEAST_RELATIVE = 0.2;
/** A sample ratio that is off by this much is worth a halt. */
const SPLIT_RELATIVE = 0.05;

export interface Effect {
  /** Share when all is well. */
  readonly good: number;
  /** Share that must be found. */
  readonly bad: number;
  /** Of which the shares are: `errors`, `slower than p95`, ... */
  readonly of: string;
  /** Against a fixed share, or the other arm. */
  readonly against: 'limit' | 'stable';
}

/** Undefined: how much it varies is only known once it was seen. */
export function effectOf({ what, threshold }: GuardSpec, weight: number, traffic: Traffic): Effect | undefined {
  switch (what.metric) {
    case 'latency':
    case 'feature-fetch': {
      const good = 1 - what.quantile;
      const of = `slower than p${Number((100 * what.quantile).toPrecision(6))}`;
      if (!('relative' in threshold)) return { ...twice(good), of, against: 'limit' };
      const shift = Math.log(1 + (threshold.relative || LEAST_RELATIVE)) / LATENCY_SIGMA;
      return { good, bad: 1 - normalCdf(normalQuantile(what.quantile) - shift), of, against: 'stable' };
    }
    case 'error-rate': {
      const of = 'errors';
      if (threshold.kind === 'max' || threshold.kind === 'min')
        return { ...twice(threshold.value), of, against: 'limit' };
      return { ...apart(traffic.errorRate, margin(threshold, traffic.errorRate)), of, against: 'stable' };
    }
    case 'outcome': {
      const down = threshold.kind === 'below-stable' ? -1 : 1;
      const by = down * margin(threshold, traffic.outcomeRate);
      return { ...apart(traffic.outcomeRate, by), of: `outcomes "${what.outcome}"`, against: 'stable' };
    }
    case 'pair.agreement':
    case 'pair.overlap':
      return 'value' in threshold
        ? {
            ...twice(1 - threshold.value),
            of: what.metric === 'pair.overlap' ? 'not in common' : 'disagreeing',
            against: 'limit',
          }
        : undefined;
    case 'pair.missing':
      return 'value' in threshold
        ? { ...twice(threshold.value), of: 'without a prediction', against: 'limit' }
        : undefined;
    case 'srm':
      return weight > 0 && weight < 1
        ? { ...apart(weight, weight * SPLIT_RELATIVE), of: 'units on canary', against: 'limit' }
        : undefined;
    default:
      return undefined;
  }
}

function twice(allowed: number): Pick<Effect, 'good' | 'bad'> {
  return apart(allowed, allowed);
}

/** No share is quite nothing or all: of those nothing could be told apart. */
const LEAST = 1e-6;

/** Two shares that are not the same, inside of 0..1; what goes down goes down by half at most. */
function apart(share: number, by: number): Pick<Effect, 'good' | 'bad'> {
  const good = Math.min(1 - 2 * LEAST, Math.max(LEAST, share));
  const bad = by < 0 ? good + Math.max(Math.min(by, -good / 1_000), -good / 2) : good + Math.max(by, LEAST);
  return { good, bad: Math.min(1 - LEAST, bad) };
}

function margin(threshold: GuardSpec['threshold'], base: number): number {
  if ('points' in threshold) return threshold.points || base;
  return 'relative' in threshold ? base * (threshold.relative || LEAST_RELATIVE) : base;
}
