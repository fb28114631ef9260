/** Plain comparison of two answers: status, body, named outputs of Open Inference answers, latency. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { Answer, CapturedBody } from './answer.ts';
import type { Difference } from './difference.ts';
import { openInferenceOutputs } from './open-inference.ts';

export function compare(reference: Answer, candidate: Answer): Difference {
  return {
    sameStatus: reference.status === candidate.status && reference.grpcStatus === candidate.grpcStatus,
    ...compareBodies(reference.body, candidate.body),
    latencyDifferenceMs:
      reference.latencyMs === undefined || candidate.latencyMs === undefined
        ? undefined
        : candidate.latencyMs - reference.latencyMs,
  };
}

function compareBodies(
  reference: CapturedBody | undefined,
  candidate: CapturedBody | undefined,
): Pick<Difference, 'body' | 'notJson' | 'outputs'> {
  // a candidate without an answer, or with one that no client can decode, is a mismatch and not an excuse
  const answer = candidate?.unread === 'undecodable' ? undefined : candidate;
  if (reference === undefined) return { body: 'not-captured', ...NOT_COMPARED };
  const why = reference.unread ?? answer?.unread;
  if (why !== undefined) return { body: why, ...NOT_COMPARED };
  const expected = readValue(reference);
  const found = answer && readValue(answer);
  const same = answer !== undefined && (reference.bytes.equals(answer.bytes) || isSame(expected, found));
  return {
    body: same ? 'same' : 'different',
    notJson: isNotJson(reference, expected) || (answer !== undefined && isNotJson(answer, found)),
    outputs: compareOutputs(expected, found),
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
  return json && bytes.length > 0 && value === bytes;
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
