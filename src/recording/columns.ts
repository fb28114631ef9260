/** Columns of our Parquet files, and tables: what is between rows and a file. */
import type { ColumnSource } from 'hyparquet-writer';

export type ColumnType = 'STRING' | 'INT32' | 'DOUBLE' | 'BOOLEAN' | 'TIMESTAMP';

export interface Column<Row> {
  readonly name: string;
  /** TIMESTAMP: milliseconds since the epoch, UTC. */
  readonly type: ColumnType;
  /** Never null. Only columns of the first version may be: a column that came later is null in older rows. */
  readonly required: boolean;
  /** With a Bloom filter for each row group, so that one value is found without reading all. */
  readonly bloomFilter: boolean;
  readonly of: (row: Row) => string | number | boolean | null | undefined;
}

/** Values by column; all columns are `length` long. */
export interface Table {
  readonly length: number;
  readonly columns: ReadonlyMap<string, readonly unknown[]>;
}

export function tableOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): Table {
  return { length: rows.length, columns: new Map(columns.map(({ name, of }) => [name, rows.map((row) => of(row))])) };
}

/** Rows of the tables, one after the other. A column that a table does not have is null in its rows. */
export function concatTables(names: readonly string[], tables: readonly Table[]): Table {
  const columns = names.map((name) => {
    const parts = tables.map((table) => table.columns.get(name) ?? Array<null>(table.length).fill(null));
    return [name, parts.flat(1)] as const;
  });
  return { length: tables.reduce((sum, { length }) => sum + length, 0), columns: new Map(columns) };
}

export function filterTable({ length, columns }: Table, keep: readonly boolean[]): Table {
  const kept = [...columns].map(([name, values]) => [name, values.filter((_, row) => keep[row])] as const);
  return { length: Math.min(length, keep.filter(Boolean).length), columns: new Map(kept) };
}

/** As the writer wants them; all values are primitives that it converts by the schema of `schemaOf`. */
export function columnData<Row>(columns: readonly Column<Row>[], table: Table): ColumnSource[] {
  return columns.map(({ name, bloomFilter, type }) => {
    const values = table.columns.get(name) ?? Array<null>(table.length).fill(null);
    const data = type === 'TIMESTAMP' ? values.map((ms) => BigInt(Math.round(Number(ms)))) : [...values];
    return { name, data, bloomFilter, offsetIndex: false };
  });
}
