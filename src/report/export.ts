/** Rows of a recording into one file, by DuckDB, which is an optional package. */
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { list } from '../recording/files.ts';
import type { Span } from './report.ts';

export type Duckdb = Pick<typeof import('@duckdb/node-api'), 'DuckDBInstance'>;

export interface ExportRequest {
  /** Of the recording. */
  readonly directory: string;
  readonly period: Span;
  readonly format: 'csv' | 'parquet';
  /** Written beside, then renamed. */
  readonly output: string;
  readonly rollout?: string;
  readonly shadow?: string;
  /** A condition in DuckDB's SQL over the columns of docs/recording.md, of whoever runs the command. */
  readonly where?: string;
}

/** What cannot be exported as it was asked for; the message says why. */
export class ExportError extends Error {
  override readonly name = 'ExportError';
}

/** `@duckdb/node-api` when it is installed. Rejects with ExportError when it is not. */
export async function loadDuckdb(load: () => Promise<Duckdb> = () => import('@duckdb/node-api')): Promise<Duckdb> {
  try {
    return await load();
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new ExportError(`\
export needs DuckDB, an optional package that cannot be loaded here (${reason})
install it where Understudy is installed:  npm install @duckdb/node-api
without it \`understudy report\` and \`understudy pairs\` work, and any Parquet reader reads the recording's folder \`rows\``);
  }
}

const TRIES = 5;

/** Number of rows written. Rejects with ExportError, or the signal's reason. */
export async function exportRows(
  request: ExportRequest,
  { DuckDBInstance }: Duckdb,
  signal?: AbortSignal,
): Promise<number> {
  const folder = join(request.directory, 'rows');
  for (let tries = 1; ; tries++) {
    const files = (await list(folder)).files.map(({ path }) => path);
    if (files.length === 0) throw new ExportError(`no rows are recorded in ${folder}`);
    const beside = join(dirname(resolve(request.output)), `.${process.pid}-${basename(request.output)}.tmp`);
    // no extension is fetched from anywhere
    const done = new AbortController();
    const instance = await DuckDBInstance.create(':memory:', { autoinstall_known_extensions: 'false' });
    try {
      const connection = await instance.connect();
      signal?.throwIfAborted();
      signal?.addEventListener('abort', () => connection.interrupt(), { signal: done.signal });
      const { rowsChanged } = await connection.run(exportSql(files, beside, request));
      await rename(beside, request.output);
      return Number(rowsChanged);
    } catch (error) {
      await rm(beside, { force: true });
      signal?.throwIfAborted();
      // parts become segments while we read: then what was listed is gone, and is elsewhere
      if (tries < TRIES && files.some((file) => !existsSync(file))) continue;
      throw new ExportError(`the export failed: ${error instanceof Error ? error.message : error}`);
    } finally {
      done.abort();
      instance.closeSync();
    }
  }
}

/** Times are UTC. Rows in order of time. */
export function exportSql(
  files: readonly string[],
  output: string,
  { period, format, rollout, shadow, where }: Omit<ExportRequest, 'directory' | 'output'>,
): string {
  const conditions = [
    `epoch_ms(time) >= ${Math.round(period.fromMs)}`,
    `epoch_ms(time) < ${Math.round(period.untilMs)}`,
    ...(rollout === undefined ? [] : [`rollout = ${literal(rollout)}`]),
    ...(shadow === undefined ? [] : [`shadow = ${literal(shadow)}`]),
    // on lines of its own: a comment at its end must not take the bracket with it
    ...(where === undefined ? [] : [`(\n${where}\n)`]),
  ];
  const columns = format === 'csv' ? '* REPLACE (make_timestamp(epoch_us(time)) AS time)' : '*';
  const options = format === 'csv' ? 'FORMAT csv, HEADER' : 'FORMAT parquet, COMPRESSION zstd';
  return `COPY (
SELECT ${columns}
FROM read_parquet([${files.map(literal).join(', ')}], union_by_name = true)
WHERE ${conditions.join(' AND ')}
ORDER BY epoch_ms(time), id, shadow
) TO ${literal(output)} (${options})`;
}

/** A text in SQL: only a quote ends it. */
function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
