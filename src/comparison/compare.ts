/** Two answers of a pair: status, body, latency, and the fields of a `prediction:`. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { Answer, CapturedBody } from '../prediction/answer.ts';
import { openInferenceOutputs } from '../prediction/open-inference.ts';
import type { Prediction } from '../prediction/prediction.ts';
import type { PredictionSpec } from '../prediction/spec.ts';
import { compareFields } from './compare-fields.ts';
import type { Difference } from './difference.ts';

/** What was taken out of the two answers; `compared: false`: production is no model, its answer holds no prediction. */
export interface Predicted {
  readonly spec: PredictionSpec;
  readonly reference: Prediction;
  readonly candidate: Prediction;
  readonly compared: boolean;
}

/** Without `predicted` nothing is said about fields; with it nothing about Open Inference outputs, because fields say it. */
export function compare(reference: Answer, candidate: Answer, predicted?: Predicted): Difference {
  const sameStatus = reference.status === candidate.status && reference.grpcStatus === candidate.grpcStatus;
  const refusedAlike = predicted !== undefined && sameStatus && haveBothRefused(predicted);
  return {
    sameStatus,
    ...compareBodies(reference.body, candidate.body, predicted === undefined),
    latencyDifferenceMs:
      reference.latencyMs === undefined || candidate.latencyMs === undefined
        ? undefined
        : candidate.latencyMs - reference.latencyMs,
    fields:
      predicted === undefined || refusedAlike
        ? []
        : compareFields(predicted.spec, predicted.reference, predicted.candidate, predicted),
    refusedAlike,
  };
}

function haveBothRefused({ reference, candidate, compared }: Predicted): boolean {
  return compared && reference.missing === 'refused' && candidate.missing === 'refused';
}

function compareBodies(
  reference: CapturedBody | undefined,
  candidate: CapturedBody | undefined,
  withOutputs: boolean,
): Pick<Difference, 'body' | 'notJson' | 'outputs'> {
  // a candidate without an answer, or with one that no client can decode, is a mismatch and not an excuse
  const answer = candidate?.unread === 'undecodable' ? undefined : candidate;
  if (reference === undefined) return { body: 'not-captured', ...NOT_COMPARED };
  const why = reference.unread ?? answer?.unread;
  if (why !== undefined) return { body: why, ...NOT_COMPARED };
  const equal = answer !== undefined && reference.bytes.equals(answer.bytes);
  const expected = readValue(reference);
  const found = equal ? expected : answer && readValue(answer);
  return {
    body: equal || (answer !== undefined && isSame(expected, found)) ? 'same' : 'different',
    notJson: isNotJson(reference, expected) || (answer !== undefined && isNotJson(answer, found)),
    outputs: withOutputs ? compareOutputs(expected, found) : {},
  };
}

const NOT_COMPARED = { notJson: false, outputs: {} };

/** The value where the body is JSON, else its bytes. */
function readValue({ bytes }: CapturedBody): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return bytes;
  }
}

function isNotJson({ json, bytes }: CapturedBody, value: unknown): boolean {
  return json && bytes.length > 0 && Buffer.isBuffer(value);
}

/** Values too deep to be walked are not the same. */
function isSame(expected: unknown, found: unknown): boolean {
  try {
    return isDeepStrictEqual(expected, found);
  } catch {
    return false;
  }
}

function compareOutputs(reference: unknown, candidate: unknown): Record<string, boolean> {
  const expected = openInferenceOutputs(reference);
  const found = openInferenceOutputs(candidate);
  const result: Record<string, boolean> = {};
  for (const [name, data] of expected) result[name] = found.has(name) && isSame(data, found.get(name));
  return result;
}
