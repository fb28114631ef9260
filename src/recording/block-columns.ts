/** One cell of a stretch of time as columns; the sums themselves are JSON. */
import type { CellKey } from '../evidence/sums.ts';
import type { Column, Table } from './columns.ts';

export interface BlockRow {
  readonly startMs: number;
  readonly durationMs: number;
  readonly key: CellKey;
  /** As evidence/serialize.ts writes it. */
  readonly cell: string;
}

const KEYS: readonly (readonly [string, keyof CellKey])[] = [
  ['rollout', 'rollout'],
  ['release', 'release'],
  ['weight_bp', 'weightBp'],
  ['arm', 'arm'],
  ['shadow', 'shadow'],
  ['segment', 'segment'],
  ['segment_value', 'segmentValue'],
];

const shape = { required: true, bloomFilter: false } as const;

export const BLOCK_COLUMNS: readonly Column<BlockRow>[] = [
  { ...shape, name: 'start', type: 'TIMESTAMP', of: ({ startMs }) => startMs },
  { ...shape, name: 'duration_ms', type: 'DOUBLE', of: ({ durationMs }) => durationMs },
  ...KEYS.map(
    ([name, part]): Column<BlockRow> => ({
      ...shape,
      name,
      type: part === 'weightBp' ? 'INT32' : 'STRING',
      of: ({ key }) => key[part],
    }),
  ),
  { ...shape, name: 'cell', type: 'STRING', of: ({ cell }) => cell },
];

export interface StoredCell {
  readonly startMs: number;
  readonly durationMs: number;
  readonly cell: string;
}

export function storedCellAt({ columns }: Table, index: number): StoredCell {
  const value = (name: string) => columns.get(name)?.[index];
  return { startMs: Number(value('start')), durationMs: Number(value('duration_ms')), cell: String(value('cell')) };
}
