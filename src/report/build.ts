/** From what was recorded to a report. Reads each cell and row once; what it holds is bounded. */
import type { RecordedRow } from '../recording/row.ts';
import { armReport } from './arm.ts';
import { CoveredTime, FIRST_GAP_MS } from './coverage.ts';
import { Gathered, type GatheredRelease, type TimedCell } from './gather.ts';
import { headlinesOf } from './headlines.ts';
import { missingSentences } from './missing.ts';
import { bucketMsOf } from './period.ts';
import { REPORT_VERSION, type ReleaseReport, type Report, type Span } from './report.ts';
import { lookAtRows, type Many, type SeenRows, shadowKey, type WantedRows } from './seen-rows.ts';
import { shadowReport } from './shadow.ts';

/** With `rollout` or `shadow`: only of these. Rows are read for versions and examples only. */
export interface ReportRequest extends WantedRows {
  readonly period: Span;
  /** Of Understudy. */
  readonly version: string;
  /** Files that could not be read, with the reason; looked at when all has been read. */
  readonly unreadable?: readonly string[];
}

/** `blocks` in order of time. Rejects with what reading them rejects with. */
export async function buildReport(
  blocks: Many<TimedCell>,
  rows: Many<RecordedRow>,
  request: ReportRequest,
): Promise<Report> {
  const { period, version, rollout, shadow } = request;
  const bucketMs = bucketMsOf(period.untilMs - period.fromMs);
  const covered = new CoveredTime();
  const gathered = new Gathered({ bucketMs, rollout, shadow });
  for await (const timed of blocks) {
    covered.add(timed.startMs, timed.durationMs);
    gathered.add(timed);
  }
  const seen = await lookAtRows(rows, request);
  const coverage = covered.coverage(period);
  const releases = gathered.releases().map((release) => releaseReport(release, covered, seen.byShadow, request));
  return {
    schema: 'understudy.report',
    schemaVersion: REPORT_VERSION,
    version,
    period,
    coverage,
    bucketMs,
    headlines: headlinesOf(releases),
    releases,
    missing: missingSentences({ coverage, releases, seen, gathered, unreadable: request.unreadable ?? [] }),
  };
}

function releaseReport(
  gathered: GatheredRelease,
  covered: CoveredTime,
  seen: ReadonlyMap<string, SeenRows>,
  { period }: ReportRequest,
): ReleaseReport {
  const { rollout, release, firstMs, untilMs, arms, shadows } = gathered;
  // with the first block of the period the release may have been there before
  const began = firstMs - period.fromMs >= FIRST_GAP_MS;
  return {
    rollout,
    release,
    seen: { fromMs: firstMs, untilMs: Math.min(untilMs, period.untilMs) },
    arms: [...arms.values()]
      .sort((a, b) => a.key.weightBp - b.key.weightBp || (a.key.arm < b.key.arm ? 1 : -1))
      .flatMap((arm) => armReport(arm, covered.within({ fromMs: arm.firstMs, untilMs: arm.untilMs }))),
    shadows: [...shadows.values()]
      .sort((a, b) => (a.key.shadow < b.key.shadow ? -1 : 1))
      .flatMap((shadow) => shadowReport(shadow, began, seen.get(shadowKey(rollout, release, shadow.key.shadow)))),
  };
}
