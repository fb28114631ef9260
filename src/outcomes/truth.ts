/** What came true beside what both models had said to the same requests. */
import type { DatabaseSync } from 'node:sqlite';
import type { PredictionSpec } from '../prediction/spec.ts';
import type { Values } from './outcome.ts';
import { type Classified, classified, type Estimated, estimated, type Scored, scored } from './truth-scores.ts';

/** Of one field, and one model that was compared with stable. */
export interface TruthOfField {
  readonly field: string;
  /** Version of the model. */
  readonly candidate: string;
  /** Requests of which the truth is known, whatever the models said. */
  readonly truths: number;
  /** Of those requests to which both said something: the same for both. */
  readonly kind: 'class' | 'score' | 'number';
  readonly sides: { readonly reference: Quality; readonly candidate: Quality } | undefined;
  /** Of all requests to which the candidate said something; only where that is more: stable said nothing to some. */
  readonly candidateAlone: Quality | undefined;
}

export type Quality = Classified | Estimated | Scored;

/** The newest that are looked at, of a release. */
const MAX_TRUTHS = 100_000;

interface Seen {
  readonly reference: number | string | undefined;
  readonly candidate: number | string | undefined;
  readonly truth: number | string;
}

/** By field of the rollout's prediction, in its order, then by candidate. Empty without truths. */
export function readTruth(
  database: DatabaseSync,
  { rollout, release, prediction }: { rollout: string; release: string; prediction: PredictionSpec | undefined },
): TruthOfField[] {
  // from the truths, which are few, to the exposures, which are many: SQLite would begin with these
  const rows = database.prepare(`
    SELECT field, outcomes.value, class, candidate, said FROM outcomes INDEXED BY truths
    CROSS JOIN exposures ON exposures.number = outcomes.exposure
    CROSS JOIN releases ON releases.number = exposures.release
    CROSS JOIN predictions ON predictions.exposure = exposures.number
    WHERE outcomes.field <> '' AND outcomes.exposure IS NOT NULL AND releases.rollout = ? AND releases.release = ?
    ORDER BY outcomes.number DESC LIMIT ${MAX_TRUTHS}`);
  const seen = new Map<string, Seen[]>();
  for (const { field, value, class: text, candidate, said } of rows.iterate(rollout, release)) {
    const values: { reference: Values; candidate: Values } = JSON.parse(String(said));
    const name = String(field);
    const key = JSON.stringify([name, candidate]);
    const list = seen.get(key) ?? [];
    seen.set(key, list);
    const truth = value === null ? String(text) : Number(value);
    list.push({ reference: own(values.reference, name), candidate: own(values.candidate, name), truth });
  }
  return (prediction?.fields ?? []).flatMap(({ name, compare }) =>
    [...seen].flatMap(([key, list]) => {
      const [field, candidate] = JSON.parse(key);
      if (field !== name) return [];
      if (compare.kind === 'number') return [qualityOf(name, candidate, list, 'number', 0)];
      if (compare.kind !== 'class') return [];
      const kind = compare.threshold === undefined ? 'class' : 'score';
      return [qualityOf(name, candidate, list, kind, compare.threshold ?? 0)];
    }),
  );
}

/** Pure: from what was said and what came true to how good it was. */
export function qualityOf(
  field: string,
  candidate: string,
  seen: readonly Seen[],
  kind: TruthOfField['kind'],
  threshold: number,
): TruthOfField {
  const both = seen.filter(({ reference, candidate: said }) => reference !== undefined && said !== undefined);
  const alone = seen.filter(({ candidate: said }) => said !== undefined);
  const of = (list: readonly Seen[], side: 'reference' | 'candidate') => quality(list, side, kind, threshold);
  const [reference, compared] = [of(both, 'reference'), of(both, 'candidate')];
  return {
    field,
    candidate,
    truths: seen.length,
    kind,
    sides: reference && compared && { reference, candidate: compared },
    candidateAlone: alone.length > both.length ? of(alone, 'candidate') : undefined,
  };
}

function quality(
  seen: readonly Seen[],
  side: 'reference' | 'candidate',
  kind: TruthOfField['kind'],
  threshold: number,
): Quality | undefined {
  if (kind === 'class') return classified(seen.map((one) => ({ said: String(one[side]), truth: String(one.truth) })));
  const numbers = seen.flatMap(({ [side]: said, truth }) => {
    const y = kind === 'score' ? asLabel(truth) : truth;
    return typeof said === 'number' && typeof y === 'number' ? [{ said, truth: y }] : [];
  });
  if (kind === 'number') return estimated(numbers);
  return scored(
    numbers.filter(({ said }) => said >= 0 && said <= 1),
    threshold,
  );
}

/** Of a score the truth is 0 or 1, or what JSON calls so. */
function asLabel(truth: number | string): 0 | 1 | undefined {
  if (truth === 1 || truth === 'true' || truth === '1') return 1;
  return truth === 0 || truth === 'false' || truth === '0' ? 0 : undefined;
}

function own(values: Values, name: string): number | string | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}
