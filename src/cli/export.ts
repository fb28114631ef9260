import { extname } from 'node:path';
import { type Duckdb, ExportError, exportRows, loadDuckdb } from '../report/export.ts';
import { count } from '../report/format.ts';
import { UsageError } from './exit.ts';
import { readPeriod, recordingDirectory } from './report.ts';
import type { Settings } from './settings.ts';
import type { Terminal } from './terminal.ts';

export interface ExportOptions extends Settings {
  /** Folder of the recording, instead of the configuration's. */
  readonly from?: string;
  readonly rollout?: string;
  readonly shadow?: string;
  readonly since: string;
  readonly until?: string;
  readonly where?: string;
  readonly format?: string;
  readonly output: string;
}

/** Writes recorded rows into one file and says how many. `load` brings DuckDB. */
export async function exportRecording(
  options: ExportOptions,
  terminal: Terminal,
  load?: () => Promise<Duckdb>,
): Promise<void> {
  const { rollout, shadow, where, output } = options;
  const format = options.format ?? extname(output).slice(1);
  if (format !== 'csv' && format !== 'parquet') {
    throw new UsageError(`--format: expected csv or parquet, found ${JSON.stringify(format)}`);
  }
  const period = readPeriod(options, Date.now());
  const directory = recordingDirectory(options, terminal);
  const only = {
    ...(rollout !== undefined && { rollout }),
    ...(shadow !== undefined && { shadow }),
    ...(where !== undefined && { where }),
  };
  const rows = await withUsageErrors(async () =>
    exportRows({ directory, period, format, output, ...only }, await loadDuckdb(load), terminal.signal),
  );
  terminal.out(`${output}: ${count(rows)} ${rows === 1 ? 'row' : 'rows'}\n`);
}

async function withUsageErrors<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    throw error instanceof ExportError ? new UsageError(error.message, { cause: error }) : error;
  }
}
