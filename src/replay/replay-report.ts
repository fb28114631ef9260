/** The report of a replay: that of live pairs, with what a replay knows and does not know said first. Pure but for reading. */
import { buildReport } from '../report/build.ts';
import { count, percent } from '../report/format.ts';
import type { Headline, Report } from '../report/report.ts';
import { version } from '../version.ts';
import type { RankingSums } from './ranking-quality.ts';
import type { ReplayCounts } from './run.ts';
import { REPLAY_SHADOW } from './to-pair.ts';
import type { Totals } from './totals.ts';

export interface ReplayFacts {
  readonly to: string;
  readonly rollout: string;
  readonly perSecond: number;
  /** Rankings are judged to this depth. */
  readonly k: number;
  /** Of the rows that were asked for, ms since the epoch; the end is not in it. */
  readonly firstMs: number;
  readonly untilMs: number;
  /** Rows that can be sent and have not been: it was ended before. */
  readonly left: number;
  /** Starts that had to wait; in this run. */
  readonly late: number;
  /** Files of the recording that could not be read, with the reason. */
  readonly unreadable: readonly string[];
}

/** For programs, beside the report's own keys. */
export interface ReplayReport extends Report {
  readonly replay: ReplayFacts & ReplayCounts & { readonly rankings: Record<string, RankingSums> };
}

export async function replayReport(totals: Totals, facts: ReplayFacts): Promise<ReplayReport> {
  const { firstMs, untilMs, rollout } = facts;
  const cells = totals.cells().map((cell) => ({ startMs: firstMs, durationMs: untilMs - firstMs, cell }));
  const period = { fromMs: firstMs, untilMs };
  const report = await buildReport(cells, totals.examples(), { period, version, rollout, shadow: REPLAY_SHADOW });
  const headlines: Headline[] = [
    ...honesty(totals.counts, facts).map((text): Headline => ({ tone: 'look', text })),
    ...report.headlines,
    ...Object.entries(totals.rankings).flatMap(([field, sums]) => rankingHeadlines(field, sums, facts.k)),
  ];
  const missing = [
    ...ALWAYS_MISSING,
    ...totalsMissing(totals),
    // examples are not of a recording here
    ...report.missing.filter((sentence) => !sentence.includes('recording.sample')),
  ];
  const { counts, rankings } = totals;
  return { ...report, headlines, missing, replay: { ...facts, ...counts, rankings } };
}

const WHY: Readonly<Record<string, string>> = {
  duplicate: 'the same request with another shadow',
  unreferenced: 'no answer of the stable version',
  'answered-by-canary': 'answered by canary alone',
  'no-prediction': 'nothing recorded that can be compared',
  'too-many-elements': 'more than 1,000 elements',
  'no-request': 'request not recorded, cut off or no text',
  redacted: 'request redacted',
  unsendable: 'method or path that cannot be sent',
};

/** What was not sent or not compared, as sentences; empty when all was. */
export function honesty(counts: ReplayCounts, facts: Pick<ReplayFacts, 'left' | 'late' | 'unreadable'>): string[] {
  const { sent, skipped, notRecorded } = counts;
  const reasons = Object.entries(skipped).sort(([, a], [, b]) => b - a);
  const unsent = reasons.reduce((sum, [, rows]) => sum + rows, 0);
  const all = sent + unsent + facts.left;
  const listed = reasons.map(([reason, rows]) => `${WHY[reason] ?? reason} ${count(rows)}`).join(', ');
  return [
    ...(unsent === 0 ? [] : [`${count(unsent)} of ${count(all)} recorded rows are not sent: ${listed}`]),
    ...(facts.left === 0 ? [] : [`it was ended before its end: ${count(facts.left)} rows were not sent`]),
    ...Object.entries(notRecorded).map(
      ([field, rows]) => `\`${field}\` is not compared in ${count(rows)} rows: its value was redacted or not recorded`,
    ),
    ...(facts.late === 0 ? [] : [`${count(facts.late)} requests were late: as many as are allowed were in flight`]),
    ...facts.unreadable.map((reason) => `a file of the recording cannot be read: ${reason}`),
  ];
}

const ALWAYS_MISSING: readonly string[] = [
  "Only method, path, content type and body of a request are recorded: the candidate got no other header of the user's.",
  'The reference is the answer of then: what the models knew of the world may have changed since.',
  'Latencies of the reference were measured by Envoy under the load of then, those of the candidate by the replay.',
  'Bodies are compared by the fields of `prediction:` only: whole bodies are recorded of few pairs.',
];

function totalsMissing({ overflow }: Totals): string[] {
  return overflow === 0 ? [] : [`${count(overflow)} times a segment had too many values, and counts as \`other\`.`];
}

function rankingHeadlines(field: string, sums: RankingSums, k: number): Headline[] {
  const { labelled, precision, novel, novelty } = sums;
  const before = precision.reference / labelled;
  const now = precision.candidate / labelled;
  return [
    ...(labelled === 0
      ? []
      : [
          {
            tone: now < before ? 'look' : 'good',
            text: `precision@${k} of \`${field}\`: reference ${percent(before)}, candidate ${percent(now)}, in ${count(labelled)} labelled rankings`,
          } as const,
        ]),
    ...(novel === 0
      ? []
      : [
          {
            tone: 'good',
            text: `novelty of the top ${k} of \`${field}\`: reference ${bits(novelty.reference / novel)}, candidate ${bits(novelty.candidate / novel)}, in ${count(novel)} rankings`,
          } as const,
        ]),
  ];
}

function bits(value: number): string {
  return `${value.toFixed(2)} bits`;
}
