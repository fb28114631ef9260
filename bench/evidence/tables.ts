/** From simulated days to Markdown; pure. */
import { exactLower, exactUpper } from '../../src/evidence/statistics/proportions.ts';
import { EFFECTS, HEALTHY, LADDERS, type Row } from './cases.ts';
import type { Day } from './day.ts';

export type Results = ReadonlyMap<string, readonly Day[]>;

export interface Report {
  readonly text: string;
  /** Rows whose bound does not hold, as sentences. */
  readonly broken: readonly string[];
}

const NEVER = -1;

/** Day by day: the first alarm of any guard, s after the onset; -1 = none, below that it came before the onset. */
export function firstOf(days: readonly Day[]): number[] {
  return days.map(({ ours }) => {
    const fired = Object.values(ours).filter((second) => second !== NEVER);
    return fired.length === 0 ? NEVER : Math.min(...fired);
  });
}

export interface Held {
  readonly days: number;
  readonly fired: number;
  /** Clopper-Pearson, one-sided 95 %. */
  readonly upper: number;
  readonly lower: number;
  readonly verdict: 'holds' | 'too few days' | 'not shown' | 'BROKEN';
}

/** Does the share of days with an alarm stay within alpha? `not shown`: neither that nor the opposite. */
export function heldOf(fired: number, days: number, alpha: number): Held {
  const share = { events: fired, trials: days };
  const [upper, lower] = [exactUpper(share), exactLower(share)];
  // with half of what alpha allows, the bound must show
  const most = exactUpper({ events: Math.ceil((alpha / 2) * days), trials: days });
  const verdict = lower > alpha ? 'BROKEN' : upper <= alpha ? 'holds' : most > alpha ? 'too few days' : 'not shown';
  return { days, fired, upper, lower, verdict };
}

export interface Delay {
  readonly days: number;
  /** Days with an alarm before the onset are left out of the rest. */
  readonly before: number;
  readonly caught: number;
  /** s; Infinity where it was not found in 24 h. */
  readonly median: number;
  readonly p90: number;
}

export function delayOf(seconds: readonly number[]): Delay {
  const after = seconds.filter((second) => second >= NEVER);
  const sorted = after.map((second) => (second === NEVER ? Infinity : second)).sort((one, other) => one - other);
  const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? Infinity;
  const caught = sorted.filter((second) => second < Infinity).length;
  return { days: seconds.length, before: seconds.length - after.length, caught, median: at(0.5), p90: at(0.9) };
}

export function report(rows: readonly Row[], results: Results, command: string): Report {
  const known = rows.filter(({ id }) => results.has(id));
  const among = (some: readonly Row[]) => some.filter((row) => known.includes(row));
  const parts = [
    healthyTable(among([...HEALTHY, ...LADDERS]), results),
    ladderTable(among(LADDERS), results),
    delayTable(among(EFFECTS), results),
    othersTable(known, results),
  ].filter((part) => part !== '');
  const broken = among([...HEALTHY, ...LADDERS]).flatMap((row) => {
    const { fired, days, upper, verdict } = heldIn(row, results);
    if (verdict === 'holds' || verdict === 'too few days') return [];
    return [
      `${row.id} (${fired} of ${days} days, upper bound ${percent(upper)}, alpha ${percent(row.alpha)}: ${verdict})`,
    ];
  });
  const said = `\`${command}\` (one row: \`--rows\` with its name in the last column).`;
  return { text: [said, ...parts].join('\n\n'), broken };
}

function heldIn(row: Row, results: Results): Held {
  const firsts = firstOf(results.get(row.id) ?? []);
  return heldOf(firsts.filter((second) => second !== NEVER).length, firsts.length, row.alpha);
}

function healthyTable(rows: readonly Row[], results: Results): string {
  if (rows.length === 0) return '';
  const lines = rows.map((row) => {
    const held = heldIn(row, results);
    const cells = [held.days, held.fired, percent(held.fired / held.days), percent(held.upper), percent(row.alpha)];
    const verdict = held.verdict === 'holds' || held.verdict === 'too few days' ? held.verdict : `**${held.verdict}**`;
    return [row.guard, row.title, ...cells, bar(held.fired / held.days, 2 * row.alpha, 10), verdict, row.id];
  });
  const head = [
    'guard',
    'world',
    'days',
    'with an alarm',
    'share',
    '95 % upper bound',
    'alpha',
    '0 to 2 alpha',
    '',
    'row',
  ];
  return section('False alarms per healthy day', head, lines);
}

function ladderTable(rows: readonly Row[], results: Results): string {
  if (rows.length === 0) return '';
  const lines = rows.flatMap((row) => {
    const days = results.get(row.id) ?? [];
    return Object.keys(days[0]?.ours ?? {}).map((name) => {
      const fired = days.filter(({ ours }) => ours[name] !== NEVER).length;
      return [row.title, name, days.length, fired, percent(fired / days.length), row.id];
    });
  });
  return section('The ladder, guard by guard', ['world', 'guard', 'days', 'with an alarm', 'share', 'row'], lines);
}

function delayTable(rows: readonly Row[], results: Results): string {
  if (rows.length === 0) return '';
  const lines = rows.map((row) => {
    const days = results.get(row.id) ?? [];
    const { before, caught, median, p90 } = delayOf(firstOf(days));
    const found = percent(caught / Math.max(1, days.length - before));
    return [
      row.guard,
      row.title,
      days.length,
      before,
      found,
      time(median),
      time(p90),
      logBar(median),
      blocksOf(days),
      row.id,
    ];
  });
  const head = [
    'guard',
    'effect',
    'days',
    'alarm before',
    'found in 24 h',
    'median',
    'p90',
    '10 s to 1 d, log',
    'blocks at the onset',
    'row',
  ];
  return section('Time until it is found', head, lines);
}

/** `10 s 60 %, 60 s 40 %` */
function blocksOf(days: readonly Day[]): string {
  const lengths = [...new Set(days.map(({ blockS }) => blockS))].filter((length) => length > 0).sort((a, b) => a - b);
  const shareOf = (length: number) => days.filter(({ blockS }) => blockS === length).length / days.length;
  if (lengths.length === 1) return `${lengths[0]} s`;
  return lengths.map((length) => `${length} s ${Math.round(100 * shareOf(length))} %`).join(', ');
}

const METRICS = [
  ['errors', 'Errors'],
  ['latency', 'p95'],
  ['clicks', 'Click rate'],
] as const;

function othersTable(rows: readonly Row[], results: Results): string {
  const tables = METRICS.map(([metric, title]) => {
    const some = rows.filter(({ others, subject }) => others && subject.metric === metric);
    if (some.length === 0) return '';
    const daysOf = (row: Row) => (results.get(row.id) ?? []).filter(({ others }) => Object.keys(others).length > 0);
    const [first] = some;
    const rules = Object.keys((first && daysOf(first)[0]?.others) ?? {});
    const line = (name: string, secondsOf: (row: Row) => readonly number[]) => {
      const cells = some.map((row) => {
        const { days, caught, median, p90 } = delayOf(secondsOf(row));
        const share = `${percent(caught / days)} ${bar(caught / days, 1, 8)}`;
        return row.id.startsWith('aa-') || caught === 0 ? share : `${share} ${time(median)}, ${time(p90)}`;
      });
      return [name, ...cells];
    };
    const lines = [
      line('**Understudy**, all days of the row', (row) => firstOf(results.get(row.id) ?? [])),
      ...rules.map((rule) => line(rule, (row) => daysOf(row).map(({ others }) => others[rule] ?? NEVER))),
    ];
    const head = ['rule', ...some.map(({ id, title }) => `${id.startsWith('aa-') ? 'healthy: ' : ''}${title}`)];
    const days = some.map((row) => `${daysOf(row).length} of ${row.id}`).join(', ');
    return `${section(`${title}: beside the rules of others`, head, lines)}\n\nDays of others: the first ${days}.`;
  });
  return tables.filter((table) => table !== '').join('\n\n');
}

function section(title: string, head: readonly string[], lines: readonly (readonly (string | number)[])[]): string {
  const rows = lines.map(
    (cells) => `| ${cells.map((cell) => (typeof cell === 'number' ? grouped(cell) : cell)).join(' | ')} |`,
  );
  return [`### ${title}`, '', `| ${head.join(' | ')} |`, `|${head.map(() => '---').join('|')}|`, ...rows].join('\n');
}

function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

function percent(share: number): string {
  if (!Number.isFinite(share)) return '-';
  const digits = share > 0 && share < 0.1 ? 2 : share === 0 || share === 1 ? 0 : 1;
  return `${(100 * share).toFixed(digits)} %`;
}

export function time(seconds: number): string {
  if (seconds === Infinity) return 'more than a day';
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200
    ? `${Number((seconds / 60).toPrecision(2))} min`
    : `${Number((seconds / 3_600).toPrecision(2))} h`;
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

function bar(value: number, full: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, value / full)) * width * 8);
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
}

function logBar(seconds: number): string {
  return bar(Math.log(Math.min(86_400, Math.max(10, seconds)) / 10), Math.log(8_640), 12);
}

const [START, END] = ['<!-- bench:evidence -->', '<!-- /bench:evidence -->'];

/** The document with `text` between its two marks. Throws Error when it does not have them. */
export function withReport(document: string, text: string): string {
  const [from, to] = [document.indexOf(START), document.indexOf(END)];
  if (from < 0 || to < from)
    throw new Error(`expected ${START} and ${END} in the document, found ${from < 0 ? 'none' : 'no end'}`);
  return `${document.slice(0, from + START.length)}\n\n${text}\n\n${document.slice(to)}`;
}
