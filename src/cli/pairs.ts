import type { Bodies, Body, Pair, WatchPairsRequest } from '../gen/understudy/admin/v1/admin.ts';
import { follow, withAdmin } from './client.ts';
import { UsageError } from './exit.ts';
import { describeField, describeSide } from './pair-text.ts';
import { fitted, printable } from './printable.ts';
import type { Settings } from './settings.ts';
import { paint } from './table.ts';
import { printJson, type Terminal } from './terminal.ts';

export interface PairsOptions extends Settings {
  readonly rollout?: string;
  readonly shadow?: string;
  /** `NAME=VALUE` */
  readonly segment?: string;
  readonly field?: string;
  readonly minDifference?: string;
  readonly status?: number;
  readonly different?: boolean;
  readonly kept?: boolean;
  readonly recent: number;
  readonly follow?: boolean;
  readonly bodies?: boolean;
  readonly json?: boolean;
}

/** Characters of a body on its line; `understudy pair` shows all of it. */
const BODY_WIDTH = 500;

/** Prints the newest pairs, oldest first, one a line; with `follow` also those to come. */
export function showPairs(options: PairsOptions, terminal: Terminal): Promise<void> {
  const request = toRequest(options);
  return withAdmin(options, terminal, (client) =>
    follow(client.watchPairs(request), terminal, (pair) => {
      if (options.json) printJson(terminal, pair);
      else terminal.out(describe(pair, terminal));
    }),
  );
}

function toRequest(options: PairsOptions): WatchPairsRequest {
  const [segmentName, segmentValue] = parseSegment(options.segment);
  return {
    rollout: options.rollout ?? '',
    shadow: options.shadow ?? '',
    segmentName,
    segmentValue,
    field: options.field ?? '',
    minDifference: parseDifference(options.minDifference),
    status: options.status ?? 0,
    onlyDifferent: options.different ?? false,
    keptOnly: options.kept ?? false,
    recent: options.recent,
    follow: options.follow ?? false,
    includeBodies: options.bodies ?? false,
  };
}

function parseSegment(text: string | undefined): readonly [name: string, value: string] {
  if (text === undefined) return ['', ''];
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new UsageError(`segment: expected NAME=VALUE, for example country=NZ, found ${JSON.stringify(text)}`);
}

function parseDifference(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value >= 0 && Number.isFinite(value)) return value;
  throw new UsageError(`min-difference: expected a number from 0, found ${JSON.stringify(text)}`);
}

function describe(pair: Pair, terminal: Terminal): string {
  const lost = pair.droppedBefore > 0 ? `(${pair.droppedBefore} pairs lost here: reading was too slow)\n` : '';
  const result = [...results(pair), ...(pair.referenced ? [] : ['unreferenced'])].join(', ');
  const columns = [
    new Date(pair.timeMs).toISOString(),
    pair.id,
    `${pair.rollout}/${pair.shadow}`,
    describeSide(pair.reference),
    describeSide(pair.candidate),
    pair.different ? paint(terminal, 'yellow', result) : result,
  ];
  return `${lost}${columns.join('  ')}\n${bodyLines(pair.bodies)}`;
}

function results(pair: Pair): string[] {
  if (pair.refusedAlike) return ['refused alike'];
  if (pair.fields.length > 0) return pair.fields.map(describeField);
  const outputs = Object.entries(pair.outputs).map(
    ([name, same]) => `${printable(name)} ${same ? 'same' : 'different'}`,
  );
  return [`body ${pair.body}`, ...outputs];
}

function bodyLines(bodies: Bodies | undefined): string {
  if (bodies === undefined) return '';
  const line = (name: string, body: Body | undefined) =>
    body === undefined ? '' : `  ${name.padEnd(9)}  ${fitted(bodyText(body), BODY_WIDTH).trimEnd()}\n`;
  return line('request', bodies.request) + line('reference', bodies.reference) + line('candidate', bodies.candidate);
}

function bodyText({ text, note }: Body): string {
  return printable(note === '' ? text : `(${note}) ${text}`);
}
