/** A report as headings, tables and plots in reading order: what every form of it for people shows. Pure. */
import { type Block, code, counts, errorsText, LATENCY_HEADS, latencyCells } from './blocks.ts';
import { count, duration, milliseconds, number, percent, time } from './format.ts';
import type { ArmReport, Report } from './report.ts';
import { shadowBlocks } from './shadow-document.ts';

export function reportBlocks(report: Report): Block[] {
  const { period, coverage, headlines, releases, missing } = report;
  return [
    { is: 'heading', level: 1, text: 'Understudy report' },
    {
      is: 'paragraph',
      text: `${time(period.fromMs)} to ${time(period.untilMs)} (${duration(period.untilMs - period.fromMs)}), with evidence for ${percent(coverage.share)} of it.`,
    },
    { is: 'answer', headlines },
    ...(missing.length === 0
      ? []
      : ([
          { is: 'heading', level: 2, text: 'What this report does not know' },
          { is: 'list', items: missing },
        ] as const)),
    ...releases.flatMap((release): Block[] => [
      { is: 'heading', level: 2, text: `${code(release.rollout)}, release ${code(release.release)}` },
      { is: 'paragraph', text: `Seen from ${time(release.seen.fromMs)} to ${time(release.seen.untilMs)}.` },
      ...armBlocks(release.arms),
      ...release.shadows.flatMap((shadow) => shadowBlocks(shadow, report.bucketMs)),
    ]),
  ];
}

function armBlocks(arms: readonly ArmReport[]): Block[] {
  if (arms.length === 0) return [];
  const heads = [
    'what users were answered by',
    'requests',
    'a second',
    'errors',
    ...LATENCY_HEADS,
    'user p95',
    'feature fetch p95',
  ];
  const rows = arms.map((arm) => [
    `${arm.arm} at weight ${number(arm.weightBp / 100)} %`,
    `${count(arm.requests)}${arm.forced > 0 ? ` (+ ${count(arm.forced)} forced)` : ''}`,
    number(arm.perSecond === null ? null : Number(arm.perSecond.toPrecision(3))),
    percent(arm.errors.share, 2),
    ...latencyCells(arm.latency),
    milliseconds(arm.userLatency.p95),
    milliseconds(arm.featureFetch.p95),
  ]);
  const notes = arms.flatMap(({ arm, weightBp, errors, missing }) => {
    const name = `${arm} at weight ${number(weightBp / 100)} %`;
    return [
      ...(errors.count + errors.clientErrors > 0 ? [`${name}: ${errorsText(errors)}`] : []),
      ...missing.map(({ field, reasons }) => `${name}: no ${code(field)} in ${counts(reasons)}`),
    ];
  });
  return [
    { is: 'heading', level: 3, text: 'Arms' },
    { is: 'table', heads, rows, words: 1 },
    ...(notes.length === 0 ? [] : ([{ is: 'list', items: notes }] as const)),
  ];
}
