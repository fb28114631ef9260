import type { Answer, CapturedBody } from '../../../src/prediction/answer.ts';
import { compileExtractor } from '../../../src/prediction/extract.ts';
import type { Extracted, Prediction } from '../../../src/prediction/prediction.ts';
import type { Comparator, FieldSpec, PredictionSpec, Source } from '../../../src/prediction/spec.ts';

export const compare = {
  number: { kind: 'number', abs: 0, rel: 0 },
  class: { kind: 'class', threshold: undefined, amount: undefined },
  score: { kind: 'class', threshold: 0.5, amount: undefined },
  vector: { kind: 'vector', maxDivergence: 0, k: 5 },
  ranking: { kind: 'ranking', k: 10, minOverlap: 1, item: undefined, category: undefined },
  set: { kind: 'set', minJaccard: 1 },
  text: { kind: 'text', minSimilarity: 1 },
  json: { kind: 'json', ignore: [], tolerances: [] },
} as const satisfies Record<string, Comparator>;

export function bodyOf(value: unknown): CapturedBody {
  const bytes =
    value instanceof Uint8Array
      ? Buffer.from(value)
      : Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  return { bytes, json: true, unread: undefined };
}

/** An answer with status 200 and this body: bytes, JSON text or a value. */
export function answerOf(body: unknown, rest: Partial<Answer> = {}): Answer {
  return {
    status: 200,
    grpcStatus: undefined,
    latencyMs: 1,
    headers: {},
    trailers: {},
    body: body === undefined ? undefined : bodyOf(body),
    ...rest,
  };
}

export function specOf(fields: readonly FieldSpec[], rest: Partial<PredictionSpec> = {}): PredictionSpec {
  return {
    preset: 'json',
    batch: { at: undefined, key: undefined },
    fields,
    timings: { featureFetch: undefined },
    ...rest,
  };
}

export function field(name: string, source: Source | string, comparator: Comparator = compare.json): FieldSpec {
  return { name, source: typeof source === 'string' ? { at: source } : source, compare: comparator };
}

export function extract(spec: PredictionSpec, answer: Answer, request?: CapturedBody): Prediction {
  return compileExtractor(spec).extract(answer, request);
}

/** What the only element says of one field. */
export function one(source: Source | string, comparator: Comparator, answer: Answer, request?: unknown): Extracted {
  const spec = specOf([field('it', source, comparator)]);
  const { elements } = extract(spec, answer, request === undefined ? undefined : bodyOf(request));
  return elements[0]?.fields.it ?? { missing: 'no-element' };
}

/** Values of one field by element; of a missing one the word. */
export function values(prediction: Prediction, name: string): unknown[] {
  return prediction.elements.map(({ fields }) => {
    const found = fields[name];
    return found && 'value' in found ? found.value : found?.missing;
  });
}
