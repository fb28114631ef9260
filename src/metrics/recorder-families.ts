import type { RecorderStatus } from '../recording/recorder.ts';
import type { Family, Sample } from './exposition.ts';
import { family } from './make-family.ts';

/** The recording as it is now; no series where nothing is recorded. */
export function recorderFamilies(status: RecorderStatus | undefined): Family[] {
  const now = (value: (known: RecorderStatus) => number): Sample[] =>
    status === undefined ? [] : [{ value: value(status) }];
  return [
    family('recording_failing', 'gauge', '1 while the last try to write or to tidy failed.', [
      ...now(({ lastError }) => (lastError === undefined ? 0 : 1)),
    ]),
    family(
      'recording_disk_bytes',
      'gauge',
      'All files of the recording.',
      now(({ bytesOnDisk }) => bytesOnDisk),
    ),
    family(
      'recording_oldest_timestamp_seconds',
      'gauge',
      'When its oldest file was written, since the epoch; NaN = none.',
      [...now(({ oldestMs }) => (oldestMs === undefined ? Number.NaN : oldestMs / 1_000))],
    ),
  ];
}
