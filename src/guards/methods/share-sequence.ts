/**
 * Interval of a share of independent trials that holds at every look and every size: all p that the beta-binomial mixture
 * (Howard, Ramdas, Bernoulli 28:1704, 2022; quantile-interval.ts) does not exclude. No events is data: the upper end falls
 * with the number of trials.
 */
import { bisect } from '../../evidence/statistics/bisect.ts';
import { lnQuantileEvidence } from '../../evidence/statistics/quantile-interval.ts';

const EDGE = 1e-9;

export interface ShareInterval {
  readonly lower: number;
  readonly upper: number;
}

/** `plannedN`: narrowest there. 0..1 without trials. */
export function shareSequence(events: number, n: number, alpha: number, plannedN: number): ShareInterval {
  if (n === 0) return { lower: 0, upper: 1 };
  const share = events / n;
  const excess = (p: number) => lnQuantileEvidence(events, n, p, plannedN) + Math.log(alpha);
  const upper = events === n || excess(1 - EDGE) < 0 ? 1 : bisect(excess, Math.max(share, EDGE), 1 - EDGE);
  const lower = events === 0 || excess(EDGE) < 0 ? 0 : bisect(excess, EDGE, Math.min(share, 1 - EDGE));
  return { lower, upper };
}
