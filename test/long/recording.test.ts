import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { Recorder } from '../../src/recording/recorder.ts';
import {
  batchOf,
  counting,
  countingCodec,
  NOON_MS,
  newFolder,
  range,
  rowOf,
  specOf,
} from '../unit/recording/recorded.ts';
import { killedRecordersLoseNothing } from '../wire/recording-crash.ts';

test('sixty kills leave every file readable, every safe row and block, and none twice', async () => {
  for (const seed of [2, 3, 4]) await killedRecordersLoseNothing(20, seed);
});

test('memory stays flat: the last of two million rows need no more than the first', async () => {
  const ROWS = 2_000_000;
  let nowMs = NOON_MS;
  const { counts, count } = counting();
  const recorder = new Recorder(specOf(newFolder()), {
    codec: countingCodec,
    count,
    nowMs: () => nowMs,
    segmentBytes: 8 * 2 ** 20,
  });
  const fields = (n: number) =>
    JSON.stringify([{ name: 'score', elements: [{ reference: Math.sin(n), candidate: Math.cos(n) }] }]);
  const heldMiB: number[] = [];
  const started = { wallMs: performance.now(), cpu: process.cpuUsage() };
  for (let from = 0; from < ROWS; from += 200) {
    recorder.take(
      batchOf(range(from, from + 200).map((n) => rowOf(n, { unit: `unit-${n % 10_007}`, fields: fields(n) }))),
    );
    if (from % 20_000 !== 0) continue;
    // 1,400 rows a second
    nowMs += 20_000_000 / 1_400;
    await recorder.work();
    if (from > 0) heldMiB.push(liveMiB());
  }
  await recorder.stop(10_000);
  const cpu = process.cpuUsage(started.cpu);
  const seconds = (performance.now() - started.wallMs) / 1_000;
  const microseconds = ((cpu.user + cpu.system) / ROWS).toFixed(1);
  const bytes = ((counts['recording.bytes'] ?? 0) / ROWS).toFixed(0);
  process.stdout.write(
    `recording: ${Math.round(ROWS / seconds)} rows/s, ${microseconds} us CPU a row with making it, ${bytes} bytes a row in parts, ` +
      `MiB in use ${heldMiB
        .map(Math.round)
        .filter((_, n) => n % 10 === 0)
        .join(' ')}, resident ${Math.round(process.memoryUsage().rss / 2 ** 20)}\n`,
  );
  expect(counts).toMatchObject({ 'recording.rows': ROWS, 'recording.segments': expect.any(Number) });
  // a segment may just be in the making
  const [first, last] = [Math.min(...heldMiB.slice(0, 40)), Math.min(...heldMiB.slice(-40))];
  expect(last).toBeLessThan(first * 1.2);
});

/** What is still in use, without what only waits to be collected. */
function liveMiB(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}
