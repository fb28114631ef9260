import { existsSync, statSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { cellFromJson } from '../evidence/serialize.ts';
import { readBlocks, readRows } from '../recording/reader.ts';
import { buildReport } from '../report/build.ts';
import { renderHtml } from '../report/html.ts';
import { renderJson } from '../report/json.ts';
import { renderMarkdown } from '../report/markdown.ts';
import { readDuration, readMoment } from '../report/period.ts';
import { reportEvery } from '../report/periodic.ts';
import type { Report, Span } from '../report/report.ts';
import { version } from '../version.ts';
import { UsageError } from './exit.ts';
import { readConfig, type Settings } from './settings.ts';
import type { Terminal } from './terminal.ts';

export interface ReportOptions extends Settings {
  /** Folder of the recording, instead of the configuration's. */
  readonly from?: string;
  readonly rollout?: string;
  readonly shadow?: string;
  readonly since: string;
  readonly until?: string;
  readonly format?: string;
  /** A file; `-` or nothing = the terminal. */
  readonly output?: string;
  readonly every?: string;
  readonly into?: string;
}

const FORMATS = { md: renderMarkdown, html: renderHtml, json: renderJson } as const;
type Format = keyof typeof FORMATS;
/** Beyond it one knows what is wrong. */
const MAX_UNREADABLE = 1_000;

/** Prints or writes one report; with `every` stays and writes one for each period. */
export async function report(options: ReportOptions, terminal: Terminal): Promise<void> {
  const format = readFormat(options);
  if ((options.every === undefined) !== (options.into === undefined)) {
    throw new UsageError('--every and --into: expected both or neither');
  }
  if (options.every !== undefined && options.into !== undefined) {
    return reportPeriods({ ...options, every: options.every, into: options.into }, format, terminal);
  }
  const directory = recordingDirectory(options, terminal);
  const period = readPeriod(options, Date.now());
  const made = await makeReport(directory, period, options, terminal.signal);
  if (made.releases.length === 0) throw new UsageError(nothingFound(directory, period, options));
  const text = FORMATS[format](made);
  if (options.output === undefined || options.output === '-') terminal.out(text);
  else await writeWhole(options.output, text);
}

/** Folder of the recording. Throws UsageError when none is configured, or it is not there. */
export function recordingDirectory(options: Settings & { readonly from?: string }, terminal: Terminal): string {
  const directory = options.from ?? readConfig(options, terminal).recording?.directory;
  if (directory === undefined) {
    throw new UsageError('nothing is recorded: the configuration has no `recording:`; add it, or give --from FOLDER');
  }
  if (!existsSync(directory) || !statSync(directory).isDirectory()) {
    throw new UsageError(
      `expected the folder of a recording, found none at ${directory}; the sidecar makes it when it first records`,
    );
  }
  return directory;
}

/** The period that --since and --until say. Throws UsageError. */
export function readPeriod({ since, until }: { readonly since: string; readonly until?: string }, nowMs: number): Span {
  const read = (option: string, text: string) => {
    const ms = readMoment(text, nowMs);
    if (ms !== undefined) return ms;
    const expected = 'a time ago like 6h, 1d or 2w, or a time like 2026-03-01 or 2026-03-01T12:00Z';
    throw new UsageError(`${option}: expected ${expected}, found ${JSON.stringify(text)}`);
  };
  const period = { fromMs: read('--since', since), untilMs: until === undefined ? nowMs : read('--until', until) };
  if (period.untilMs <= period.fromMs) {
    throw new UsageError(`--until: expected a time after --since (${new Date(period.fromMs).toISOString()})`);
  }
  return period;
}

function readFormat({ format, output, every }: ReportOptions): Format {
  const byName = every === undefined ? extname(output ?? '').slice(1) : '';
  const name = format ?? (Object.hasOwn(FORMATS, byName) ? byName : 'md');
  if (Object.hasOwn(FORMATS, name)) return name as Format;
  throw new UsageError(`--format: expected md, html or json, found ${JSON.stringify(name)}`);
}

/** Rejects with the signal's reason when that aborts. */
function makeReport(
  directory: string,
  period: Span,
  { rollout, shadow }: ReportOptions,
  signal: AbortSignal,
): Promise<Report> {
  const unreadable: string[] = [];
  const onUnreadable = (path: string, reason: string) => {
    if (unreadable.length < MAX_UNREADABLE) unreadable.push(`${path}: ${reason}`);
  };
  const range = { sinceMs: period.fromMs, untilMs: period.untilMs, onUnreadable };
  const only = { ...(rollout !== undefined && { rollout }), ...(shadow !== undefined && { shadow }) };
  const blocks = whileWanted(readBlocks(directory, range, { cellFromJson }), signal);
  const rows = whileWanted(readRows(directory, { ...range, ...only }), signal);
  return buildReport(blocks, rows, { period, version, unreadable, ...only });
}

async function* whileWanted<Item>(items: AsyncIterable<Item>, signal: AbortSignal): AsyncGenerator<Item> {
  for await (const item of items) {
    signal.throwIfAborted();
    yield item;
  }
}

function nothingFound(directory: string, { fromMs, untilMs }: Span, { rollout, shadow }: ReportOptions): string {
  const of = `${rollout === undefined ? '' : ` of rollout ${rollout}`}${shadow === undefined ? '' : ` with shadow ${shadow}`}`;
  const between = `between ${new Date(fromMs).toISOString()} and ${new Date(untilMs).toISOString()}`;
  return `nothing${of} is recorded ${between} in ${directory}`;
}

/** Into `options.into`, until the terminal's signal. A period that cannot be reported is said and tried again at the next start. */
async function reportPeriods(
  options: ReportOptions & { readonly every: string; readonly into: string },
  format: Format,
  terminal: Terminal,
): Promise<void> {
  const everyMs = readDuration(options.every);
  if (everyMs === undefined || everyMs < 60_000) {
    throw new UsageError(
      `--every: expected a time of a minute or more like 1h, 1d or 1w, found ${JSON.stringify(options.every)}`,
    );
  }
  if (options.output !== undefined)
    throw new UsageError('--output: expected without --every, which writes into --into');
  const directory = recordingDirectory(options, terminal);
  const { into } = options;
  await mkdir(into, { recursive: true });
  await reportEvery({
    everyMs,
    signal: terminal.signal,
    now: Date.now,
    wait: (ms, signal) => wait(ms, undefined, { signal }).catch(() => {}),
    oldestMs: () => oldestBlockMs(directory),
    done: async () => new Set((await readdir(into)).flatMap((file) => periodOf(file, format) ?? [])),
    make: async (period, name) => {
      try {
        const made = await makeReport(directory, period, options, terminal.signal);
        if (made.releases.length === 0) return terminal.error(`${name}: ${nothingFound(directory, period, options)}\n`);
        const file = join(into, `report-${name}.${format}`);
        await writeWhole(file, FORMATS[format](made));
        terminal.out(`${file}\n`);
      } catch (error) {
        if (terminal.signal.aborted) return;
        terminal.error(`${name}: no report: ${error instanceof Error ? error.message : error}\n`);
      }
    },
  });
}

function periodOf(file: string, format: Format): string | undefined {
  const [start, end] = ['report-', `.${format}`];
  return file.startsWith(start) && file.endsWith(end) ? file.slice(start.length, -end.length) : undefined;
}

async function oldestBlockMs(directory: string): Promise<number | undefined> {
  for await (const { startMs } of readBlocks(directory, { sinceMs: 0, untilMs: Date.now() }, { cellFromJson })) {
    return startMs;
  }
  return undefined;
}

/** Nobody ever reads half of it: it is written beside, then takes its name. Throws UsageError when that is not possible. */
async function writeWhole(file: string, text: string): Promise<void> {
  const beside = join(dirname(file), `.${process.pid}-${Date.now()}.understudy-report`);
  try {
    await writeFile(beside, text);
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true });
    throw new UsageError(`expected a file that can be written, found ${JSON.stringify(file)}: ${error}`);
  }
}
