/** Pairs with as little as kept and row need. */
import type { ElementDifference, FieldDifference } from '../../../src/comparison/difference.ts';
import type { ErrorKind, Pair, Side } from '../../../src/pairing/pair.ts';

export function sideOf(changes: Partial<Side> = {}): Side {
  return {
    version: '1.0',
    cluster: 'v1',
    status: 200,
    grpcStatus: undefined,
    latencyMs: 10,
    details: 'via_upstream',
    error: undefined,
    featureFetchMs: undefined,
    ...changes,
  };
}

export function pairOf(number: number, changes: Partial<Pair> = {}, fields: readonly FieldDifference[] = []): Pair {
  return {
    id: number.toString(16).padStart(32, '0'),
    timeMs: 1_700_000_000_000 + number,
    rollout: 'ranker',
    release: 'r1',
    revision: 1,
    weightBp: 0,
    arm: 'stable',
    reason: 'hash',
    segments: {},
    shadow: 'candidate',
    referenced: true,
    reference: sideOf(),
    candidate: sideOf({ version: '2.0', cluster: 'v2' }),
    answeredBy: 'reference',
    difference: {
      sameStatus: true,
      body: 'same',
      notJson: false,
      outputs: {},
      latencyDifferenceMs: 0,
      fields,
      refusedAlike: false,
    },
    unequal: [],
    unit: 'a'.repeat(16),
    userLatencyMs: 12,
    traceId: undefined,
    ...changes,
  };
}

export function failing(error: ErrorKind): Partial<Pair> {
  return { candidate: sideOf({ status: 0, error }) };
}

export function elementOf(
  reference: unknown,
  candidate: unknown,
  changes: Partial<ElementDifference> = {},
): ElementDifference {
  const isNumber = typeof reference === 'number' && typeof candidate === 'number';
  return {
    key: undefined,
    agree: reference === candidate,
    missing: { reference: undefined, candidate: undefined },
    reference,
    candidate,
    measures: isNumber ? { difference: candidate - reference } : {},
    amount: undefined,
    ...changes,
  };
}

export function fieldOf(
  name: string,
  elements: readonly ElementDifference[],
  changes: Partial<FieldDifference> = {},
): FieldDifference {
  const agree = elements.every((element) => element.agree);
  return { name, kind: 'number', compared: true, agree, elements, cut: 0, ...changes };
}
