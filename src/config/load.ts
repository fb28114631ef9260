import { readFileSync, statSync } from 'node:fs';
import { type CheckedConfig, type Config, parseConfig } from './parse.ts';
import { ConfigError } from './problem.ts';

/** Reads and checks a configuration file. Throws ConfigError, also when it cannot be read. */
export function loadConfig(file: string): Config {
  return loadChecked(file).config;
}

/** As loadConfig, with warnings. */
export function loadChecked(file: string): CheckedConfig {
  return parseConfig(readText(file), file, readNamed);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const found = (error as NodeJS.ErrnoException).code ?? String(error);
    const message = `cannot be read: ${found}`;
    throw new ConfigError([{ file, line: 1, column: 1, path: '', expected: 'a readable file', found, message }]);
  }
}

function readNamed(path: string, maxBytes: number): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new Error('there is no such file');
  if (!stats.isFile()) throw new Error('it is no file');
  if (stats.size > maxBytes) throw new Error(`it has ${stats.size} bytes`);
  return readFileSync(path, 'utf8');
}
