/** One exchange of production, into the sums of its arm. */
import { isError } from '../pairing/error-kind.ts';
import type { ProductionExchange } from '../pairing/exchange.ts';
import type { ErrorKind } from '../pairing/pair.ts';
import type { Missing, Prediction } from '../prediction/prediction.ts';
import type { PredictionSpec } from '../prediction/spec.ts';
import { heldIn } from './merge.ts';
import { add, newSketch, VALUE_ALPHA } from './sketch.ts';
import type { ArmSums, Counts } from './sums.ts';

/** What is known of an exchange beside what Envoy logged. */
export interface ExchangeFacts {
  /** Undefined = none. */
  readonly error: ErrorKind | undefined;
  /** Both undefined: the rollout has no `prediction:`. */
  readonly prediction: Prediction | undefined;
  readonly spec: PredictionSpec | undefined;
  /** Fields whose values are not to be summed. */
  readonly hidden?: ReadonlySet<string>;
}

/** The reason word of decisions that a rule with `arm:` forced; see routing/decide.ts. */
export function isForced(reason: string): boolean {
  return reason === 'rule';
}

/**
 * A forced decision is counted and nothing else of it. A user who went away before the end is a request, and says nothing of
 * latency or of the prediction.
 */
export function addExchangeTo(
  sums: ArmSums,
  { decision, status, latencyMs, userLatencyMs }: ProductionExchange,
  { error, prediction, spec, hidden }: ExchangeFacts,
): void {
  if (isForced(decision.reason)) {
    sums.forced++;
    return;
  }
  sums.requests++;
  if (error !== undefined) bump(sums.errors, error);
  if (error !== undefined && !isError(error)) return;
  if (isClientError(status)) sums.clientErrors++;
  if (latencyMs !== undefined) add(sums.latency, latencyMs);
  if (userLatencyMs !== undefined) add(sums.userLatency, userLatencyMs);
  if (prediction === undefined || spec === undefined) return;
  if (prediction.featureFetchMs !== undefined) add(sums.featureFetch, prediction.featureFetchMs);
  for (const { name, compare } of spec.fields) {
    const isNumber = compare.kind === 'number' || (compare.kind === 'class' && compare.threshold !== undefined);
    const missing = addValues(sums, prediction, name, isNumber && hidden?.has(name) !== true);
    if (missing !== undefined) {
      bump(
        heldIn(sums.missing, name, () => ({})),
        missing,
      );
    }
  }
}

/** Why the answer lacks the field in its first element that does; undefined when it is in all. */
function addValues(sums: ArmSums, { missing, elements }: Prediction, name: string, isSummed: boolean) {
  if (elements.length === 0) return missing ?? 'no-element';
  let first: Missing | undefined;
  for (const { fields } of elements) {
    const extracted = fields[name];
    if (extracted === undefined || 'missing' in extracted) first ??= extracted?.missing ?? missing ?? 'no-field';
    else if (isSummed && typeof extracted.value === 'number') {
      add(
        heldIn(sums.values, name, () => newSketch(VALUE_ALPHA)),
        extracted.value,
      );
    }
  }
  return first;
}

/** HTTP 4xx. */
export function isClientError(status: number): boolean {
  return status >= 400 && status < 500;
}

export function bump<Name extends string>(counts: Counts<Name>, name: Name): void {
  const counted: Partial<Record<string, number>> = counts;
  counted[name] = (counted[name] ?? 0) + 1;
}
