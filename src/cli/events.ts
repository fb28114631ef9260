import type { Event } from '../gen/understudy/admin/v1/admin.ts';
import type { GuardRow } from '../rollout/guard-table.ts';
import { ask, follow, withAdmin } from './client.ts';
import { printable } from './printable.ts';
import type { Settings } from './settings.ts';
import { table } from './table.ts';
import { printJson, type Terminal } from './terminal.ts';

export interface EventsOptions extends Settings {
  readonly rollout?: string;
  readonly limit: number;
  /** Go on with those to come. */
  readonly follow?: boolean;
  /** With what every guard said then. */
  readonly verbose?: boolean;
  readonly json?: boolean;
}

const heads = ['NUMBER', 'TIME', 'ROLLOUT', 'KIND', 'BY', 'REVISION', 'CHANGE', 'REASON'];

/** Prints what changed, newest first; to follow it, oldest first and line by line; with `json` one event a line. */
export function showEvents(options: EventsOptions, terminal: Terminal): Promise<void> {
  const { rollout = '', limit } = options;
  const print = (event: Event) => {
    if (options.json) printJson(terminal, event);
    else terminal.out(`${rowOf(event).join('  ')}\n${guardLines(event, options)}`);
  };
  return withAdmin(options, terminal, async (client) => {
    const { events } = await ask(client, client.listEvents, { rollout, limit, before: 0 });
    if (options.follow) {
      for (const event of events.toReversed()) print(event);
      const after = events[0]?.number ?? 0;
      await follow(client.watchEvents({ rollout, after }), terminal, print);
      return;
    }
    if (options.json) {
      for (const event of events) print(event);
      return;
    }
    const [head = '', ...lines] = table(terminal, heads, events.map(rowOf)).trimEnd().split('\n');
    const full = events.map((event, index) => `${lines[index]}\n${guardLines(event, options)}`);
    terminal.out(`${head}\n${full.join('')}`);
  });
}

function rowOf(event: Event): (string | number)[] {
  const { number, timeMs, rollout, kind, actor, reason, revision } = event;
  const time = new Date(timeMs).toISOString();
  return [number, time, rollout, kind, printable(actor), revision, changeOf(event), printable(reason)];
}

interface Place {
  readonly phase?: string;
  readonly stage?: string;
  readonly weightBp?: number;
}

/** `baking five 5 % -> rolling-back 0 %`; `-` when nobody was moved. */
function changeOf({ detail }: Event): string {
  const { from, to, ...own } = JSON.parse(detail || '{}') as Place & { readonly from?: unknown; readonly to?: unknown };
  const started = typeof to === 'object' ? undefined : placeText(own);
  const [was, is] = [placeText(from), started ?? placeText(to)];
  if (is === '' || was === is) return '-';
  return was === '' ? is : `${was} -> ${is}`;
}

function placeText(place: unknown): string {
  if (typeof place !== 'object' || place === null) return '';
  const { phase, stage, weightBp } = place as Place;
  const weight = weightBp === undefined ? undefined : `${weightBp / 100} %`;
  return [phase, stage, weight].filter((part) => part !== undefined).join(' ');
}

function guardLines({ guards }: Event, { verbose }: EventsOptions): string {
  if (!verbose) return '';
  const rows = JSON.parse(guards || '[]') as GuardRow[];
  return rows.map((row) => `    ${guardText(row)}\n`).join('');
}

function guardText({ guard, segment, status, sentence, dryRun }: GuardRow): string {
  const name = segment === '' ? guard : `${guard} ${printable(segment)}`;
  return `${status.padEnd(8)} ${name}${dryRun ? ' (dry run)' : ''}: ${printable(sentence)}`;
}
