import { formatPercent } from '../config/units.ts';
import type { Body, ElementDifference, FieldDifference, Pair, Side } from '../gen/understudy/admin/v1/admin.ts';
import { ask, withAdmin } from './client.ts';
import { describeField, milliseconds, short } from './pair-text.ts';
import { fitted, printable } from './printable.ts';
import type { Settings } from './settings.ts';
import { type AnswerRow, sideBySide } from './side-by-side.ts';
import { paint, table } from './table.ts';
import { printJson, type Terminal } from './terminal.ts';

export interface PairOptions extends Settings {
  readonly shadow?: string;
  readonly bodies?: boolean;
  readonly json?: boolean;
}

/** Columns from which two answers stand beside each other. */
const WIDE = 100;
const MARK = '! ';
const NO_MARK = '  ';
const MAX_CELL = 60;

/** Prints all that is known of the pairs of a request; with `json` one pair a line. */
export function showPair(id: string, options: PairOptions, terminal: Terminal): Promise<void> {
  const request = { id: id.toLowerCase(), shadow: options.shadow ?? '', includeBodies: options.bodies ?? false };
  return withAdmin(options, terminal, async (client) => {
    const { pairs } = await ask(client, client.getPair, request);
    for (const [index, pair] of pairs.entries()) {
      if (options.json) printJson(terminal, pair);
      else terminal.out((index === 0 ? '' : '\n') + describePair(pair, { ...options, terminal }));
    }
  });
}

interface Look {
  readonly terminal: Terminal;
  readonly bodies?: boolean;
}

export function describePair(pair: Pair, { terminal, bodies = false }: Look): string {
  const parts = [
    headOf(pair),
    sidesOf(pair, terminal),
    fieldsOf(pair, terminal),
    bodies ? bodiesOf(pair, terminal) : '',
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function headOf(pair: Pair): string {
  const { productionSpan, shadowSpan, segments } = pair;
  const named = Object.entries(segments).map(([name, value]) => `${name}=${value}`);
  const spans = [
    ...(productionSpan === undefined ? [] : [`production span ${productionSpan.spanId}`]),
    ...(shadowSpan === undefined ? [] : [`shadow span ${shadowSpan.spanId}`]),
  ];
  const lines: (readonly [string, string])[] = [
    ['time', new Date(pair.timeMs).toISOString()],
    ['decision', `${pair.arm} by ${pair.reason}, weight ${formatPercent(pair.weightBp)}, revision ${pair.revision}`],
    ['release', pair.release],
    ['segments', named.join(', ')],
    [
      'user got',
      `the ${pair.answeredBy}${pair.userLatencyMs === undefined ? '' : ` after ${milliseconds(pair.userLatencyMs)}`}`,
    ],
    ['trace', pair.traceId === '' ? '' : [pair.traceId, ...spans].join(', ')],
    ['kept for', pair.whyKept.join('; ')],
    ['unequal', pair.unequal.join(', ')],
    ['from', pair.fromRecording ? 'the recording' : ''],
    ['counts', pair.referenced ? '' : 'for nothing: neither side runs the stable version'],
  ];
  const shown = lines.filter(([, value]) => value !== '');
  return `pair ${pair.id}  ${pair.rollout}/${pair.shadow}\n${shown.map(([name, value]) => `  ${name.padEnd(8)}  ${printable(value)}\n`).join('')}`;
}

function sidesOf({ reference, candidate }: Pair, terminal: Terminal): string {
  const row = (name: string, of: (side: Side) => string | number | undefined) => {
    const [one, other] = [reference, candidate].map((side) => printable(String((side && of(side)) ?? '')));
    return { cells: [name, one ?? '', other ?? ''], isEmpty: !one && !other };
  };
  const rows = [
    row('version', (side) => side.version),
    row('cluster', (side) => side.cluster),
    row('status', (side) => (side.status === 0 ? 'no answer' : side.status)),
    row('grpc status', (side) => side.grpcStatus),
    row('error', (side) => side.error),
    row('details', (side) => side.details),
    row('latency', (side) => milliseconds(side.latencyMs)),
    row('feature fetch', (side) => milliseconds(side.featureFetchMs)),
  ];
  const heads = ['', 'REFERENCE', 'CANDIDATE'];
  return table(
    terminal,
    heads,
    rows.flatMap(({ cells, isEmpty }) => (isEmpty ? [] : [cells])),
  );
}

function fieldsOf(pair: Pair, terminal: Terminal): string {
  if (pair.refusedAlike) return 'both sides refused the request alike: no field is compared\n';
  if (pair.fields.length === 0) return `${marked(terminal, pair.different)}body ${pair.body}${outputsOf(pair)}\n`;
  const rows = pair.fields.flatMap((field) => [
    ...field.elements.map((element, index) => [
      (field.compared && !element.agree ? MARK : NO_MARK) + (index === 0 ? field.name : ''),
      printable(element.key ?? ''),
      cellOf(element.reference, element.missingReference, false),
      cellOf(element.candidate, element.missingCandidate, !field.compared),
      measuresOf(field, element),
    ]),
    ...(field.cut > 0 ? [[`${NO_MARK}(${field.cut} more elements of ${field.name})`, '', '', '', '']] : []),
  ]);
  const differing = pair.fields.filter(({ agree, compared }) => compared && !agree).map(describeField);
  const summary = differing.length === 0 ? '' : `${paint(terminal, 'yellow', differing.join(', '))}\n`;
  return summary + table(terminal, [`${NO_MARK}FIELD`, 'KEY', 'REFERENCE', 'CANDIDATE', 'MEASURED'], rows);
}

function outputsOf({ outputs }: Pair): string {
  return Object.entries(outputs)
    .map(([name, same]) => `, ${printable(name)} ${same ? 'same' : 'different'}`)
    .join('');
}

function cellOf(json: string | undefined, missing: string, mayBeAbsent: boolean): string {
  if (missing !== '') return `(${missing})`;
  if (json === undefined) return mayBeAbsent ? '' : '***';
  const text = printable(readable(json));
  return text.length <= MAX_CELL ? text : fitted(text, MAX_CELL);
}

/** Ranked lists and sets by their items; anything else as the JSON it is. */
function readable(json: string): string {
  const value: unknown = json.startsWith('[') ? JSON.parse(json) : undefined;
  if (!Array.isArray(value) || value.length === 0) return json;
  const items = value.map((item: unknown) =>
    typeof item === 'object' && item !== null && 'item' in item ? String(item.item) : undefined,
  );
  return items.includes(undefined) ? json : items.join(' ');
}

function measuresOf({ compared, kind }: FieldDifference, { measures, amount }: ElementDifference): string {
  if (!compared) return 'not compared';
  const all = Object.entries(measures).map(([name, value]) => `${name} ${short(value)}`);
  return [...(all.length === 0 ? [kind] : all), ...(amount === undefined ? [] : [`amount ${short(amount)}`])].join(
    ', ',
  );
}

function bodiesOf(pair: Pair, terminal: Terminal): string {
  if (pair.bodies === undefined) return 'bodies are there of kept pairs only, and this one is not kept\n';
  const { reference, candidate, request } = pair.bodies;
  const asked = request === undefined ? '' : `REQUEST${noteOf(request)}\n${indented(request)}\n`;
  if (reference === undefined && candidate === undefined) return `${asked}no answer was captured\n`;
  const { rows, left } = sideBySide(reference?.text ?? '', candidate?.text ?? '');
  const heads = [`REFERENCE${noteOf(reference)}`, `CANDIDATE${noteOf(candidate)}`] as const;
  const columns = columnsOf(terminal);
  const answers = columns >= WIDE ? beside(rows, heads, columns, terminal) : below(rows, heads, terminal);
  return asked + answers + (left > 0 ? `(${left} more rows)\n` : '');
}

function noteOf(body: Body | undefined): string {
  if (body === undefined) return ' (not captured)';
  const notes = [...(body.note === '' ? [] : [body.note]), ...(body.cut > 0 ? [`${body.cut} more characters`] : [])];
  return notes.length === 0 ? '' : ` (${notes.join('; ')})`;
}

/** The whole of it, also when lines are longer than the terminal. */
function indented(body: Body): string {
  const { rows } = sideBySide(body.text, body.text);
  return rows.map(({ reference }) => `${NO_MARK}${printable(reference)}\n`).join('');
}

function beside(
  rows: readonly AnswerRow[],
  [reference, candidate]: readonly [string, string],
  columns: number,
  terminal: Terminal,
): string {
  const width = Math.floor((columns - 6) / 2);
  const line = (mark: string, one: string, other: string) =>
    `${mark}${fitted(printable(one), width)}  ${fitted(printable(other), width)}`.trimEnd();
  return [
    paint(terminal, 'bold', line(NO_MARK, reference, candidate)),
    ...rows.map((row) => {
      const text = line(row.differs ? MARK : NO_MARK, row.reference, row.candidate);
      return row.differs ? paint(terminal, 'yellow', text) : text;
    }),
    '',
  ].join('\n');
}

function below(
  rows: readonly AnswerRow[],
  [reference, candidate]: readonly [string, string],
  terminal: Terminal,
): string {
  const one = (head: string, textOf: (row: AnswerRow) => string) => [
    paint(terminal, 'bold', head),
    ...rows.filter((row) => textOf(row) !== '').map((row) => marked(terminal, row.differs) + printable(textOf(row))),
  ];
  const lines = [...one(reference, (row) => row.reference), '', ...one(candidate, (row) => row.candidate), ''];
  return lines.join('\n');
}

function marked(terminal: Terminal, differs: boolean): string {
  return differs ? paint(terminal, 'yellow', MARK) : NO_MARK;
}

/** Of the terminal, else of $COLUMNS, else narrow. */
function columnsOf(terminal: Terminal): number {
  return (terminal.interactive ? process.stdout.columns : undefined) ?? (Number(terminal.env.COLUMNS) || 80);
}
