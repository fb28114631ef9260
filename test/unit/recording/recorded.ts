/** Rows, cells and folders for tests of the recording. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Block, Cell, CellKey } from '../../../src/evidence/sums.ts';
import type { CellCodec } from '../../../src/recording/cell-codec.ts';
import type { RecordedRow, RecordedSide } from '../../../src/recording/row.ts';
import type { Batch } from '../../../src/recording/row-buffer.ts';
import type { RecordingSpec } from '../../../src/recording/spec.ts';

export const NOON_MS = Date.UTC(2026, 0, 15, 12);
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;

export function newFolder(): string {
  const directory = mkdtempSync(join(tmpdir(), 'recording-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export function specOf(directory: string, more: Partial<RecordingSpec> = {}): RecordingSpec {
  const [maxBytesPerDay, maxBytes] = [2 ** 40, 2 ** 40];
  return {
    directory,
    sampleBp: 10_000,
    maxBytesPerDay,
    maxAgeMs: 14 * 24 * HOUR_MS,
    maxBytes,
    requests: false,
    ...more,
  };
}

export function idOf(number: number): string {
  return `a1b2c3d4e5f60718${number.toString(16).padStart(16, '0')}`;
}

const side = (version: string): RecordedSide => ({
  version,
  cluster: `ranker-${version}`,
  status: 200,
  grpcStatus: undefined,
  error: undefined,
  latencyMs: 12.5,
  featureFetchMs: undefined,
  body: undefined,
});

/** As RecordedRow says, all else undefined. */
export function rowOf(number: number, more: Partial<RecordedRow> = {}): RecordedRow {
  return {
    id: idOf(number),
    timeMs: NOON_MS + number,
    rollout: 'ranker',
    release: 'abc',
    revision: 3,
    weightBp: 500,
    arm: 'stable',
    reason: 'hash',
    segments: { country: 'NZ' },
    unit: `unit-${number % 7}`,
    shadow: 'candidate',
    referenced: true,
    answeredBy: 'reference',
    reference: side('1.0.0'),
    candidate: side('2.0.0'),
    sameStatus: true,
    body: 'same',
    agree: true,
    latencyDifferenceMs: 1.5,
    userLatencyMs: undefined,
    fields: '[]',
    traceId: undefined,
    kept: false,
    request: undefined,
    ...more,
  };
}

export function batchOf(rows: readonly RecordedRow[], done = () => {}): Batch {
  const texts = rows.map((row) => JSON.stringify(row));
  return { rows: texts, characters: texts.reduce((sum, { length }) => sum + length, 0), done };
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

/** Cells that only count requests. */
export const countingCodec: CellCodec = {
  mergeCells(into, cells) {
    for (const cell of cells) {
      const key = JSON.stringify(cell.key);
      into.set(key, cellOf(requestsOf(cell) + requestsOf(into.get(key)), cell.key));
    }
  },
  cellToJson: (cell) => JSON.stringify(cell),
  cellFromJson: (text) => JSON.parse(text),
};

const KEY: CellKey = {
  rollout: 'ranker',
  release: 'abc',
  weightBp: 0,
  arm: 'stable',
  shadow: '',
  segment: '',
  segmentValue: '',
};

export function cellOf(requests: number, key: Partial<CellKey> = {}): Cell {
  return { key: { ...KEY, ...key }, arm: { requests } } as unknown as Cell;
}

export function requestsOf(cell: Cell | undefined): number {
  return (cell as { arm?: { requests?: number } } | undefined)?.arm?.requests ?? 0;
}

export function blockOf(startMs: number, cells: readonly Cell[]): Block {
  return { startMs, durationMs: 10_000, cells };
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Counts by name. */
export function counting(): { counts: Record<string, number>; count: (name: string, by?: number) => void } {
  const counts: Record<string, number> = {};
  return {
    counts,
    count(name, by = 1) {
      if (by !== 0) counts[name] = (counts[name] ?? 0) + by;
    },
  };
}
