/** What pairs showed, by rollout and shadow of the configuration. */
import type { LatencyQuantiles, ShadowTally } from '../pairing/tally.ts';
import type { RolloutView } from '../rollout/state.ts';
import type { Family, Labels, Sample } from './exposition.ts';
import { family, quantiles } from './make-family.ts';

/** What of two answers is compared; the names of outputs are the models' own and no label. */
const WHAT: Readonly<Record<string, (tally: ShadowTally) => { readonly same: number; readonly compared: number }>> = {
  status: ({ sameStatus, pairs }) => ({ same: sameStatus, compared: pairs }),
  body: ({ sameBody, bodiesCompared }) => ({ same: sameBody, compared: bodiesCompared }),
  output: ({ outputs }) => ({
    same: outputs.reduce((sum, { same }) => sum + same, 0),
    compared: outputs.reduce((sum, { compared }) => sum + compared, 0),
  }),
};

export function pairFamilies(views: readonly RolloutView[], tallies: readonly ShadowTally[]): Family[] {
  const shadows = views.flatMap(({ name: rollout, shadows }) =>
    shadows.map(({ name: shadow }) => ({
      labels: { rollout, shadow },
      tally: tallies.find((known) => known.rollout === rollout && known.shadow === shadow),
    })),
  );
  const each = (value: (tally: ShadowTally) => number): Sample[] =>
    shadows.map(({ labels, tally }) => ({ labels, value: tally === undefined ? 0 : value(tally) }));
  const comparisons = (part: 'same' | 'compared'): Sample[] =>
    Object.entries(WHAT).flatMap(([what, of]) =>
      each((tally) => of(tally)[part]).map(({ labels, value }) => ({ labels: { ...labels, what }, value })),
    );
  const latency = shadows.flatMap(({ labels, tally }) => [
    ...latencySamples({ ...labels, side: 'reference' }, tally?.referenceLatency),
    ...latencySamples({ ...labels, side: 'candidate' }, tally?.candidateLatency),
  ]);
  return [
    family(
      'pairs_total',
      'counter',
      'Pairs with a reference and a candidate.',
      each(({ pairs }) => pairs),
    ),
    family(
      'pairs_unreferenced_total',
      'counter',
      'Pairs in which neither side runs the stable version; they count for nothing.',
      each(({ unreferenced }) => unreferenced),
    ),
    family(
      'comparisons_total',
      'counter',
      'Statuses, bodies and outputs of pairs that were compared.',
      comparisons('compared'),
    ),
    family(
      'comparisons_same_total',
      'counter',
      'Those of understudy_comparisons_total that were the same.',
      comparisons('same'),
    ),
    family(
      'pair_latency_seconds',
      'summary',
      'Latency of both sides of pairs since the observe thread started.',
      latency,
    ),
  ];
}

function latencySamples(labels: Labels, latency: LatencyQuantiles | undefined): Sample[] {
  const { count = 0, p50Ms = 0, p95Ms = 0, p99Ms = 0 } = latency ?? {};
  return [
    ...quantiles(labels, [
      ['0.5', count === 0 ? Number.NaN : p50Ms],
      ['0.95', count === 0 ? Number.NaN : p95Ms],
      ['0.99', count === 0 ? Number.NaN : p99Ms],
    ]),
    { suffix: '_count', labels, value: count },
  ];
}
