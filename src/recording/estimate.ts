/** How much a recording will take, for `understudy check`. */
import type { RecordingSpec } from './spec.ts';

/**
 * Bytes on disk of a row, measured by test/unit/recording/pure.test.ts (20,000 rows with random latencies, units and
 * values; zstd): all that is not a field's, and each field with one number, class or list of five items.
 */
export const ROW_BYTES = 53;
export const FIELD_BYTES = 31;

const DAY_SECONDS = 86_400;

/** Rows only: a day of blocks is small beside them. Each request is a row for each shadow, or one without a shadow. */
export function bytesPerDay(
  { sampleBp, maxBytesPerDay }: Pick<RecordingSpec, 'sampleBp' | 'maxBytesPerDay'>,
  requestsPerSecond: number,
  { fields, shadows }: { readonly fields: number; readonly shadows: number },
): { readonly bytes: number; readonly isCut: boolean } {
  const rows = requestsPerSecond * DAY_SECONDS * (sampleBp / 10_000) * Math.max(shadows, 1);
  const bytes = rows * (ROW_BYTES + fields * FIELD_BYTES);
  return { bytes: Math.min(bytes, maxBytesPerDay), isCut: bytes > maxBytesPerDay };
}
