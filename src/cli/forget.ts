import { userInfo } from 'node:os';
import type { Config } from '../config/parse.ts';
import { forgetOutcomes } from '../outcomes/forget.ts';
import { type Forgotten, forgetUnit } from '../recording/forget.ts';
import type { UnitSource } from '../routing/snapshot.ts';
import { hashUnit } from '../routing/unit-hash.ts';
import { readUnitKey } from '../store/unit-key.ts';
import { ask, withAdmin } from './client.ts';
import { FoundError, NoSidecarError, UsageError } from './exit.ts';
import { readConfig, type Settings } from './settings.ts';
import { printJson, type Terminal } from './terminal.ts';

export interface ForgetOptions extends Settings {
  readonly unit: string;
  /** `header:x-user-id`, `cookie:sid`, `client:address` */
  readonly source: readonly string[];
  readonly reason: string;
  readonly actor?: string;
  readonly json?: boolean;
}

/**
 * Removes what came from a unit: from the pairs in the sidecar's memory, when one runs, from the recording and from the outcomes. Only its
 * keyed hash is stored, so the store's key and the place where the unit was found are needed.
 */
export async function forget(options: ForgetOptions, terminal: Terminal): Promise<void> {
  const config = readConfig(options, terminal);
  if (options.unit === '') throw new UsageError('unit: expected a non-empty text');
  const sources = options.source.length > 0 ? options.source.map(parseSource) : configuredSources(config);
  const key = readKey(config.store);
  const units = sources.map((source) => hashUnit(key, { source, value: options.unit }));
  // memory first: what the sidecar still holds could reach the recording after it was cleaned
  const pairs = await forgetInMemory(units, options, terminal);
  const files = config.recording && (await forgetInFiles(config.recording.directory, units));
  const outcomes = config.outcomes && forgetOutcomes(config.outcomes.database, units);
  if (options.json) printJson(terminal, { sources, pairs, ...files, outcomes });
  else terminal.out(describe(sources, pairs, files, outcomes));
  if (files === undefined || files.unreadable.length === 0) return;
  for (const path of files.unreadable)
    terminal.error(`${path} cannot be read: whether the unit is in it is not known\n`);
  throw new FoundError();
}

function describe(
  sources: readonly string[],
  pairs: number | undefined,
  files: Forgotten | undefined,
  outcomes: number | undefined,
): string {
  const memory = pairs === undefined ? 'no sidecar runs, so nothing is in memory' : `${pairs} pairs in memory`;
  const recorded =
    files === undefined
      ? 'nothing is recorded (no recording: in the configuration)'
      : `${files.rows} recorded rows, in ${files.changedFiles} of ${files.files} files`;
  const again = files?.isRecording
    ? 'rows of the last half minute may still be written: run it again in a minute\n'
    : '';
  const kept = outcomes === undefined ? '' : `; ${outcomes} exposures and outcomes`;
  return `looked for by ${sources.join(', ')}\nforgotten: ${memory}; ${recorded}${kept}\n${again}`;
}

/** Undefined: no sidecar runs. */
async function forgetInMemory(
  units: readonly string[],
  options: ForgetOptions,
  terminal: Terminal,
): Promise<number | undefined> {
  const actor = options.actor ?? terminal.env.USER ?? userInfo().username;
  let forgotten: number | undefined;
  try {
    await withAdmin(options, terminal, async (client) => {
      const { pairs } = await ask(client, client.forgetUnit, { units: [...units], actor, reason: options.reason });
      forgotten = pairs;
    });
  } catch (error) {
    if (!(error instanceof NoSidecarError)) throw error;
  }
  return forgotten;
}

async function forgetInFiles(directory: string, units: readonly string[]): Promise<Forgotten> {
  const unreadable = new Set<string>();
  let all: Forgotten = { rows: 0, changedFiles: 0, files: 0, unreadable: [], isRecording: false };
  for (const unit of units) {
    const { rows, changedFiles, files, unreadable: paths, isRecording } = await forgetUnit(directory, unit);
    for (const path of paths) unreadable.add(path);
    all = {
      rows: all.rows + rows,
      // a file may hold the unit by two sources
      changedFiles: Math.min(files, all.changedFiles + changedFiles),
      files,
      unreadable: [...unreadable],
      isRecording: all.isRecording || isRecording,
    };
  }
  return all;
}

function readKey(store: string): string {
  try {
    return readUnitKey(store);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`the store ${store} cannot be read: ${why}`);
  }
}

/** As a decision names them: `header x-user-id`. */
function parseSource(text: string): string {
  const [, kind, name] = /^(header|cookie|client):(.+)$/.exec(text) ?? [];
  if (kind === 'client' && name === 'address') return 'client address';
  if (kind === 'header' && name !== undefined) return `header ${name.toLowerCase()}`;
  if (kind === 'cookie' && name !== undefined) return `cookie ${name}`;
  throw new UsageError(
    `source: expected for example header:x-user-id, cookie:sid or client:address, found ${JSON.stringify(text)}`,
  );
}

function configuredSources({ rollouts }: Config): readonly string[] {
  const sources = new Set(rollouts.flatMap(({ unit }) => unit.map(nameOf)));
  if (sources.size > 0) return [...sources];
  throw new UsageError(
    'source: no rollout of the configuration has a unit; say where it was found, for example --source header:x-user-id',
  );
}

function nameOf(source: UnitSource): string {
  if ('header' in source) return `header ${source.header}`;
  return 'cookie' in source ? `cookie ${source.cookie}` : 'client address';
}
