import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tableOf } from '../../../src/recording/columns.ts';
import { partsToCompact } from '../../../src/recording/compact.ts';
import { bytesPerDay, FIELD_BYTES, ROW_BYTES } from '../../../src/recording/estimate.ts';
import { fileOf, partName, segmentName } from '../../../src/recording/files.ts';
import { ParquetEncoder } from '../../../src/recording/parquet.ts';
import { expired } from '../../../src/recording/retention.ts';
import { ROW_COLUMNS, rowAt } from '../../../src/recording/row-columns.ts';
import { isSampled } from '../../../src/recording/sample.ts';
import { HOUR_MS, idOf, MINUTE_MS, NOON_MS, range, rowOf } from './recorded.ts';

test('a row is the same after it was columns', () => {
  const rows = [rowOf(1), rowOf(2, { shadow: '', candidate: undefined, traceId: 'a', segments: {} })];
  const table = tableOf(ROW_COLUMNS, rows);
  expect(rows.map((_, index) => rowAt(table, index))).toEqual(rows);
});

test('names say when, which parts, and whether it is a part; other names are not ours', () => {
  expect(fileOf('/x', partName(NOON_MS, 7))).toEqual({
    name: '2026-01-15T12-00-00Z-00000007.part.parquet',
    path: '/x/2026-01-15T12-00-00Z-00000007.part.parquet',
    writtenMs: NOON_MS,
    first: 7,
    last: 7,
    isPart: true,
  });
  expect(fileOf('/x', segmentName(NOON_MS, 7, 123_456_789))).toMatchObject({
    first: 7,
    last: 123_456_789,
    isPart: false,
  });
  for (const name of ['x.parquet', `${partName(NOON_MS, 7)}.tmp`, `${partName(NOON_MS, 7)}.unreadable`]) {
    expect(fileOf('/x', name)).toBeUndefined();
  }
});

const part = (number: number, writtenMs: number, bytes = 10) => ({
  ...(fileOf('/x', partName(writtenMs, number)) ?? expect.fail()),
  bytes,
});

test('the parts of an hour that is over, or enough of them, should become a segment; never over two hours', () => {
  const late = NOON_MS + 59 * MINUTE_MS;
  const parts = [part(1, late), part(2, late), part(3, NOON_MS + HOUR_MS)];
  const numbers = (nowMs: number, maxBytes: number) =>
    partsToCompact(parts, nowMs, maxBytes)?.map(({ first }) => first);
  expect(numbers(late, 1_000)).toEqual([1, 2]);
  expect(numbers(late, 10)).toEqual([1]);
  expect(partsToCompact(parts.slice(0, 2), late, 1_000)).toBeUndefined();
  expect(partsToCompact(parts.slice(2), NOON_MS + 2 * HOUR_MS, 1_000)).toEqual(parts.slice(2));
  expect(partsToCompact([], late, 1)).toBeUndefined();
});

test('files go by age, then by size from the oldest on, rows before blocks', () => {
  const old = { writtenMs: NOON_MS - 10 * HOUR_MS, bytes: 5 };
  const [a, b, c] = range(0, 3).map((hour) => ({ writtenMs: NOON_MS + hour * HOUR_MS, bytes: 100 }));
  if (a === undefined || b === undefined || c === undefined) throw new Error();
  const limits = { nowMs: NOON_MS + 3 * HOUR_MS, maxAgeMs: 5 * HOUR_MS };
  expect(expired({ rows: [c, a, old], blocks: [b] }, { ...limits, maxBytes: 1_000 })).toEqual([old]);
  expect(expired({ rows: [c, a], blocks: [b] }, { ...limits, maxBytes: 250 })).toEqual([a]);
  expect(expired({ rows: [c, b], blocks: [a] }, { ...limits, maxBytes: 50 })).toEqual([b, c, a]);
});

test('any files that stay are within the bound', () => {
  const file = fc.record({
    writtenMs: fc.integer({ min: 0, max: NOON_MS }),
    bytes: fc.integer({ min: 0, max: 1_000 }),
  });
  fc.assert(
    fc.property(fc.array(file), fc.array(file), fc.integer({ min: 0, max: 5_000 }), (rows, blocks, maxBytes) => {
      const gone = expired({ rows, blocks }, { nowMs: NOON_MS, maxAgeMs: NOON_MS / 2, maxBytes });
      const left = [...rows, ...blocks].filter((each) => !gone.includes(each));
      return left.reduce((sum, { bytes }) => sum + bytes, 0) <= maxBytes;
    }),
  );
});

test('the share of ids that is recorded is what was asked for; a larger share holds the smaller one', () => {
  const ids = range(0, 20_000).map(idOf);
  const share = (sampleBp: number) => ids.filter((id) => isSampled(id, sampleBp)).length / ids.length;
  expect([share(0), share(10_000)]).toEqual([0, 1]);
  // 4 standard deviations of a share of 10 % of 20,000
  expect(Math.abs(share(1_000) - 0.1)).toBeLessThan(0.0085);
  expect(ids.filter((id) => isSampled(id, 500) && !isSampled(id, 1_000))).toEqual([]);
});

test('what a day takes is in proportion to requests, sample and shadows, up to the budget', () => {
  const spec = { sampleBp: 1_000, maxBytesPerDay: 2 ** 40 };
  const asked = { fields: 2, shadows: 2 };
  expect(bytesPerDay(spec, 100, asked)).toEqual({
    bytes: 100 * 86_400 * 0.1 * 2 * (ROW_BYTES + 2 * FIELD_BYTES),
    isCut: false,
  });
  expect(bytesPerDay({ ...spec, maxBytesPerDay: 1_000 }, 100, asked)).toEqual({ bytes: 1_000, isCut: true });
});

test('the constants of the estimate are those of a part with random values, within a third', () => {
  const random = seeded(7);
  const element = (value: unknown, other: unknown, measures: object) => [
    { agree: true, missing: {}, reference: value, candidate: other, measures },
  ];
  const items = () => range(0, 5).map(() => ({ item: `item-${Math.floor(random() * 1_000)}`, categories: [] }));
  const fields = () => [
    { name: 'score', elements: element(random(), random(), { difference: random(), ratio: random() }) },
    { name: 'label', elements: element('yes', random() < 0.1 ? 'no' : 'yes', {}) },
    { name: 'items', elements: element(items(), items(), { overlap: 0.8, tau: random(), novelty: 0.2 }) },
  ];
  const size = (hasFields: boolean) => {
    const rows = range(0, 20_000).map((n) => {
      const hex = (digits: number) =>
        range(0, digits)
          .map(() => Math.floor(random() * 16).toString(16))
          .join('');
      const ms = () => Math.round(random() * 1e5) / 1e3;
      const row = rowOf(n, { unit: hex(16), traceId: hex(32), fields: hasFields ? JSON.stringify(fields()) : '[]' });
      const side = () => ({ ...row.reference, latencyMs: ms(), featureFetchMs: ms() });
      return { ...row, reference: side(), candidate: side(), latencyDifferenceMs: ms(), userLatencyMs: ms() };
    });
    const encoder = new ParquetEncoder('rows', ROW_COLUMNS);
    return (
      (encoder.group(tableOf(ROW_COLUMNS, rows)).length + encoder.end({ fromMs: 0, untilMs: 0 }).length) / rows.length
    );
  };
  const bare = size(false);
  const field = (size(true) - bare) / 3;
  process.stdout.write(`recording: ${bare.toFixed(1)} bytes a row, ${field.toFixed(1)} a field\n`);
  expect(bare / ROW_BYTES).toBeGreaterThan(2 / 3);
  expect(bare / ROW_BYTES).toBeLessThan(4 / 3);
  expect(field / FIELD_BYTES).toBeGreaterThan(2 / 3);
  expect(field / FIELD_BYTES).toBeLessThan(4 / 3);
});

/** Mulberry32: numbers in [0, 1), the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
