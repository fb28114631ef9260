import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { WriteBytes } from '../../../src/recording/durable.ts';
import { changing } from '../../../src/recording/lock.ts';
import { findRow, readBlocks, readRows } from '../../../src/recording/reader.ts';
import { Recorder } from '../../../src/recording/recorder.ts';
import type { RecordingSpec } from '../../../src/recording/spec.ts';
import {
  batchOf,
  blockOf,
  cellOf,
  collect,
  counting,
  countingCodec,
  HOUR_MS,
  idOf,
  MINUTE_MS,
  NOON_MS,
  newFolder,
  range,
  requestsOf,
  rowOf,
  specOf,
} from './recorded.ts';

const ALL = { sinceMs: 0, untilMs: Number.POSITIVE_INFINITY };
const NO_SPACE = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', errno: -28 });

function start(
  directory: string,
  more: { spec?: Partial<RecordingSpec>; write?: WriteBytes; segmentBytes?: number } = {},
) {
  const clock = { nowMs: NOON_MS };
  const { counts, count } = counting();
  const { spec, ...ports } = more;
  const recorder = new Recorder(specOf(directory, spec), {
    codec: countingCodec,
    count,
    nowMs: () => clock.nowMs,
    ...ports,
  });
  onTestFinished(() => recorder.stop(1_000));
  const take = (from: number, to: number) => recorder.take(batchOf(range(from, to).map((n) => rowOf(n))));
  const later = async (ms: number) => {
    clock.nowMs += ms;
    await recorder.work();
  };
  return { recorder, clock, counts, take, later };
}

const idsIn = async (directory: string) => (await collect(readRows(directory, ALL))).map(({ id }) => id);
const namesIn = (directory: string, kind = 'rows') => readdirSync(join(directory, kind)).sort();

test('rows are on disk after half a minute, and only then are they done', async () => {
  const directory = newFolder();
  const { recorder, later, counts } = start(directory);
  let done = 0;
  recorder.take(batchOf([rowOf(1), rowOf(2)], () => done++));
  await later(29_000);
  expect([done, await idsIn(directory)]).toEqual([0, []]);
  await later(2_000);
  expect([done, await idsIn(directory)]).toEqual([1, [idOf(1), idOf(2)]]);
  expect(counts).toMatchObject({ 'recording.rows': 2 });
  expect(namesIn(directory)).toEqual(['2026-01-15T12-00-31Z-00000001.part.parquet']);
});

test('many rows do not wait for half a minute', async () => {
  const directory = newFolder();
  const { take, later } = start(directory);
  for (const n of range(0, 101)) take(n * 200, (n + 1) * 200);
  await later(0);
  expect(await idsIn(directory)).toEqual(range(0, 20_000).map(idOf));
});

test('when the hour is over its parts become one segment with the same rows in the same order', async () => {
  const directory = newFolder();
  const { take, later } = start(directory);
  for (const n of range(0, 3)) {
    take(n * 10, n * 10 + 10);
    await later(31_000);
  }
  expect(namesIn(directory)).toHaveLength(3);
  const before = await collect(readRows(directory, ALL));
  await later(HOUR_MS);
  expect(namesIn(directory)).toEqual(['2026-01-15T12-00-31Z-00000001-00000003.parquet']);
  expect(await collect(readRows(directory, ALL))).toEqual(before);
  take(30, 31);
  await later(31_000);
  expect(namesIn(directory)[1]).toMatch(/-00000004\.part\.parquet$/);
});

test('parts that are large enough together become a segment before the hour is over', async () => {
  const directory = newFolder();
  const { take, later } = start(directory, { segmentBytes: 1 });
  take(0, 10);
  await later(31_000);
  expect(namesIn(directory)).toEqual([expect.stringMatching(/-00000001-00000001\.parquet$/)]);
});

test('a recorder goes on where the one before stopped', async () => {
  const directory = newFolder();
  const first = start(directory);
  first.take(0, 10);
  await first.recorder.stop(1_000);
  const second = start(directory);
  second.take(10, 20);
  await second.later(31_000);
  expect(await idsIn(directory)).toEqual(range(0, 20).map(idOf));
});

test('a second recorder is kept out of a folder, says so, and takes over when the first has gone', async () => {
  const directory = newFolder();
  const first = start(directory);
  await first.later(0);
  const second = start(directory);
  second.take(0, 5);
  await second.later(31_000);
  expect(second.recorder.status.lastError).toContain('another process records here');
  await first.recorder.stop(1_000);
  await second.later(31_000);
  expect(second.recorder.status.lastError).toBeUndefined();
  expect(await idsIn(directory)).toHaveLength(5);
});

test('parts that a segment already holds, and files that were not finished, are not read and go at the next start', async () => {
  const directory = newFolder();
  const { take, later, recorder } = start(directory);
  take(0, 10);
  await later(31_000);
  const [part = ''] = namesIn(directory);
  const bytes = readFileSync(join(directory, 'rows', part));
  await later(HOUR_MS);
  writeFileSync(join(directory, 'rows', part), bytes);
  writeFileSync(join(directory, 'rows', `${part}.tmp`), bytes.subarray(0, 100));
  expect(await idsIn(directory)).toEqual(range(0, 10).map(idOf));
  await recorder.stop(1_000);
  await start(directory).later(0);
  expect(namesIn(directory)).toEqual([expect.stringMatching(/-00000001-00000001\.parquet$/)]);
});

test('a full disk loses nothing while there is room in memory: rows are written once when it has room again', async () => {
  const directory = newFolder();
  let isFull = true;
  const { take, later, counts, recorder } = start(directory, {
    async write(handle, bytes) {
      await handle.writeFile(isFull ? bytes.subarray(0, 10) : bytes);
      if (isFull) throw NO_SPACE;
    },
  });
  take(0, 10);
  recorder.takeBlock(blockOf(NOON_MS, [cellOf(1)]), () => {});
  await later(31_000);
  take(10, 20);
  await later(31_000);
  await later(MINUTE_MS);
  expect(recorder.status.lastError).toContain('no space left');
  expect(counts['recording.write-failed']).toBeGreaterThan(1);
  expect(await idsIn(directory)).toEqual([]);
  isFull = false;
  await later(MINUTE_MS);
  expect(recorder.status.lastError).toBeUndefined();
  expect(await idsIn(directory)).toEqual(range(0, 20).map(idOf));
  expect(namesIn(directory).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('a disk that is full while parts become a segment leaves the parts', async () => {
  const directory = newFolder();
  let isFull = false;
  const { take, later, recorder } = start(directory, {
    async write(handle, bytes) {
      if (isFull) throw NO_SPACE;
      await handle.writeFile(bytes);
    },
  });
  take(0, 10);
  await later(31_000);
  isFull = true;
  await later(HOUR_MS);
  expect(recorder.status.lastError).toContain('no space left');
  expect(await idsIn(directory)).toEqual(range(0, 10).map(idOf));
  isFull = false;
  await later(HOUR_MS);
  expect(namesIn(directory)).toEqual([expect.stringMatching(/-00000001-00000001\.parquet$/)]);
});

test('rows that could not be written by the stop are counted, whether the disk refuses or hangs', async () => {
  const hangs = new Promise<void>(() => {});
  for (const write of [() => Promise.reject(NO_SPACE), () => hangs]) {
    const { take, recorder, counts } = start(newFolder(), { write });
    take(0, 10);
    recorder.takeBlock(blockOf(NOON_MS, [cellOf(1)]), () => {});
    await recorder.stop(50);
    expect(counts).toMatchObject({ 'recording.dropped-failed': 10, 'recording.dropped-blocks': 1 });
  }
});

test('a folder that vanishes is made again', async () => {
  const directory = newFolder();
  const { take, later } = start(directory);
  take(0, 10);
  await later(31_000);
  rmSync(directory, { recursive: true });
  take(10, 20);
  await later(31_000);
  await later(31_000);
  expect(await idsIn(directory)).toEqual(range(10, 20).map(idOf));
});

test('a folder that cannot be made is tried again, with the reason in the status', async () => {
  const file = join(newFolder(), 'file');
  writeFileSync(file, '');
  const { take, later, recorder } = start(join(file, 'recording'));
  take(0, 10);
  await later(31_000);
  expect(recorder.status.lastError).toContain('ENOTDIR');
  rmSync(file);
  await later(31_000);
  expect(await idsIn(join(file, 'recording'))).toHaveLength(10);
});

test('while another changes the folder, rows wait', async () => {
  const directory = newFolder();
  const { take, later } = start(directory);
  await later(0);
  take(0, 10);
  await changing(directory, 0, async () => {
    await later(31_000);
    expect(await idsIn(directory)).toEqual([]);
  });
  await later(0);
  expect(await idsIn(directory)).toHaveLength(10);
}, 20_000);

test('rows beyond the budget of a day are dropped and counted, blocks are not, and the next day begins anew', async () => {
  const directory = newFolder();
  const budget = { spec: { maxBytesPerDay: 12_000 } };
  const { take, later, counts, recorder, clock } = start(directory, budget);
  for (const n of range(0, 100)) {
    take(n * 10, n * 10 + 10);
    await later(31_000);
  }
  recorder.takeBlock(blockOf(clock.nowMs, [cellOf(1)]), () => {});
  await later(2 * MINUTE_MS);
  const { 'recording.rows': rows = 0, 'recording.dropped-budget': dropped = 0 } = counts;
  expect(rows + dropped).toBe(1_000);
  expect(rows).toBeGreaterThan(0);
  expect(dropped).toBeGreaterThan(0);
  expect(counts['recording.blocks']).toBe(1);
  clock.nowMs += 24 * HOUR_MS;
  take(1_000, 1_010);
  await later(31_000);
  expect(counts['recording.rows']).toBe(rows + 10);
});

test('bounds may change while it records', async () => {
  const directory = newFolder();
  const { take, later, counts, recorder } = start(directory);
  take(0, 10);
  await later(31_000);
  recorder.useSpec(specOf('/somewhere/else', { maxBytesPerDay: 1 }));
  take(10, 20);
  recorder.useSpec(specOf('/somewhere/else', { maxBytes: 1 }));
  take(20, 30);
  await later(31_000);
  expect(counts).toMatchObject({ 'recording.rows': 20, 'recording.dropped-budget': 10, 'recording.expired': 2 });
  expect(await idsIn(directory)).toEqual([]);
});

test('what was written today counts for the budget after a restart', async () => {
  const directory = newFolder();
  const first = start(directory);
  first.take(0, 1_000);
  await first.recorder.stop(1_000);
  const second = start(directory, { spec: { maxBytesPerDay: 1_000 } });
  await second.later(0);
  second.take(1_000, 1_001);
  expect(second.counts).toMatchObject({ 'recording.dropped-budget': 1 });
});

test('what is no row is dropped with its part and counted, and the rows after it are written', async () => {
  const directory = newFolder();
  const { recorder, take, later, counts } = start(directory);
  recorder.take({ rows: ['{"id": 1'], characters: 8, done: () => {} });
  await later(31_000);
  take(0, 10);
  await later(31_000);
  expect(counts).toMatchObject({ 'recording.dropped-failed': 1, 'recording.rows': 10 });
});

test('a part that cannot be read is set aside and counted; the others become a segment', async () => {
  const directory = newFolder();
  const { take, later, counts } = start(directory);
  for (const n of range(0, 3)) {
    take(n, n + 1);
    await later(31_000);
  }
  const [, broken = ''] = namesIn(directory);
  writeFileSync(join(directory, 'rows', broken), 'PAR1 and no more than that');
  await later(HOUR_MS);
  expect(counts).toMatchObject({ 'recording.unreadable': 1, 'recording.segments': 1 });
  expect(await idsIn(directory)).toEqual([idOf(0), idOf(2)]);
  expect(existsSync(join(directory, 'rows', `${broken}.unreadable`))).toBe(true);
  await later(15 * 24 * HOUR_MS);
  expect(namesIn(directory)).toEqual([]);
});

test('blocks are kept by the minute, then by ten minutes, and nothing is lost by it', async () => {
  const directory = newFolder();
  const { recorder, later, clock } = start(directory);
  const read = async () =>
    (await collect(readBlocks(directory, ALL, countingCodec))).map(({ startMs, durationMs, cell }) => [
      (startMs - NOON_MS) / MINUTE_MS,
      durationMs,
      cell.key.arm,
      requestsOf(cell),
    ]);
  for (const n of range(0, 120)) {
    const cells = [cellOf(1), cellOf(2, { arm: 'canary' })];
    recorder.takeBlock(blockOf(clock.nowMs, cells), () => {});
    await later(10_000);
    if (n === 12)
      expect(await read()).toEqual(
        [0, 1].flatMap((m) => [
          [m, 60_000, 'stable', 6],
          [m, 60_000, 'canary', 12],
        ]),
      );
  }
  await later(MINUTE_MS);
  await later(HOUR_MS);
  expect(await read()).toEqual(
    [0, 10].flatMap((m) => [
      [m, 600_000, 'stable', 60],
      [m, 600_000, 'canary', 120],
    ]),
  );
  expect(namesIn(directory, 'blocks')).toHaveLength(1);
});

test('old files go, and over the bound of all files the oldest rows go before any blocks', async () => {
  const directory = newFolder();
  const { recorder, take, later, counts, clock } = start(directory, { spec: { maxAgeMs: 24 * HOUR_MS } });
  recorder.takeBlock(blockOf(clock.nowMs, [cellOf(1)]), () => {});
  take(0, 10);
  await later(2 * MINUTE_MS);
  await later(24 * HOUR_MS);
  expect(await idsIn(directory)).toHaveLength(10);
  await later(2 * HOUR_MS);
  expect(await idsIn(directory)).toHaveLength(0);
  expect(counts).toMatchObject({ 'recording.expired': 2 });
  expect(recorder.status).toMatchObject({ bytesOnDisk: 0, oldestMs: undefined });

  const small = start(newFolder(), { spec: { maxBytes: 1 } });
  small.take(0, 10);
  await small.later(31_000);
  await small.later(31_000);
  expect(small.recorder.status.bytesOnDisk).toBe(0);
});

test('a row is found by its id in parts and segments, and one that is not there is not', async () => {
  const directory = newFolder();
  const { take, later } = start(directory);
  take(0, 10);
  await later(31_000);
  await later(HOUR_MS);
  take(10, 20);
  await later(31_000);
  for (const n of [0, 9, 15]) expect(await findRow(directory, idOf(n))).toEqual(rowOf(n));
  expect(await findRow(directory, idOf(99))).toBeUndefined();
  expect(await findRow(directory, idOf(1), { shadow: 'other' })).toBeUndefined();
});

test('a reader that has begun gets every row once though parts become a segment meanwhile', async () => {
  const directory = newFolder();
  const { take, later } = start(directory);
  for (const n of range(0, 4)) {
    take(n * 10, n * 10 + 10);
    await later(31_000);
  }
  const ids: string[] = [];
  for await (const { id } of readRows(directory, ALL)) {
    ids.push(id);
    if (ids.length === 15) await later(HOUR_MS);
  }
  expect(namesIn(directory)).toHaveLength(1);
  expect(ids).toEqual(range(0, 40).map(idOf));
});

test('rows are read by time, rollout and shadow; a file that cannot be read is named and left out', async () => {
  const directory = newFolder();
  const { recorder, later, take } = start(directory);
  recorder.take(batchOf([rowOf(1), rowOf(2, { rollout: 'other' }), rowOf(3, { shadow: 'twin' }), rowOf(4)]));
  await later(31_000);
  take(100, 110);
  await later(31_000);
  const read = async (query: object) =>
    (await collect(readRows(directory, { ...ALL, ...query }))).map(({ timeMs }) => timeMs - NOON_MS);
  expect(await read({ rollout: 'ranker', shadow: 'candidate', untilMs: NOON_MS + 100 })).toEqual([1, 4]);
  expect(await read({ sinceMs: NOON_MS + 2, untilMs: NOON_MS + 4 })).toEqual([2, 3]);
  expect(await read({ sinceMs: NOON_MS + 105 })).toEqual([105, 106, 107, 108, 109]);
  const [first = ''] = namesIn(directory);
  writeFileSync(join(directory, 'rows', first), 'something else');
  const unreadable: string[] = [];
  expect(await read({ onUnreadable: (path: string) => unreadable.push(path) })).toHaveLength(10);
  expect(unreadable).toEqual([join(directory, 'rows', first)]);
});
