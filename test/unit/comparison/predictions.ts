import type { Element, Extracted, Missing, Prediction } from '../../../src/prediction/prediction.ts';
import type { Comparator, PredictionSpec } from '../../../src/prediction/spec.ts';

/** Each field has the name of its comparator's kind. */
export function spec(comparators: readonly Comparator[], key?: string): PredictionSpec {
  return {
    preset: 'json',
    batch: { at: undefined, key },
    fields: comparators.map((compare) => ({ name: compare.kind, source: { at: `/${compare.kind}` }, compare })),
    timings: { featureFetch: undefined },
  };
}

/** An element whose fields have these values. */
export function element(values: Record<string, unknown>, key?: string): Element {
  const fields = Object.entries(values).map(([name, value]): [string, Extracted] => [name, { value }]);
  return { key, fields: Object.fromEntries(fields) };
}

export function prediction(elements: readonly Element[], changes: Partial<Prediction> = {}): Prediction {
  return { missing: undefined, elements, cut: 0, featureFetchMs: undefined, ...changes };
}

export function missing(why: Missing): Prediction {
  return prediction([], { missing: why });
}
