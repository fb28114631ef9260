import { ask } from '../src/cli/client.ts';
import { printable } from '../src/cli/printable.ts';
import { paint, table } from '../src/cli/table.ts';
import type { Terminal } from '../src/cli/terminal.ts';
import type { Pair, SegmentTally, ShadowTally } from '../src/gen/understudy/admin/v1/admin.ts';
import type { Circle } from './circle.ts';
import { slippedState } from './models/fit.ts';
import { rolloutName, v2, v3 } from './rollout.ts';
import { percent } from './screen.ts';

export const field = 'delay';
/** The one with the planted fault. */
export const faulty = v3.name;
/** Who answers users meanwhile. */
const serving = v2.name;
const listed = 1_000;

/** Shows that what looks fine everywhere is wrong somewhere; resolves with a pair from there, if one was kept. */
export async function showWhereTheyPart(
  circle: Pick<Circle, 'sidecar'>,
  tallies: readonly ShadowTally[],
  terminal: Terminal,
): Promise<Pair | undefined> {
  const worst = tallies.filter(({ shadow }) => shadow === faulty).map(worstOf)[0];
  if (worst === undefined) {
    terminal.out(`   No state has 20 pairs yet in which the ${field} of ${faulty} differs.\n`);
    return undefined;
  }
  terminal.out(
    `   Over all traffic the ${field} looks fine. But each pair also counts for the state of its flight, summed\n`,
  );
  terminal.out('   every 10 s. Where do they part most?\n\n');
  const lines = table(terminal, ['SHADOW', 'WHERE', 'AGREE', 'PAIRS'], tallies.flatMap(rowsOf)).trimEnd().split('\n');
  for (const line of lines) {
    const isWorst = line.startsWith(faulty) && line.includes(worst.sentence);
    terminal.out(`     ${isWorst ? paint(terminal, 'yellow', line) : line}\n`);
  }
  terminal.out('\n');
  if (worst.value === slippedState) {
    terminal.out(
      `   Found: for flights from ${slippedState}, ${faulty} answers in seconds where ${serving} answers in minutes. Too few\n`,
    );
    terminal.out('   flights leave from there to be seen in the sums of all.\n\n');
  }
  return await showExample(circle, worst, terminal);
}

/** Of all segment values the one in which the field disagrees most. */
function worstOf({ worstSegments }: ShadowTally): SegmentTally | undefined {
  return worstSegments.find((found) => found.field === field);
}

/** All traffic, then the worst segment value. */
function rowsOf(tally: ShadowTally): (string | number)[][] {
  const { shadow } = tally;
  const all = tally.fields.find(({ name }) => name === field);
  if (all === undefined) return [];
  const { referenceP50, candidateP50, agreeing, pairs } = all;
  const medians = `median ${candidateP50?.toFixed(1) ?? '-'} minutes, of ${serving} ${referenceP50?.toFixed(1) ?? '-'}`;
  const worst = worstOf(tally);
  return [
    [shadow, `everywhere: ${medians}`, percent(agreeing, pairs), pairs],
    ...(worst ? [[shadow, worst.sentence, percent(worst.agreement, 1), worst.pairs]] : []),
  ];
}

/** Of the pairs kept for people, the one that differs most. */
async function showExample(
  { sidecar: { admin } }: Pick<Circle, 'sidecar'>,
  { segment, value }: SegmentTally,
  terminal: Terminal,
): Promise<Pair | undefined> {
  const { pairs } = await ask(admin, admin.listPairs, {
    rollout: rolloutName,
    shadow: faulty,
    segmentName: segment,
    segmentValue: value,
    field,
    minDifference: undefined,
    status: 0,
    keptOnly: true,
    onlyDifferent: true,
    limit: listed,
  });
  const [pair] = pairs.toSorted((one, other) => differenceOf(other) - differenceOf(one));
  if (pair === undefined) return undefined;
  const { id, reference, candidate, fields } = pair;
  const rows = fields.map(({ name, agree, elements: [element] }) => [
    `${agree ? ' ' : '!'} ${name}`,
    answerOf(element?.reference, element?.missingReference),
    answerOf(element?.candidate, element?.missingCandidate),
  ]);
  const heads = ['', `${serving} ANSWERED THE USER`, `${faulty} ANSWERED NOBODY`];
  const sides = ['  status', ...[reference, candidate].map((side) => String(side?.status ?? '-'))];
  terminal.out(
    `   Understudy keeps the telling pairs. Of those from ${value} this one differs most (! = differs):\n\n`,
  );
  terminal.out(`     pair ${id}\n`);
  for (const line of table(terminal, heads, [sides, ...rows])
    .trimEnd()
    .split('\n'))
    terminal.out(`     ${line}\n`);
  return pair;
}

function differenceOf({ fields }: Pair): number {
  return fields.find(({ name }) => name === field)?.magnitude ?? 0;
}

/** `12.5`, `true`, `06:00 07:00` of a value as JSON; why there is none. */
function answerOf(json: string | undefined, missing = ''): string {
  if (json === undefined) return missing || '-';
  const value: unknown = JSON.parse(json);
  if (!Array.isArray(value)) return printable(String(value));
  return printable(value.map((entry: unknown) => (isRanked(entry) ? entry.item : entry)).join(' '));
}

function isRanked(entry: unknown): entry is { item: unknown } {
  return typeof entry === 'object' && entry !== null && 'item' in entry;
}
