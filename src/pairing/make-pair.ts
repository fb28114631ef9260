/** From two joined exchanges to a pair: which side is the reference, what differs. Pure. */
import { compare } from '../comparison/compare.ts';
import type { Answer } from '../prediction/answer.ts';
import type { Extractor } from '../prediction/extract.ts';
import type { Prediction } from '../prediction/prediction.ts';
import type { PredictionSpec } from '../prediction/spec.ts';
import type { RolloutSnapshot, Version } from '../routing/snapshot.ts';
import { errorKindOf, isError } from './error-kind.ts';
import type { Exchange } from './exchange.ts';
import type { Match } from './join.ts';
import type { Pair, Side } from './pair.ts';
import { unequalLines } from './parity.ts';

/** Of a rollout with `prediction:`: how to read an answer, and what production's said. */
export interface Predicted {
  readonly spec: PredictionSpec;
  readonly extractor: Extractor;
  readonly production: Prediction;
}

/** The pair of `match` under the rollout as it was when the request was decided; undefined when its slot was empty. */
export function makePair(
  { production, shadow }: Match,
  rollout: RolloutSnapshot,
  predicted?: Predicted,
): Pair | undefined {
  const copy = rollout.shadows[shadow.slot - 1];
  if (copy === undefined) return undefined;
  const answering = deliveredVersion(rollout, production.cluster) ?? rollout[production.arm];
  const stable = rollout.stable.version;
  // a twin disagrees with production, never the other way round
  const swapped = answering.version !== stable && copy.version === stable;
  const [reference, candidate] = swapped ? [shadow, production] : [production, shadow];
  const [referenceVersion, candidateVersion] = swapped ? [copy, answering] : [answering, copy];
  // a user who went away before the end says nothing of either model
  const isWhole = errorKindOf(production) !== 'aborted';
  const predictions = predicted && isWhole ? predictionsOf(predicted, production, shadow, swapped) : undefined;
  const { decision } = production;
  return {
    id: production.id,
    timeMs: production.timeMs,
    rollout: rollout.name,
    release: decision.release,
    revision: decision.revision,
    weightBp: decision.weightBp,
    arm: production.arm,
    reason: decision.reason,
    segments: decision.segments,
    shadow: copy.name,
    referenced: answering.version === stable || copy.version === stable,
    reference: sideOf(reference, referenceVersion, predictions?.reference),
    candidate: sideOf(candidate, candidateVersion, predictions?.candidate),
    answeredBy: swapped ? 'candidate' : 'reference',
    difference: compare(reference, candidate, predicted && predictions && compared(predicted, predictions, rollout)),
    unequal: unequalLines(production.request, shadow.request),
    unit: decision.unit,
    userLatencyMs: production.userLatencyMs,
    traceId: production.span?.traceId,
  };
}

interface Predictions {
  readonly reference: Prediction;
  readonly candidate: Prediction;
}

/** What can be read of an exchange: nothing, when its answer was cut off after its head. */
export function answerOf(exchange: Exchange): Answer {
  return isError(errorKindOf(exchange)) && exchange.status < 500 ? { ...exchange, status: 0 } : exchange;
}

/** Both answers were asked by the same request: production's copy of it is the one that was captured whole. */
function predictionsOf(
  { extractor, production: said }: Predicted,
  production: Exchange,
  shadow: Exchange,
  swapped: boolean,
): Predictions {
  const copied = extractor.extract(answerOf(shadow), production.request.body);
  return swapped ? { reference: copied, candidate: said } : { reference: said, candidate: copied };
}

function compared({ spec }: Predicted, predictions: Predictions, { baseline }: RolloutSnapshot) {
  const judgedByOutcome = baseline !== undefined && 'outcome' in baseline;
  return { spec, ...predictions, compared: !judgedByOutcome };
}

/** What the user really got: Envoy's routes may not do what was decided. */
function deliveredVersion({ stable, canary }: RolloutSnapshot, cluster: string): Version | undefined {
  return [stable, canary].find((version) => version.cluster === cluster);
}

/** What a pair says of one of its exchanges. */
export function sideOf(exchange: Exchange, { version }: Version, prediction: Prediction | undefined): Side {
  const { cluster, status, grpcStatus, latencyMs, details } = exchange;
  const error = errorKindOf(exchange);
  return {
    version,
    cluster,
    status,
    grpcStatus,
    latencyMs,
    details,
    error,
    featureFetchMs: prediction?.featureFetchMs,
  };
}
