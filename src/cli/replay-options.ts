/** What is asked of a replay, read and checked. */
import { createHash } from 'node:crypto';
import { extname } from 'node:path';
import type { Config } from '../config/parse.ts';
import type { PredictionSpec } from '../prediction/spec.ts';
import { renderHtml } from '../report/html.ts';
import { renderJson } from '../report/json.ts';
import { renderMarkdown } from '../report/markdown.ts';
import { UsageError } from './exit.ts';
import type { Settings } from './settings.ts';

export interface ReplayOptions extends Settings {
  readonly from?: string;
  readonly to: string;
  /** Requests a second. */
  readonly rate: number;
  readonly rollout?: string;
  readonly shadow?: string;
  readonly since?: string;
  readonly until?: string;
  /** Only these; empty = all of the rollout. */
  readonly field: readonly string[];
  /** `name: value` */
  readonly header: readonly string[];
  readonly labels?: string;
  readonly precisionAt: number;
  readonly popularity?: string;
  readonly resume?: string;
  readonly report?: string;
  readonly format?: string;
  readonly maxInFlight: number;
  readonly timeoutMs: number;
}

export const FORMATS = { md: renderMarkdown, html: renderHtml, json: renderJson } as const;
export const MAX_RATE = 100_000;
export const MAX_IN_FLIGHT = 10_000;
export const MAX_K = 1_000;

/** The rollout, and of its fields those that are compared. Throws UsageError. */
export function rolloutOf(
  config: Config,
  { rollout, field }: ReplayOptions,
): { rollout: string; spec: PredictionSpec } {
  const predicting = config.rollouts.filter(({ prediction }) => (prediction?.fields.length ?? 0) > 0);
  const names = predicting.map(({ name }) => name).join(', ') || 'none has';
  const found = rollout === undefined && predicting.length === 1 ? predicting[0] : byName(predicting, rollout);
  if (found?.prediction === undefined) {
    const expected = `--rollout: expected one with fields in its \`prediction:\` (${names})`;
    throw new UsageError(`${expected}, found ${rollout === undefined ? 'none' : JSON.stringify(rollout)}`);
  }
  const { fields } = found.prediction;
  for (const name of field) {
    if (fields.some((known) => known.name === name)) continue;
    const known = fields.map((one) => one.name).join(', ');
    throw new UsageError(`--field: expected one of ${known}, found ${JSON.stringify(name)}`);
  }
  const wanted = fields.filter(({ name }) => field.length === 0 || field.includes(name));
  return { rollout: found.name, spec: { ...found.prediction, fields: wanted } };
}

function byName<Named extends { readonly name: string }>(list: readonly Named[], name: string | undefined) {
  return list.find((one) => one.name === name);
}

/** Throws UsageError. */
export function urlOf(text: string): URL {
  const url = URL.parse(text);
  const plain = url !== null && url.search === '' && url.hash === '' && url.username === '';
  if (url === null || !plain || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(
      `--to: expected a URL like http://127.0.0.1:8080, without query and user, found ${JSON.stringify(text)}`,
    );
  }
  return url;
}

/** As `--format` says, else the name of the file. Throws UsageError. */
export function formatOf({ format, report }: ReplayOptions): keyof typeof FORMATS {
  const asked = format ?? extname(report ?? '').slice(1);
  if (asked in FORMATS) return asked as keyof typeof FORMATS;
  if (format === undefined) return 'md';
  throw new UsageError(`--format: expected md, html or json, found ${JSON.stringify(format)}`);
}

/** Throws UsageError when `value` is not above 0, or more than `most`. */
export function within(option: string, value: number, most: number): number {
  if (value > 0 && value <= most) return value;
  throw new UsageError(`${option}: expected a number above 0, at most ${most}, found ${value}`);
}

/** What must be the same when a replay is gone on with; how fast it goes is not. */
export function questionOf(
  { shadow, since, until, labels, precisionAt, popularity }: ReplayOptions,
  asked: { directory: string; to: string; rollout: string; spec: PredictionSpec },
): string {
  const { spec, ...rest } = asked;
  const prediction = createHash('sha256').update(JSON.stringify(spec)).digest('hex');
  return JSON.stringify({ ...rest, shadow, since, until, labels, precisionAt, popularity, prediction });
}
