/** What pairs showed, by rollout and shadow of the configuration, since the release began or the process was started. */
import { emptyPair } from '../evidence/merge.ts';
import type { Spread } from '../evidence/quantiles.ts';
import { type PairSummary, summarizePairs } from '../evidence/summary.ts';
import type { Cell } from '../evidence/sums.ts';
import type { ErrorKind, ParityLine } from '../pairing/pair.ts';
import type { RolloutView } from '../rollout/state.ts';
import type { Family, Labels, Sample } from './exposition.ts';
import { family, latencySamples, quantiles } from './make-family.ts';
import { words } from './words.ts';

/** What of two answers is compared; the names of outputs are the models' own and no label. */
const WHAT: Readonly<
  Record<'status' | 'body' | 'output', (pair: PairSummary) => { readonly same: number; readonly compared: number }>
> = {
  status: ({ sameStatus, pairs }) => ({ same: sameStatus, compared: pairs }),
  body: ({ sameBody, bodiesCompared }) => ({ same: sameBody, compared: bodiesCompared }),
  output: ({ outputs }) => ({
    same: outputs.reduce((sum, { same }) => sum + same, 0),
    compared: outputs.reduce((sum, { compared }) => sum + compared, 0),
  }),
};

const COMPARED = words<keyof typeof WHAT>({ status: true, body: true, output: true });

export const ERROR_KINDS = words<ErrorKind>({
  timeout: true,
  reset: true,
  unavailable: true,
  'http-5xx': true,
  grpc: true,
  'no-answer': true,
  aborted: true,
});
const PARITY_LINES = words<ParityLine>({
  path: true,
  host: true,
  'request-bytes': true,
  protocol: true,
  encoding: true,
});
const SIDES = ['reference', 'candidate'] as const;

/** Of each shadow of the configuration, whether or not it has any pair. */
export interface SeenShadow {
  readonly labels: { readonly rollout: string; readonly shadow: string };
  readonly view: RolloutView;
  readonly pair: PairSummary;
}

export function seenShadows(views: readonly RolloutView[], cells: readonly Cell[]): SeenShadow[] {
  const seen = summarizePairs(cells);
  return views.flatMap((view) =>
    view.shadows.map(({ name: shadow }) => ({
      labels: { rollout: view.name, shadow },
      view,
      pair: seen.find((pair) => pair.rollout === view.name && pair.shadow === shadow) ?? nothing(view, shadow),
    })),
  );
}

function nothing({ name: rollout, release }: RolloutView, shadow: string): PairSummary {
  const key = { rollout, release, weightBp: 0, arm: 'stable', shadow, segment: '', segmentValue: '' } as const;
  const [pair] = summarizePairs([{ key, pair: emptyPair() }]);
  if (pair === undefined) throw new Error('a cell of all traffic has a summary');
  return pair;
}

export function pairFamilies(shadows: readonly SeenShadow[]): Family[] {
  const each = (value: (pair: PairSummary) => number): Sample[] =>
    shadows.map(({ labels, pair }) => ({ labels, value: value(pair) }));
  const eachOf = <Name extends string>(
    label: string,
    names: readonly Name[],
    value: (pair: PairSummary, name: Name) => number,
  ): Sample[] =>
    names.flatMap((name) =>
      shadows.map(({ labels, pair }) => ({ labels: { ...labels, [label]: name }, value: value(pair, name) })),
    );
  const bySide = (samples: (side: (typeof SIDES)[number]) => Sample[]): Sample[] => SIDES.flatMap(samples);
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
      'pairs_refused_alike_total',
      'counter',
      'Pairs in which both sides refused the request alike; they have no predictions to compare.',
      each(({ refusedAlike }) => refusedAlike),
    ),
    family(
      'pairs_unequal_total',
      'counter',
      'Pairs whose two requests were not the same, by what was not.',
      eachOf('line', PARITY_LINES, ({ unequal }, line) => unequal[line] ?? 0),
    ),
    family(
      'comparisons_total',
      'counter',
      'Statuses, bodies and outputs of pairs that were compared.',
      eachOf('what', COMPARED, (pair, what) => WHAT[what](pair).compared),
    ),
    family(
      'comparisons_same_total',
      'counter',
      'Those of understudy_comparisons_total that were the same.',
      eachOf('what', COMPARED, (pair, what) => WHAT[what](pair).same),
    ),
    family(
      'pair_errors_total',
      'counter',
      'Answers of pairs that were errors, by side and kind; aborted is none.',
      bySide((side) =>
        eachOf('kind', ERROR_KINDS, (pair, kind) => pair[side].errors[kind] ?? 0).map(withLabel('side', side)),
      ),
    ),
    family(
      'pair_client_errors_total',
      'counter',
      'Answers of pairs that blame the request, by side.',
      bySide((side) => each((pair) => pair[side].clientErrors).map(withLabel('side', side))),
    ),
    family(
      'pair_latency_seconds',
      'summary',
      'Latency of both sides of pairs; NaN where too few were seen.',
      bySide((side) => shadows.flatMap(({ labels, pair }) => latencySamples({ ...labels, side }, pair[side].latency))),
    ),
    family(
      'pair_latency_difference_seconds',
      'summary',
      'Latency of the candidate less that of the reference, of pairs that have both; NaN before the first.',
      shadows.flatMap(({ labels, pair }) => spreadSamples(labels, pair.latencyDifference)),
    ),
    family(
      'pair_feature_fetch_seconds',
      'summary',
      'Time both sides of pairs said they waited for features; NaN where too few did.',
      bySide((side) =>
        shadows.flatMap(({ labels, pair }) => latencySamples({ ...labels, side }, pair[side].featureFetch)),
      ),
    ),
  ];
}

function withLabel(label: string, value: string) {
  return (sample: Sample): Sample => ({ ...sample, labels: { ...sample.labels, [label]: value } });
}

function spreadSamples(labels: Labels, { count, p50, p95 }: Spread): Sample[] {
  return [
    ...quantiles(labels, [
      ['0.5', p50 ?? Number.NaN],
      ['0.95', p95 ?? Number.NaN],
    ]),
    { suffix: '_count', labels, value: count },
  ];
}
