import { writeFileSync } from 'node:fs';
import { renderEnvoy } from '../render/envoy-file.ts';
import { type GivenOptions, OptionError, readOptions } from '../render/options.ts';
import { UsageError } from './exit.ts';
import { readConfig, type Settings } from './settings.ts';
import type { Terminal } from './terminal.ts';

export interface RenderEnvoyOptions extends Settings, GivenOptions {
  /** A file, instead of the terminal. */
  readonly output?: string;
}

/** Prints a complete envoy.yaml for the configuration, or writes it to a file. */
export function printEnvoyFile(options: RenderEnvoyOptions, terminal: Terminal): void {
  const config = readConfig(options, terminal);
  const text = withUsageErrors(() => renderEnvoy(config, readOptions(config, options)));
  if (options.output === undefined) terminal.out(text);
  else write(options.output, text);
}

function withUsageErrors<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw error instanceof OptionError ? new UsageError(error.message, { cause: error }) : error;
  }
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new UsageError(`--output: expected a file that can be written, found ${JSON.stringify(file)}: ${error}`);
  }
}
