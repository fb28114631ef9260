/** Which method judges which metric. */
import type { GuardMethod } from './input.ts';
import { errorRateMethod } from './methods/error-rate.ts';
import { exposureMethod } from './methods/exposure.ts';
import { latencyMethod } from './methods/latency.ts';
import { noDataMethod } from './methods/no-data.ts';
import { outcomeMethod } from './methods/outcome.ts';
import { pairAgreementMethod } from './methods/pair-agreement.ts';
import { pairDifferenceMethod } from './methods/pair-difference.ts';
import { pairDriftMethod } from './methods/pair-drift.ts';
import { pairMissingMethod } from './methods/pair-missing.ts';
import { pairOverlapMethod } from './methods/pair-overlap.ts';
import { pairShiftMethod } from './methods/pair-shift.ts';
import { prometheusMethod } from './methods/prometheus.ts';
import { srmMethod } from './methods/srm.ts';
import type { GuardMetric } from './spec.ts';

const METHODS: Readonly<Record<GuardMetric['metric'], unknown>> = {
  latency: latencyMethod,
  'feature-fetch': latencyMethod,
  'error-rate': errorRateMethod,
  'pair.agreement': pairAgreementMethod,
  'pair.difference': pairDifferenceMethod,
  'pair.shift': pairShiftMethod,
  'pair.overlap': pairOverlapMethod,
  'pair.missing': pairMissingMethod,
  'pair.drift': pairDriftMethod,
  outcome: outcomeMethod,
  srm: srmMethod,
  exposure: exposureMethod,
  prometheus: prometheusMethod,
  'no-data': noDataMethod,
};

export function methodOf({ metric }: GuardMetric): GuardMethod<unknown> {
  return METHODS[metric] as GuardMethod<unknown>;
}
