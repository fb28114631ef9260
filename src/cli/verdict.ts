import type { RolloutVerdict, Verdict } from '../gen/understudy/admin/v1/admin.ts';
import { grouped, printed, printedEvidence, type Unit } from '../guards/numbers.ts';
import { ask, follow, withAdmin } from './client.ts';
import type { Settings } from './settings.ts';
import { paint, table } from './table.ts';
import { printJson, type Terminal } from './terminal.ts';

export interface VerdictOptions extends Settings {
  readonly watch?: boolean;
  readonly json?: boolean;
}

const clearScreen = '\x1b[2J\x1b[H';

/** Prints what each guard of a rollout says; with `watch` again each time it is judged anew. */
export function showVerdict(rollout: string, options: VerdictOptions, terminal: Terminal): Promise<void> {
  const show = (answer: RolloutVerdict) => {
    if (options.json) printJson(terminal, answer);
    else terminal.out(`${options.watch && terminal.interactive ? clearScreen : ''}${describe(answer, terminal)}`);
  };
  return withAdmin(options, terminal, async (client) => {
    if (options.watch) await follow(client.watchVerdicts({ rollout }), terminal, show);
    else show(await ask(client, client.getVerdict, { rollout }));
  });
}

function describe(answer: RolloutVerdict, terminal: Terminal): string {
  const { rollout, release, verdicts, stale, untilMs, gaps, gapsMs } = answer;
  const until = untilMs === undefined ? 'not judged yet' : `until ${new Date(untilMs).toISOString()}`;
  const parts = [`${rollout} ${release}, ${until}\n`];
  if (stale) parts.push(paint(terminal, 'red', 'what came since then could not be stored and is not judged\n'));
  if (gaps > 0) parts.push(`nothing is known of ${Math.round(gapsMs / 1_000)} s (${gaps} times)\n`);
  if (verdicts.length === 0) return `${parts.join('')}no verdicts: it has no guards, or none has been judged\n`;
  const heads = [
    'GUARD',
    'SEGMENT',
    'STATUS',
    'VALUE',
    'BOUND',
    'THRESHOLD',
    'N',
    'E-VALUE',
    'SINCE',
    'WOULD',
    'WHAT IT SAYS',
  ];
  const rows = verdicts.map((verdict) => rowOf(verdict, terminal));
  // the rightmost are the widest: a column that says nothing is left out
  const isSaid = heads.map((_, column) => column !== 1 || rows.some((row) => row[column] !== '-'));
  const only = <Cell>(cells: readonly Cell[]) => cells.filter((_, column) => isSaid[column]);
  parts.push(table(terminal, only(heads), rows.map(only)));
  return parts.join('');
}

const STYLES = { pass: 'green', fail: 'red', hold: 'yellow', 'no-data': 'yellow', 'not-applicable': 'gray' } as const;

function rowOf(verdict: Verdict, terminal: Terminal): string[] {
  const { guard, segment, status, value, lower, upper, threshold, unit, n, eValue, sinceMs } = verdict;
  const style = STYLES[status as keyof typeof STYLES] ?? 'white';
  const number = (x: number | undefined) => (x === undefined ? '-' : printed(x, unit as Unit));
  const bound = lower === undefined && upper === undefined ? '-' : `${number(lower)} to ${number(upper)}`;
  return [
    guard,
    segment || '-',
    paint(terminal, style, status),
    number(value),
    bound,
    number(threshold),
    grouped(n),
    eValue === undefined ? '-' : printedEvidence(eValue),
    new Date(sinceMs).toISOString().slice(0, 19),
    verdict.dryRun ? `${verdict.action} (dry run)` : verdict.action,
    verdict.sentence,
  ];
}
