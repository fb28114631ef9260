/** Fisher's exact test, for fewer than 5 expected events in an arm. One fixed look. */
import { checkEvents } from './domain.ts';
import type { Share } from './proportions.ts';
import { lnBinomialPmf, lnSumExp } from './special.ts';

/**
 * P(the canary has so many events or more | all events), were both arms alike: the hypergeometric tail. Whole numbers; the
 * sum has at most as many terms as there are events. Throws RangeError.
 */
export function fisherGreater(canary: Share, stable: Share): number {
  checkEvents('canary', canary.events, canary.trials);
  checkEvents('stable', stable.events, stable.trials);
  const [n1, n2] = [canary.trials, stable.trials];
  const events = canary.events + stable.events;
  // A hypergeometric probability is b(k; n1) b(K - k; n2) / b(K; n1 + n2) at any p; near K/N none of the three underflows.
  const p = events / (n1 + n2);
  const terms: number[] = [];
  for (let k = canary.events; k <= Math.min(events, n1); k++) {
    terms.push(lnBinomialPmf(k, n1, p) + lnBinomialPmf(events - k, n2, p));
  }
  return Math.min(1, Math.exp(lnSumExp(terms) - lnBinomialPmf(events, n1 + n2, p)));
}

/** The smallest of the four expected counts, were both arms alike; below 5 ask Fisher. */
export function leastExpected(canary: Share, stable: Share): number {
  const total = canary.trials + stable.trials;
  const events = canary.events + stable.events;
  return (Math.min(canary.trials, stable.trials) * Math.min(events, total - events)) / total;
}
