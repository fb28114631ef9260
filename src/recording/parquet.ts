/** Tables to the bytes of a Parquet file and back. Pages are zstd. */
import type { FileHandle } from 'node:fs/promises';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetRead, parquetReadObjects } from 'hyparquet';
import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import { version } from '../version.ts';
import { type Column, type ColumnType, columnData, type Table } from './columns.ts';
import { SCHEMA_VERSION } from './row.ts';

/** Of a row group: what its writer and its readers hold at once, as columns. */
export const GROUP_ROWS = 10_000;

export type Kind = 'rows' | 'blocks';

/** What a file says of itself, in its key-value metadata (`understudy.schema`, `.kind`, `.from_ms`, `.until_ms`). */
export interface FileFacts {
  readonly schema: number;
  readonly kind: Kind;
  /** Of the rows' times; of blocks the start of the first and the end of the last. Empty file: 0 and 0. */
  readonly fromMs: number;
  readonly untilMs: number;
}

const ELEMENTS: Readonly<Record<ColumnType, Omit<SchemaElement, 'name'>>> = {
  STRING: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  INT32: { type: 'INT32' },
  DOUBLE: { type: 'DOUBLE' },
  BOOLEAN: { type: 'BOOLEAN' },
  TIMESTAMP: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MILLIS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
  },
};

const PARSERS = { timestampFromMilliseconds: Number };
const DECOMPRESSORS = {
  ZSTD: (bytes: Uint8Array, outputLength: number) => {
    const plain = zstdDecompressSync(bytes, { maxOutputLength: Math.max(outputLength, 1) });
    return new Uint8Array(plain.buffer, plain.byteOffset, plain.length);
  },
};

/** Makes a file group by group: what `group` and `end` return, written one after the other, is the file. */
export class ParquetEncoder<Row> {
  readonly #columns: readonly Column<Row>[];
  readonly #bytes = new ByteWriter(1 << 16);
  readonly #writer: ParquetWriter;
  readonly #metadata: { key: string; value?: string }[] = [];
  readonly #kind: Kind;

  constructor(kind: Kind, columns: readonly Column<Row>[]) {
    this.#kind = kind;
    this.#columns = columns;
    this.#writer = new ParquetWriter({
      writer: this.#bytes,
      schema: [
        { name: 'root', num_children: columns.length },
        ...columns.map(
          ({ name, type, required }): SchemaElement => ({
            name,
            ...ELEMENTS[type],
            repetition_type: required ? 'REQUIRED' : 'OPTIONAL',
          }),
        ),
      ],
      codec: 'ZSTD',
      compressors: { ZSTD: (bytes) => zstdCompressSync(bytes) },
      kvMetadata: this.#metadata,
      createdBy: `understudy version ${version}`,
    });
  }

  group(table: Table): Uint8Array {
    void this.#writer.write({ columnData: columnData(this.#columns, table), rowGroupSize: Math.max(table.length, 1) });
    return this.#take();
  }

  end(times: Pick<FileFacts, 'fromMs' | 'untilMs'>): Uint8Array {
    const { fromMs, untilMs } = times;
    const facts = { schema: SCHEMA_VERSION, kind: this.#kind, from_ms: fromMs, until_ms: untilMs };
    for (const [key, value] of Object.entries(facts)) {
      this.#metadata.push({ key: `understudy.${key}`, value: String(value) });
    }
    void this.#writer.finish();
    return this.#take();
  }

  #take(): Uint8Array {
    const taken = this.#bytes.getBytes().slice();
    this.#bytes.index = 0;
    return taken;
  }
}

/** One open file of ours. Every method rejects with the reason when it is none, or broken. */
export class ParquetFile {
  readonly #file: AsyncBuffer;
  readonly #metadata: FileMetaData;
  readonly facts: FileFacts;

  private constructor(file: AsyncBuffer, metadata: FileMetaData) {
    this.#file = file;
    this.#metadata = metadata;
    this.facts = factsOf(metadata);
  }

  static async read(handle: FileHandle): Promise<ParquetFile> {
    const file = await bufferOf(handle);
    return new ParquetFile(file, await parquetMetadataAsync(file, { parsers: PARSERS, initialFetchSize: 1 << 16 }));
  }

  get groups(): number {
    return this.#metadata.row_groups.length;
  }

  /** Table of a row group; `columns` default to all. */
  async group(index: number, columns?: readonly string[]): Promise<Table> {
    const groups = this.#metadata.row_groups;
    const rowStart = groups.slice(0, index).reduce((sum, { num_rows }) => sum + Number(num_rows), 0);
    const length = Number(groups[index]?.num_rows ?? 0);
    const values = new Map<string, unknown[]>();
    await parquetRead({
      file: this.#file,
      metadata: this.#metadata,
      rowStart,
      rowEnd: rowStart + length,
      ...(columns && { columns: [...columns] }),
      parsers: PARSERS,
      compressors: DECOMPRESSORS,
      onChunk({ columnName, columnData }) {
        const column = values.get(columnName) ?? [];
        for (const value of columnData) column.push(value);
        values.set(columnName, column);
      },
    });
    return { length, columns: values };
  }

  /** Rows in which `column` is `value`; reads only groups whose Bloom filter or statistics allow it. */
  async where(column: string, value: string): Promise<Record<string, unknown>[]> {
    return await parquetReadObjects({
      file: this.#file,
      metadata: this.#metadata,
      filter: { [column]: { $eq: value } },
      useBloomFilters: true,
      parsers: PARSERS,
      compressors: DECOMPRESSORS,
    });
  }
}

function factsOf({ key_value_metadata = [] }: FileMetaData): FileFacts {
  const value = (name: string) => key_value_metadata.find(({ key }) => key === `understudy.${name}`)?.value;
  const [schema, kind] = [Number(value('schema')), value('kind')];
  if (!(schema >= 1) || (kind !== 'rows' && kind !== 'blocks')) throw new Error('it is not a recording of Understudy');
  if (schema > SCHEMA_VERSION) {
    throw new Error(`its schema version is ${schema}; this Understudy reads up to ${SCHEMA_VERSION}`);
  }
  return { schema, kind, fromMs: Number(value('from_ms')), untilMs: Number(value('until_ms')) };
}

async function bufferOf(handle: FileHandle): Promise<AsyncBuffer> {
  const { size } = await handle.stat();
  return {
    byteLength: size,
    async slice(start, end = size) {
      const bytes = new Uint8Array(Math.max(Math.min(end, size) - start, 0));
      for (let at = 0; at < bytes.length; ) {
        const { bytesRead } = await handle.read(bytes, at, bytes.length - at, start + at);
        if (bytesRead === 0) throw new Error(`it ends at byte ${start + at}`);
        at += bytesRead;
      }
      return bytes.buffer;
    },
  };
}
