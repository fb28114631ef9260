/** Two answers as rows that stand beside each other: what belongs together is on one row. Pure. */
import { differingPaths } from '../comparison/diff-paths.ts';

export interface AnswerRow {
  readonly reference: string;
  readonly candidate: string;
  readonly differs: boolean;
}

/** Rows beyond are not made; differing places beyond are not marked. */
const MAX_ROWS = 2_000;
const MAX_DIFFERENCES = 10_000;
/** Deeper JSON is written on one line. */
const MAX_DEPTH = 30;
const INDENT = '  ';

/** Both texts as JSON, member by member; when one is none, line by line. `left` = rows that were not made. */
export function sideBySide(reference: string, candidate: string): { rows: readonly AnswerRow[]; left: number } {
  const [one, other] = [parsed(reference), parsed(candidate)];
  const rows =
    one !== undefined && other !== undefined ? jsonRows(one.value, other.value) : lineRows(reference, candidate);
  return { rows: rows.slice(0, MAX_ROWS), left: Math.max(0, rows.length - MAX_ROWS) };
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function lineRows(reference: string, candidate: string): AnswerRow[] {
  return zip(reference.split('\n'), candidate.split('\n'), (one, other) => one !== other);
}

function jsonRows(reference: unknown, candidate: unknown): AnswerRow[] {
  const differing = new Set(differingPaths(reference, candidate, MAX_DIFFERENCES));
  const rows: AnswerRow[] = [];
  walk({ value: reference }, { value: candidate }, { pointer: '', name: undefined, depth: 0, end: '' });
  return rows;

  function walk(one: Present | undefined, other: Present | undefined, at: Place): void {
    if (rows.length > MAX_ROWS) return;
    const { pointer, depth, end } = at;
    const label = INDENT.repeat(depth) + (at.name === undefined ? '' : `${JSON.stringify(at.name)}: `);
    const [members, others] = [membersOf(one?.value), membersOf(other?.value)];
    const goesIn = members !== undefined && others !== undefined && members.isList === others.isList;
    if (!goesIn || depth >= MAX_DEPTH || members.names.length + others.names.length === 0) {
      const differs = one === undefined || other === undefined || differing.has(pointer);
      rows.push(...zip(written(one, label, depth, end), written(other, label, depth, end), () => differs));
      return;
    }
    const [open, close] = members.isList ? '[]' : '{}';
    rows.push({ reference: label + open, candidate: label + open, differs: false });
    const names = [...members.names, ...others.names.filter((name) => !members.has(name))];
    for (const [index, name] of names.entries()) {
      walk(members.of(name), others.of(name), {
        pointer: `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`,
        name: members.isList ? undefined : name,
        depth: depth + 1,
        end: index < names.length - 1 ? ',' : '',
      });
    }
    const last = INDENT.repeat(depth) + close + end;
    rows.push({ reference: last, candidate: last, differs: false });
  }
}

interface Present {
  readonly value: unknown;
}

interface Place {
  readonly pointer: string;
  readonly name: string | undefined;
  readonly depth: number;
  readonly end: string;
}

interface Members {
  readonly isList: boolean;
  readonly names: readonly string[];
  has(name: string): boolean;
  of(name: string): Present | undefined;
}

/** Undefined: it is neither object nor list. */
function membersOf(value: unknown): Members | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const has = (name: string) => Object.hasOwn(value, name);
  const of = (name: string) => (has(name) ? { value: (value as Record<string, unknown>)[name] } : undefined);
  return { isList: Array.isArray(value), names: Object.keys(value), has, of };
}

function written(present: Present | undefined, label: string, depth: number, end: string): string[] {
  if (present === undefined) return [];
  const indent = depth < MAX_DEPTH ? 2 : 0;
  const lines = jsonText(present.value, indent).split('\n');
  return lines.map(
    (line, index) => (index === 0 ? label : INDENT.repeat(depth)) + line + (index === lines.length - 1 ? end : ''),
  );
}

function jsonText(value: unknown, indent: number): string {
  try {
    return JSON.stringify(value, null, indent);
  } catch {
    return '(nested too deeply to be shown)';
  }
}

function zip(
  one: readonly string[],
  other: readonly string[],
  differs: (one: string | undefined, other: string | undefined) => boolean,
): AnswerRow[] {
  return Array.from({ length: Math.max(one.length, other.length) }, (_, at) => ({
    reference: one[at] ?? '',
    candidate: other[at] ?? '',
    differs: differs(one[at], other[at]),
  }));
}
