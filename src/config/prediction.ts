/** What a rollout's `prediction` and `baseline` mean, complete. */
import type { Comparator, FieldSpec, PredictionSpec, Source, TimingSource } from '../prediction/spec.ts';
import type { Baseline } from '../routing/snapshot.ts';
import type { BaselineEntry, FieldEntry, PredictionEntry } from './schema-prediction.ts';

export function toPrediction({ preset, batch, fields, timings }: PredictionEntry): PredictionSpec {
  return {
    preset,
    batch: { at: batch.at, key: batch.key },
    fields: Object.entries(fields).map(toField),
    timings: { featureFetch: timings.featureFetch && toTiming(timings.featureFetch) },
  };
}

function toField([name, { compare, ...source }]: [string, FieldEntry]): FieldSpec {
  return { name, source: toSource(source), compare: toComparator(compare) };
}

type SourceEntry = Partial<Record<'at' | 'request' | 'header' | 'trailer', string>> & { readonly status?: true };

/** The form has seen that one of them is there. */
function toSource({
  at,
  request,
  header,
  trailer,
}: { [Key in keyof SourceEntry]: SourceEntry[Key] | undefined }): Source {
  if (at !== undefined) return { at };
  if (request !== undefined) return { request };
  if (header !== undefined) return { header };
  return trailer === undefined ? { status: true } : { trailer };
}

function toComparator(compare: FieldEntry['compare']): Comparator {
  if ('number' in compare) return { kind: 'number', ...compare.number };
  if ('class' in compare) {
    const { threshold, amount } = compare.class;
    return { kind: 'class', threshold, amount };
  }
  if ('vector' in compare) return { kind: 'vector', ...compare.vector };
  if ('ranking' in compare) {
    const { k, minOverlap, item, category } = compare.ranking;
    return { kind: 'ranking', k, minOverlap, item, category };
  }
  if ('set' in compare) return { kind: 'set', ...compare.set };
  if ('text' in compare) return { kind: 'text', ...compare.text };
  return { kind: 'json', ...compare.json };
}

const unitMs = { s: 1_000, ms: 1, us: 0.001 } as const;

function toTiming({ unit, ...source }: NonNullable<PredictionEntry['timings']['featureFetch']>): TimingSource {
  return { source: toSource({ request: undefined, status: undefined, ...source }), unitMs: unitMs[unit] };
}

/** `lists`: JSON texts by the path of `topK`. */
export function toBaseline({ listen, constant, topK }: BaselineEntry, lists: ReadonlyMap<string, string>): Baseline {
  if (listen === undefined) return { outcome: true };
  return { listen, answer: constant?.json ?? lists.get(topK ?? '') ?? '[]' };
}
