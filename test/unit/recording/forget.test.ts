import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { forgetUnit } from '../../../src/recording/forget.ts';
import { readRows } from '../../../src/recording/reader.ts';
import { Recorder } from '../../../src/recording/recorder.ts';
import { batchOf, collect, countingCodec, HOUR_MS, NOON_MS, newFolder, range, rowOf, specOf } from './recorded.ts';

/** A segment with rows 0..99, a part with 100..199; unit-0 to unit-6. */
async function recorded() {
  const directory = newFolder();
  const clock = { nowMs: NOON_MS };
  const recorder = new Recorder(specOf(directory), {
    codec: countingCodec,
    count: () => {},
    nowMs: () => clock.nowMs,
  });
  const write = async (from: number, to: number) => {
    recorder.take(batchOf(range(from, to).map((n) => rowOf(n))));
    clock.nowMs += 31_000;
    await recorder.work();
  };
  await write(0, 50);
  await write(50, 100);
  clock.nowMs += HOUR_MS;
  await recorder.work();
  await write(100, 200);
  const units = async () =>
    (await collect(readRows(directory, { sinceMs: 0, untilMs: Number.POSITIVE_INFINITY }))).map(({ unit }) => unit);
  return { directory, recorder, units, write };
}

test('forgetting a unit removes its rows and no others, from segments and parts, while the recorder goes on', async () => {
  const { directory, recorder, units, write } = await recorded();
  const before = await units();
  expect(await forgetUnit(directory, 'unit-3')).toEqual({
    rows: before.filter((unit) => unit === 'unit-3').length,
    changedFiles: 2,
    files: 2,
    unreadable: [],
    isRecording: true,
  });
  expect(await units()).toEqual(before.filter((unit) => unit !== 'unit-3'));
  await write(200, 210);
  expect(await units()).toHaveLength(before.filter((unit) => unit !== 'unit-3').length + 10);
  await recorder.stop(1_000);
  expect(await forgetUnit(directory, 'unit-3')).toMatchObject({ rows: 1, isRecording: false });
  expect(await forgetUnit(directory, 'unit-3')).toMatchObject({ rows: 0, changedFiles: 0, files: 3 });
});

test('a file of nothing but the unit stays as an empty one, and is read as such', async () => {
  const { directory, recorder, units } = await recorded();
  await recorder.stop(1_000);
  for (const unit of range(0, 7)) await forgetUnit(directory, `unit-${unit}`);
  expect(await units()).toEqual([]);
  const other = new Recorder(specOf(directory), {
    codec: countingCodec,
    count: () => {},
    nowMs: () => NOON_MS + 9 * HOUR_MS,
  });
  await other.work();
  await other.stop(1_000);
  expect(other.status.lastError).toBeUndefined();
  expect(await units()).toEqual([]);
});

test('a file that cannot be read is named: the unit may be in it', async () => {
  const { directory, recorder } = await recorded();
  await recorder.stop(1_000);
  const [segment = ''] = readdirSync(join(directory, 'rows')).sort();
  const path = join(directory, 'rows', segment);
  writeFileSync(path, 'nothing');
  expect(await forgetUnit(directory, 'unit-3')).toMatchObject({ unreadable: [path] });
});

test('a file that is written anew stays readable for whom it was', async () => {
  const { directory, recorder } = await recorded();
  await recorder.stop(1_000);
  const paths = readdirSync(join(directory, 'rows')).map((name) => join(directory, 'rows', name));
  for (const path of paths) chmodSync(path, 0o604);
  await forgetUnit(directory, 'unit-3');
  expect(paths.map((path) => statSync(path).mode & 0o777)).toEqual([0o604, 0o604]);
});

test('there is nothing to forget in a folder that is not there', async () => {
  expect(await forgetUnit(join(newFolder(), 'none'), 'unit-1')).toMatchObject({
    rows: 0,
    files: 0,
    isRecording: false,
  });
});
