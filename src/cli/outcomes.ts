/** `understudy outcomes`: sends what came of answers, and shows what truths say of the models. */
import { once } from 'node:events';
import { open as openFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { ClientWritableStream } from '@grpc/grpc-js';
import { z } from 'zod';
import type {
  Outcome,
  Quality,
  RecordOutcomesResponse,
  RolloutAdminClient,
  RolloutTruth,
} from '../gen/understudy/admin/v1/admin.ts';
import { ask, withAdmin } from './client.ts';
import { FoundError, UsageError } from './exit.ts';
import type { Settings } from './settings.ts';
import { table } from './table.ts';
import { printJson, type Terminal } from './terminal.ts';

export interface OutcomesOptions extends Settings {
  readonly show?: string;
  readonly json?: boolean;
}

/** Throws UsageError that names the line; FoundError when outcomes were refused, after they were named. */
export async function outcomes(file: string | undefined, options: OutcomesOptions, terminal: Terminal): Promise<void> {
  const { show } = options;
  if ((file === undefined) === (show === undefined)) {
    throw new UsageError('expected a file of outcomes (- is standard input), or --show ROLLOUT');
  }
  await withAdmin(options, terminal, async (client) => {
    if (show !== undefined) showTruth(await ask(client, client.getTruth, { rollout: show }), options, terminal);
    else if (file !== undefined) await send(client, file, options, terminal);
  });
}

async function send(
  client: RolloutAdminClient,
  file: string,
  options: OutcomesOptions,
  terminal: Terminal,
): Promise<void> {
  const input = await openInput(file);
  const { call, answer } = open(client);
  // what ends it before it is awaited is seen there
  answer.catch(() => {});
  /** Line of each outcome, for those that are refused. */
  const lines: number[] = [];
  let number = 0;
  try {
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      number++;
      if (text.trim() === '') continue;
      const outcome = readOutcome(text, `${file}:${number}`);
      lines.push(number);
      if (!call.write(outcome)) await Promise.race([once(call, 'drain'), answer]);
    }
  } catch (error) {
    call.cancel();
    throw error;
  }
  call.end();
  const told = await answer;
  if (options.json) printJson(terminal, told);
  else terminal.out(describe(told));
  for (const { index, reason } of told.reasons) terminal.error(`${file}:${lines[index] ?? '?'}: ${reason}\n`);
  if (told.refused > told.reasons.length) terminal.error(`and ${told.refused - told.reasons.length} more\n`);
  if (told.refused > 0) throw new FoundError();
}

async function openInput(file: string): Promise<Readable> {
  if (file === '-') return process.stdin;
  try {
    return (await openFile(file)).createReadStream();
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${(error as Error).message}`);
  }
}

function open(client: RolloutAdminClient) {
  let call: ClientWritableStream<Outcome> | undefined;
  const answer = new Promise<RecordOutcomesResponse>((resolve, reject) => {
    call = client.streamOutcomes((error, response) => (error ? reject(error) : resolve(response)));
  });
  if (call === undefined) throw new Error('a stream begins at once');
  return { call, answer };
}

function describe({ accepted, waiting, duplicate, unsampled, tooLate, refused }: RecordOutcomesResponse): string {
  const parts = [`${accepted} joined`, `${waiting} waiting`, `${duplicate} known`];
  if (tooLate > 0) parts.push(`${tooLate} too late to be judged`);
  if (unsampled > 0) parts.push(`${unsampled} not in the sample`);
  if (refused > 0) parts.push(`${refused} refused`);
  return `${parts.join(', ')}\n`;
}

const word = (expected: string) => z.string({ error: expected }).prefault('');
const line = z.strictObject({
  rollout: word('a text'),
  id: word('a text'),
  unit: word('a text'),
  unitSource: word('a text, for example header:x-user-id'),
  name: word('a text'),
  field: word('a text'),
  key: word('a text'),
  value: z.union([z.number(), z.string(), z.boolean()], { error: 'a number, a text, true or false' }).optional(),
  time: z
    .union([z.number(), z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))], {
      error: 'milliseconds since 1970, or a time such as 2026-01-31T12:00:00Z',
    })
    .optional(),
});

/** Of one line; `place` is what a fault is named by. Throws UsageError. */
export function readOutcome(text: string, place: string): Outcome {
  let plain: unknown;
  try {
    plain = JSON.parse(text);
  } catch {
    throw new UsageError(`${place}: expected a JSON object, found ${JSON.stringify(text.slice(0, 80))}`);
  }
  const read = line.safeParse(plain, { error: ({ code }) => (code === 'invalid_type' ? 'a JSON object' : undefined) });
  if (!read.success) {
    const [issue] = read.error.issues;
    const where = issue?.path.length ? `${place}: ${issue.path.join('.')}` : place;
    const what =
      issue?.code === 'unrecognized_keys' ? `unknown key ${issue.keys.join(', ')}` : `expected ${issue?.message}`;
    throw new UsageError(`${where}: ${what}`);
  }
  const { value, time, ...outcome } = read.data;
  return { ...outcome, value: valueIn(value, outcome.field !== ''), timeMs: time };
}

function valueIn(value: number | string | boolean | undefined, isTruth: boolean): Outcome['value'] {
  if (value === undefined) return undefined;
  if (typeof value === 'number') return { $case: 'number', value };
  if (typeof value === 'string') return { $case: 'text', value };
  // classes are the JSON of what the model says: true, not 1
  return isTruth ? { $case: 'text', value: String(value) } : { $case: 'number', value: value ? 1 : 0 };
}

const HEADS = ['FIELD', 'MODEL', 'N', 'ACCURACY', 'MAE', 'BIAS', 'BRIER', 'LOG-LOSS', 'SAID/TRUE', 'ECE'];

function showTruth(truth: RolloutTruth, { json }: OutcomesOptions, terminal: Terminal): void {
  if (json) {
    printJson(terminal, truth);
    return;
  }
  const { rollout, release, fields } = truth;
  const rows = fields.flatMap(({ field, candidate, referenceQuality, candidateQuality, candidateAlone }) => [
    ...rowOf(field, 'stable', referenceQuality),
    ...rowOf(field, candidate, candidateQuality),
    ...rowOf(field, `${candidate} alone`, candidateAlone),
  ]);
  terminal.out(`${rollout} ${release}\n`);
  terminal.out(
    rows.length === 0 ? 'no truths of requests to which both models said something\n' : table(terminal, HEADS, rows),
  );
}

function rowOf(field: string, model: string, quality: Quality | undefined): string[][] {
  if (quality === undefined) return [];
  const { n, accuracy, meanAbsoluteError, bias, brier, logLoss, calibrationRatio, calibrationError } = quality;
  const numbers = [meanAbsoluteError, bias, brier, logLoss, calibrationRatio, calibrationError];
  const share = accuracy === undefined ? '-' : `${(100 * accuracy).toFixed(2)} %`;
  return [
    [
      field,
      model,
      String(n),
      share,
      ...numbers.map((x) => (x === undefined ? '-' : Number(x.toPrecision(4)).toString())),
    ],
  ];
}
