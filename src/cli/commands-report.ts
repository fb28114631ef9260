import type { Command } from 'commander';
import type { Terminal } from './terminal.ts';

/** What was recorded, over a time. */
export function addReportCommands(program: Command, terminal: Terminal): void {
  program
    .command('report')
    .description('say what a time of the recording shows: where the answers differ, how fast, how often wrong')
    .option('--since <time>', 'from when: 6h, 1d, 2w ago, or 2026-03-01 (UTC), 2026-03-01T12:00Z', '1d')
    .option('--until <time>', 'likewise (else now)')
    .option('--rollout <name>', 'only of this rollout')
    .option('--shadow <name>', 'only with this shadow')
    .option('--format <format>', "md, html or json (else by the output's name, else md)")
    .option('--output <file>', 'write it there; - is the terminal')
    .option('--from <folder>', 'the recording (else the one in the configuration)')
    .option('--every <time>', 'stay, and write one for each whole hour, day (1d), week (1w)')
    .option('--into <folder>', 'with --every: where they go, by the name of the period')
    .action(async (_, command) => (await import('./report.ts')).report(command.optsWithGlobals(), terminal));

  program
    .command('export')
    .description('write recorded rows into one CSV or Parquet file (needs the optional package @duckdb/node-api)')
    .option('--since <time>', 'from when: 6h, 1d, 2w ago, or 2026-03-01 (UTC), 2026-03-01T12:00Z', '1d')
    .option('--until <time>', 'likewise (else now)')
    .option('--rollout <name>', 'only of this rollout')
    .option('--shadow <name>', 'only with this shadow')
    .option('--where <sql>', "only rows for which this is true, in DuckDB's SQL over the columns of docs/recording.md")
    .option('--format <format>', "csv or parquet (else by the output's name)")
    .requiredOption('--output <file>', 'write it there')
    .option('--from <folder>', 'the recording (else the one in the configuration)')
    .action(async (_, command) => (await import('./export.ts')).exportRecording(command.optsWithGlobals(), terminal));
}
