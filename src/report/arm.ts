/** What one arm answered, at one effective weight. Pure. */
import { summarizeArms } from '../evidence/summary.ts';
import { countsOf, errorsOf } from './errors.ts';
import type { GatheredArm } from './gather.ts';
import { quantilesOf } from './read-sketch.ts';
import type { ArmReport } from './report.ts';

/** `coveredMs`: how much of the time in which the arm was seen has evidence. */
export function armReport({ key, sums }: GatheredArm, coveredMs: number): ArmReport[] {
  return summarizeArms([{ key, arm: sums }], coveredMs).map((summary) => ({
    arm: key.arm,
    weightBp: key.weightBp,
    requests: summary.requests,
    forced: summary.forced,
    perSecond: summary.requestsPerSecond ?? null,
    errors: errorsOf(summary),
    latency: quantilesOf(sums.latency, summary.latency.unanswered),
    userLatency: quantilesOf(sums.userLatency),
    featureFetch: quantilesOf(sums.featureFetch),
    missing: summary.missing.map(({ field, reasons }) => ({ field, reasons: countsOf(reasons) })),
  }));
}
