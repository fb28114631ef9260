/** What a recording will take on disk. */
import type { Config } from '../config/parse.ts';
import { bytesPerDay } from '../recording/estimate.ts';
import type { RolloutSpec } from '../rollout/spec.ts';

export interface RecordingEstimate {
  readonly directory: string;
  /** To each rollout. */
  readonly requestsPerSecond: number;
  /** Of rows, without bodies of kept pairs; by rollout. */
  readonly bytesPerDay: Readonly<Record<string, number>>;
  /** Of all rollouts: what would be written if maxBytesPerDay did not end it. */
  readonly wantedBytesPerDay: number;
  /** maxBytesPerDay ends it. */
  readonly isCut: boolean;
  /** Until maxBytes is reached, at this rate; undefined: maxAge comes first. */
  readonly fullAfterDays: number | undefined;
}

const DAY_MS = 86_400_000;

/** Undefined when nothing is recorded. */
export function estimateRecording(
  { recording, rollouts }: Config,
  requestsPerSecond: number,
): RecordingEstimate | undefined {
  if (recording === undefined) return undefined;
  const { directory, sampleBp, maxBytesPerDay, maxBytes, maxAgeMs } = recording;
  const each = rollouts.map((rollout): [string, number] => {
    const unlimited = { sampleBp, maxBytesPerDay: Number.POSITIVE_INFINITY };
    return [rollout.name, bytesPerDay(unlimited, requestsPerSecond, rowsOf(rollout)).bytes];
  });
  const wantedBytesPerDay = each.reduce((sum, [, bytes]) => sum + bytes, 0);
  const fullAfterDays = maxBytes / Math.min(wantedBytesPerDay, maxBytesPerDay);
  return {
    directory,
    requestsPerSecond,
    bytesPerDay: Object.fromEntries(each),
    wantedBytesPerDay,
    isCut: wantedBytesPerDay > maxBytesPerDay,
    fullAfterDays: fullAfterDays < maxAgeMs / DAY_MS ? fullAfterDays : undefined,
  };
}

/** A shadow that gets a tenth of the copies makes a tenth of the rows. */
function rowsOf({ prediction, shadows }: RolloutSpec): { readonly fields: number; readonly shadows: number } {
  const copies = shadows.reduce((sum, { sampleBp }) => sum + sampleBp / 10_000, 0);
  return { fields: prediction?.fields.length ?? 0, shadows: copies };
}

/** Lines, each with its end. */
export function describeRecording(
  estimate: RecordingEstimate,
  { maxBytesPerDay }: { readonly maxBytesPerDay: number },
) {
  const { directory, requestsPerSecond, bytesPerDay, wantedBytesPerDay, isCut, fullAfterDays } = estimate;
  const names = Object.entries(bytesPerDay);
  const parts = names.length > 1 ? ` (${names.map(([name, bytes]) => `${name} ${gigabytes(bytes)}`).join(', ')})` : '';
  const lines = [
    `recording in ${directory}: ${gigabytes(wantedBytesPerDay)} of rows a day${parts} at ${requestsPerSecond} requests a second to each rollout (--rate); bodies of kept pairs and sums come on top`,
  ];
  if (isCut)
    lines.push(`  maxBytesPerDay ends it at ${gigabytes(maxBytesPerDay)}: rows beyond are dropped and counted`);
  if (fullAfterDays !== undefined) {
    lines.push(
      `  maxBytes is reached after ${Number(fullAfterDays.toPrecision(2))} days: older files go before maxAge`,
    );
  }
  return lines.map((line) => `${line}\n`).join('');
}

function gigabytes(bytes: number): string {
  return `${Number((bytes / 1e9).toPrecision(2))} GB`;
}
