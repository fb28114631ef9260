/** Plain comparison of two answers: status, body, named outputs of Open Inference answers, latency. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { Answer } from './answer.ts';
import type { Difference } from './difference.ts';
import { openInferenceOutputs } from './open-inference.ts';

export function compare(reference: Answer, candidate: Answer): Difference {
  const bodies = readBodies(reference, candidate);
  return {
    sameStatus: reference.status === candidate.status,
    body:
      typeof bodies === 'string'
        ? bodies
        : isDeepStrictEqual(bodies.reference, bodies.candidate)
          ? 'same'
          : 'different',
    outputs: typeof bodies === 'string' ? {} : compareOutputs(bodies),
    latencyDifferenceMs:
      reference.latencyMs === undefined || candidate.latencyMs === undefined
        ? undefined
        : candidate.latencyMs - reference.latencyMs,
  };
}

interface Bodies {
  readonly reference: unknown;
  readonly candidate: unknown;
}

/** Both bodies, as values where they are JSON, or why they cannot be compared. */
function readBodies(reference: Answer, candidate: Answer): Bodies | 'not-captured' | 'truncated' | 'encoded' {
  if (reference.body === undefined) return 'not-captured';
  const sides = [reference.body, candidate.body ?? NO_BODY];
  if (sides.some(({ bytes, totalBytes }) => bytes.length < totalBytes)) return 'truncated';
  if (sides.some(({ contentEncoding }) => contentEncoding !== '' && contentEncoding !== 'identity')) return 'encoded';
  return { reference: parsed(reference.body.bytes), candidate: parsed((candidate.body ?? NO_BODY).bytes) };
}

/** A candidate that never answered has an empty body: a mismatch, not an excuse. */
const NO_BODY: NonNullable<Answer['body']> = { bytes: Buffer.alloc(0), totalBytes: 0, contentEncoding: '' };

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return bytes;
  }
}

function compareOutputs({ reference, candidate }: Bodies): Record<string, boolean> {
  const expected = openInferenceOutputs(reference);
  const found = openInferenceOutputs(candidate);
  const result: Record<string, boolean> = {};
  for (const [name, data] of expected) result[name] = found.has(name) && isDeepStrictEqual(data, found.get(name));
  return result;
}
