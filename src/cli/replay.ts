import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { compileExtractor } from '../prediction/extract.ts';
import { type ReadRange, readRows } from '../recording/reader.ts';
import { compileRedaction } from '../recording/redact.ts';
import { toRow } from '../recording/to-row.ts';
import { LabelError, readLabels, readPopularity } from '../replay/labels.ts';
import type { Selection } from '../replay/plan.ts';
import { honesty, type ReplayReport, replayReport } from '../replay/replay-report.ts';
import { type Begin, ChangedError, replay as runReplay, survey } from '../replay/run.ts';
import { createSender } from '../replay/send.ts';
import { type ReplayState, readState, StateError, writeState } from '../replay/state.ts';
import { Totals } from '../replay/totals.ts';
import { FoundError, UsageError } from './exit.ts';
import { parseHeader } from './explain.ts';
import {
  FORMATS,
  formatOf,
  MAX_IN_FLIGHT,
  MAX_K,
  MAX_RATE,
  questionOf,
  type ReplayOptions,
  rolloutOf,
  urlOf,
  within,
} from './replay-options.ts';
import { replayProgress } from './replay-progress.ts';
import { readPeriod, recordingDirectory } from './report.ts';
import { readConfig } from './settings.ts';
import type { Terminal } from './terminal.ts';

const SAVE_EVERY_MS = 5_000;

/** Of this replay and no other; kept in the state, so that a resumed one asks the same of the same rows. */
interface Kept {
  readonly selection: Selection;
  /** Rows of the recording when the replay began. */
  readonly end: number;
  readonly toSend: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly totals: unknown;
}

/**
 * Sends recorded requests to a candidate and prints or writes what its answers differ in from the recorded ones. Throws
 * FoundError when it was ended before its end, after printing what there is.
 */
export async function replay(options: ReplayOptions, terminal: Terminal): Promise<void> {
  const format = formatOf(options);
  const to = urlOf(options.to);
  const [perSecond, maxInFlight] = [
    within('--rate', options.rate, MAX_RATE),
    within('--max-in-flight', options.maxInFlight, MAX_IN_FLIGHT),
  ];
  const config = readConfig(options, terminal);
  const directory = recordingDirectory(options, terminal);
  const { rollout, spec } = rolloutOf(config, options);
  const known = withUsageErrors(() => ({
    k: within('--precision-at', options.precisionAt, MAX_K),
    labels: options.labels === undefined ? undefined : readLabels(options.labels),
    popularity: options.popularity === undefined ? undefined : readPopularity(options.popularity),
  }));
  const redaction = compileRedaction(config.redact);
  const unreadable = new Set<string>();
  const range = (selection: Selection): ReadRange => ({
    ...selection,
    onUnreadable: (path, reason) => unreadable.add(`${path}: ${reason}`),
  });

  const question = questionOf(options, { directory: resolve(directory), to: to.href, rollout, spec });
  const file = options.resume;
  const earlier =
    file === undefined
      ? undefined
      : (withUsageErrors(() => readState(file, question)) as ReplayState<Kept> | undefined);
  const kept = earlier?.sums ?? (await begin());
  if (kept.toSend === 0) throw new UsageError(nothingToSend(directory, rollout));
  const totals = earlier === undefined ? new Totals() : withUsageErrors(() => restored(earlier, file));

  const sender = createSender({
    to,
    timeoutMs: options.timeoutMs,
    maxInFlight,
    headers: Object.fromEntries(options.header.map(parseHeader)),
  });
  let at: Begin = { rows: earlier?.rows ?? 0, lastId: earlier?.lastId ?? '' };
  let savedMs = performance.now();
  const save = () => {
    savedMs = performance.now();
    if (file !== undefined) writeState(file, { question, ...at, sums: { ...kept, totals: totals.toJson() } });
  };
  saveFirst(save, file);
  const progress = replayProgress(terminal, { toSend: kept.toSend, done: totals.counts.sent });
  let late = 0;
  try {
    const sent = await runReplay({
      rows: readRows(directory, { ...range(kept.selection), rollout }),
      selection: kept.selection,
      spec,
      extractor: compileExtractor(spec),
      sender,
      to: to.host,
      begin: at,
      end: kept.end,
      pace: { perSecond, maxInFlight, nowMs: () => performance.now(), sleep },
      signal: terminal.signal,
      onRow(here, planned, pair) {
        at = here;
        if (planned !== undefined) {
          totals.add(planned, pair, known, (shown) => ({
            ...toRow(shown, { redaction, prediction: spec, request: undefined, bodies: undefined }),
            kept: true,
          }));
        }
        progress.show(totals.counts.sent);
        if (performance.now() - savedMs >= SAVE_EVERY_MS) save();
      },
    });
    late = sent.late;
    save();
  } catch (error) {
    throw error instanceof ChangedError ? new UsageError(error.message, { cause: error }) : error;
  } finally {
    progress.end();
    sender.close();
  }

  const left = kept.toSend - totals.counts.sent;
  const made = await replayReport(totals, {
    to: to.href,
    rollout,
    perSecond,
    k: known.k,
    firstMs: kept.firstMs,
    untilMs: kept.lastMs + 1,
    left,
    late,
    unreadable: [...unreadable],
  });
  await put(made, format, options, terminal);
  if (left > 0) {
    const how = file === undefined ? 'it could be gone on with, had --resume named a file' : 'the same command goes on';
    terminal.error(`ended with ${left} of ${kept.toSend} requests not sent; ${how}\n`);
    throw new FoundError();
  }

  /** Looks through the recording and says what will be sent and what not, before anything is. */
  async function begin(): Promise<Kept> {
    const period = readPeriod({ since: options.since ?? '1970-01-01', ...untilOf(options) }, Date.now());
    const selection = { rollout, shadow: options.shadow, sinceMs: period.fromMs, untilMs: period.untilMs };
    const found = await survey(readRows(directory, { ...range(selection), rollout }), selection, spec);
    const { counts, rows, firstMs, lastMs } = found;
    terminal.error(`${counts.sent} recorded requests go to ${to.href} at ${perSecond} a second\n`);
    for (const line of honesty(counts, { left: 0, late: 0, unreadable: [...unreadable] })) terminal.error(`${line}\n`);
    return { selection, end: rows, toSend: counts.sent, firstMs, lastMs, totals: undefined };
  }
}

async function put(made: ReplayReport, format: keyof typeof FORMATS, options: ReplayOptions, terminal: Terminal) {
  const text = FORMATS[format](made);
  if (options.report === undefined || options.report === '-') {
    terminal.out(text);
    return;
  }
  try {
    await writeFile(options.report, text, { mode: 0o600 });
  } catch (error) {
    throw new UsageError(`--report: expected a file that can be written, found ${options.report}: ${error}`);
  }
  for (const { text: answer } of made.headlines) terminal.out(`${answer}\n`);
}

function untilOf({ until }: ReplayOptions): { until?: string } {
  return until === undefined ? {} : { until };
}

function restored({ sums }: ReplayState<Kept>, file: string | undefined): Totals {
  try {
    return Totals.fromJson(sums.totals);
  } catch (error) {
    throw new StateError(`${file}: expected the state of a replay, found something else: ${(error as Error).message}`);
  }
}

function withUsageErrors<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof LabelError || error instanceof StateError)
      throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

/** Where it cannot be kept is said before anything is sent. */
function saveFirst(save: () => void, file: string | undefined): void {
  try {
    save();
  } catch (error) {
    throw new UsageError(`--resume: expected a file that can be written, found ${file}: ${(error as Error).message}`);
  }
}

function nothingToSend(directory: string, rollout: string): string {
  return `nothing in ${directory} can be sent again for ${rollout}; is \`recording: { requests: true }\` set, with capture of requests?`;
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => {});
}
