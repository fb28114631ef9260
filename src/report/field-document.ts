/** What one field showed, as headings, tables and plots. Pure. */
import { type Block, code, counts, type TableBlock } from './blocks.ts';
import { count, number, percent, signed, times } from './format.ts';
import type { Drift, FieldReport, Share } from './report.ts';

/** All fields of a shadow at a glance. */
export function fieldTable(fields: readonly FieldReport[]): TableBlock {
  const heads = [
    'field',
    'compared as',
    'pairs',
    'disagree',
    '95 % interval',
    'noise',
    'net',
    'missing (reference / candidate)',
    'drift',
  ];
  const rows = fields.map((field) => [
    code(field.name),
    field.kind,
    count(field.disagreement.of),
    percent(field.disagreement.share, 2),
    interval(field.disagreement),
    field.noise === null ? 'not known' : percent(field.noise.floor, 2),
    netText(field),
    `${count(total(field.missing.reference))} / ${count(total(field.missing.candidate))}`,
    field.drift === null ? '-' : worstAlarm(field.drift),
  ]);
  return { is: 'table', heads, rows, words: 2 };
}

/** Nothing for a field that agrees everywhere and has no numbers to look at. */
export function fieldBlocks(field: FieldReport): Block[] {
  const { segments, histogram } = field;
  const blocks: Block[] = [
    ...listOf(notes(field)),
    ...measureTable(field),
    ...confusionTable(field),
    ...segmentTable(field),
    ...(histogram.length > 0
      ? ([{ is: 'plot', title: 'Candidate minus reference', plot: { kind: 'histogram', bins: histogram } }] as const)
      : []),
    ...(segments.length > 0
      ? ([{ is: 'plot', title: 'Disagreement by segment', plot: { kind: 'segments', segments } }] as const)
      : []),
  ];
  return blocks.length === 0 ? [] : [{ is: 'heading', level: 4, text: `Field ${code(field.name)}` }, ...blocks];
}

function listOf(items: readonly string[]): Block[] {
  return items.length === 0 ? [] : [{ is: 'list', items }];
}

function notes({ flips, missing, noise, drift, values, disagreement, disagreeingElements }: FieldReport): string[] {
  const sides = [
    ['reference', missing.reference],
    ['candidate', missing.candidate],
  ] as const;
  return [
    ...(flips === null ? [] : [`${flipsText(flips)}`]),
    ...(disagreeingElements.of > disagreement.of
      ? [`${percent(disagreeingElements.share, 2)} of ${count(disagreeingElements.of)} elements disagree`]
      : []),
    ...(noise === null
      ? []
      : [
          `of ${count(noise.pairs)} pairs that also went to the twin, the candidate alone disagrees in ${count(noise.candidateOnly)}, the twin alone in ${count(noise.twinOnly)}`,
        ]),
    ...sides.flatMap(([side, reasons]) =>
      reasons.length === 0 ? [] : [`no value on the ${side} side: ${counts(reasons)}`],
    ),
    ...(drift === null || values === null
      ? []
      : [
          `p50 ${number(values.reference.p50)} → ${number(values.candidate.p50)} (${percentSigned(drift.shift)}${alarmText(drift.shiftAlarm)})`,
          `distribution: PSI ${number(rounded(drift.psi))}${alarmText(drift.psiAlarm)}, KS ${number(rounded(drift.ks))}${drift.ksPValue === null ? '' : ` (p ${drift.ksPValue < 0.0001 ? '< 0.0001' : number(rounded(drift.ksPValue))})`}`,
        ]),
  ];
}

/** `17 decisions flipped, 1,204 in amount` */
export function flipsText({ count: flips, amount }: { readonly count: number; readonly amount: number }): string {
  return `${count(flips)} ${flips === 1 ? 'decision' : 'decisions'} flipped${amount === 0 ? '' : `, ${number(amount)} in amount`}`;
}

function measureTable({ measures }: FieldReport): Block[] {
  if (measures.length === 0) return [];
  const heads = ['measure', 'values', 'mean', 'min', 'p5', 'p50', 'p95', 'max'];
  const rows = measures.map(({ measure, count: n, mean, min, p05, p50, p95, max }) => {
    const show = measure === 'difference' ? signed : number;
    return [measure, count(n), ...[mean, min, p05, p50, p95, max].map(show)];
  });
  return [{ is: 'table', heads, rows, words: 1 }];
}

function confusionTable({ confusion, confusionNotListed }: FieldReport): Block[] {
  if (confusion.length === 0) return [];
  const rows = confusion.map(({ reference, candidate, count: n }) => [reference, candidate, count(n)]);
  const rest = confusionNotListed > 0 ? [`${count(confusionNotListed)} elements are in combinations not listed`] : [];
  return [{ is: 'table', heads: ['reference says', 'candidate says', 'elements'], rows, words: 2 }, ...listOf(rest)];
}

function segmentTable({ segments, segmentsNotListed }: FieldReport): Block[] {
  if (segments.length === 0) return [];
  const rows = segments.map(({ segment, value, disagreement, ratio }) => [
    `${segment}=${value}`,
    count(disagreement.of),
    percent(disagreement.share),
    interval(disagreement),
    times(ratio),
  ]);
  const rest =
    segmentsNotListed > 0 ? [`${count(segmentsNotListed)} more segments, none of them worse, are not listed`] : [];
  return [
    {
      is: 'table',
      heads: ['segment', 'pairs', 'disagree', '95 % interval', 'candidate / reference, p50'],
      rows,
      words: 1,
    },
    ...listOf(rest),
  ];
}

function interval({ of, low, high }: Share): string {
  return of === 0 ? '-' : `${percent(low)} to ${percent(high)}`;
}

function netText({ noise }: FieldReport): string {
  if (noise === null) return '-';
  return noise.net < 0 ? `-${percent(-noise.net, 2)}` : percent(noise.net, 2);
}

function worstAlarm({ psiAlarm, shiftAlarm }: Drift): string {
  return psiAlarm === 'act' || shiftAlarm === 'act'
    ? 'act'
    : psiAlarm === 'watch' || shiftAlarm === 'watch'
      ? 'watch'
      : 'none';
}

function alarmText(alarm: Drift['psiAlarm']): string {
  return alarm === 'none' ? '' : `: ${alarm}`;
}

function percentSigned(share: number | null): string {
  return share === null ? '-' : `${share >= 0 ? '+' : ''}${(share * 100).toFixed(1)} %`;
}

function rounded(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(3));
}

function total(reasons: readonly { readonly count: number }[]): number {
  return reasons.reduce((sum, reason) => sum + reason.count, 0);
}
