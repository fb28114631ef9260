/** How the fields of predictions differ, by rollout, shadow and field of the configuration. Nothing of a single answer. */
import type { Measure } from '../comparison/difference.ts';
import type { FieldSummary } from '../evidence/field-summary.ts';
import type { Comparator } from '../prediction/spec.ts';
import type { Family, Sample } from './exposition.ts';
import { family } from './make-family.ts';
import type { SeenShadow } from './pair-families.ts';

/** Which measures a field may have (difference.ts): each has a series from the first scrape. */
const MEASURES: { readonly [Kind in Comparator['kind']]: readonly Measure[] } = {
  number: ['difference', 'ratio'],
  class: [],
  vector: ['divergence', 'overlap'],
  ranking: ['overlap', 'tau', 'novelty', 'reference-diversity', 'candidate-diversity'],
  set: ['jaccard'],
  text: ['similarity'],
  json: ['paths'],
};
const SIDES = ['reference', 'candidate'] as const;

export function fieldFamilies(shadows: readonly SeenShadow[]): Family[] {
  const fields = shadows.flatMap(({ labels, view, pair }) =>
    (view.prediction?.fields ?? []).map(({ name, compare }) => ({
      labels: { ...labels, field: name },
      measures:
        compare.kind === 'class' && compare.threshold !== undefined ? (['flip'] as const) : MEASURES[compare.kind],
      seen: pair.fields.find((field) => field.name === name && field.kind === compare.kind),
    })),
  );
  /** Where nothing was seen a counter is 0 and a gauge is no number. */
  const each = (value: (seen: FieldSummary) => number | undefined, otherwise: number): Sample[] =>
    fields.map(({ labels, seen }) => ({ labels, value: (seen && value(seen)) ?? otherwise }));
  const counter = (name: string, help: string, value: (seen: FieldSummary) => number) =>
    family(name, 'counter', help, each(value, 0));
  const gauge = (name: string, help: string, value: (seen: FieldSummary) => number | undefined) =>
    family(name, 'gauge', help, each(value, Number.NaN));
  return [
    counter('field_pairs_total', 'Pairs in which the field was compared.', ({ pairs }) => pairs),
    counter('field_agreeing_total', 'Those that agree in every element.', ({ agreeing }) => agreeing),
    counter('field_flips_total', 'Elements whose class is another.', ({ flips }) => flips),
    // amounts may be negative, so their sum may fall
    gauge(
      'field_flipped_amount',
      'What those were worth since the release began; 0 where the rollout names no amount.',
      ({ flippedAmount }) => flippedAmount,
    ),
    family(
      'field_missing_total',
      'counter',
      'Elements without a value, by side: mismatches.',
      SIDES.flatMap((side) =>
        each(({ missing }) => total(missing[side]), 0).map(({ labels, value }) => ({
          labels: { ...labels, side },
          value,
        })),
      ),
    ),
    family(
      'field_measure_mean',
      'gauge',
      'Mean of what is measured of both values since the release began; NaN before the first.',
      fields.flatMap(({ labels, measures, seen }) =>
        measures.map((measure) => ({
          labels: { ...labels, measure },
          value: seen?.measures.find(({ name }) => name === measure)?.mean ?? Number.NaN,
        })),
      ),
    ),
    gauge(
      'field_noise_ratio',
      'Share of pairs in which the twin disagrees with production.',
      ({ noise }) => noise?.share,
    ),
    gauge('field_net_disagreement_ratio', "Disagreement of the candidate less the twin's.", ({ noise }) => noise?.net),
    gauge(
      'field_median_shift_ratio',
      'Median of the candidate against that of the reference: 0.1 = 10 % higher.',
      ({ medianShift }) => medianShift,
    ),
    gauge('field_psi', 'Population stability index of the candidate against the reference.', ({ psi }) => psi?.value),
    gauge('field_ks', 'Largest distance of the two distributions, 0 to 1.', ({ ks }) => ks?.atLeast),
  ];
}

function total(counts: Readonly<Record<string, number | undefined>>): number {
  return Object.values(counts).reduce((sum: number, count) => sum + (count ?? 0), 0);
}
