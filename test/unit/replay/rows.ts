import type { ElementDifference, FieldDifference } from '../../../src/comparison/difference.ts';
import type { Missing } from '../../../src/prediction/prediction.ts';
import type { PredictionSpec } from '../../../src/prediction/spec.ts';
import type { RecordedRow } from '../../../src/recording/row.ts';

/** A number and a class. */
export const SPEC: PredictionSpec = {
  preset: 'json',
  batch: { at: undefined, key: undefined },
  fields: [
    { name: 'score', source: { at: '/score' }, compare: { kind: 'number', abs: 0.5, rel: 0 } },
    { name: 'label', source: { at: '/label' }, compare: { kind: 'class', threshold: undefined, amount: undefined } },
  ],
  timings: { featureFetch: undefined },
};

export function element(reference: unknown, changes: Partial<ElementDifference> = {}): ElementDifference {
  return {
    key: undefined,
    agree: true,
    missing: { reference: undefined, candidate: undefined },
    reference,
    candidate: reference,
    measures: {},
    amount: undefined,
    ...changes,
  };
}

export function missing(reference: Missing): ElementDifference {
  return element(undefined, { agree: false, missing: { reference, candidate: undefined } });
}

export function field(name: string, kind: FieldDifference['kind'], ...elements: ElementDifference[]): FieldDifference {
  return { name, kind, compared: true, agree: true, elements, cut: 0 };
}

/** A pair of which the request was recorded: score 1, label a. */
export function rowOf(changes: Partial<RecordedRow> = {}): RecordedRow {
  return {
    id: '0'.repeat(31).concat('1'),
    timeMs: 1_700_000_000_000,
    rollout: 'ranker',
    release: '2.0.0-00000000',
    revision: 1,
    weightBp: 0,
    arm: 'stable',
    reason: 'hash',
    segments: { country: 'NZ' },
    unit: '',
    shadow: 'candidate',
    referenced: true,
    answeredBy: 'reference',
    reference: {
      version: '1.8.0',
      cluster: 'ranker-v1',
      status: 200,
      grpcStatus: undefined,
      error: undefined,
      latencyMs: 10,
      featureFetchMs: 2,
      body: undefined,
    },
    candidate: undefined,
    sameStatus: true,
    body: 'same',
    agree: true,
    latencyDifferenceMs: 0,
    userLatencyMs: 12,
    fields: JSON.stringify([field('score', 'number', element(1)), field('label', 'class', element('a'))]),
    traceId: undefined,
    kept: false,
    request: {
      method: 'POST',
      path: '/rank?q=1',
      contentType: 'application/json',
      body: '{"user":7}',
      redacted: false,
    },
    ...changes,
  };
}
