/** From the blocks of one step to what the judge of a rollout is shown. Pure. */
import { mergeCells } from '../evidence/merge.ts';
import { cellFromJson, cellToJson } from '../evidence/serialize.ts';
import type { Cell, ClosedBlock, RolloutSeen, SeenUnit } from '../evidence/sums.ts';
import type { SeenBlock } from '../guards/judge.ts';

/** More of what should have been paired than this share was not: the block is not covered. */
const MAX_UNMATCHED = 0.01;

/** What the blocks of one step say of one release. */
export interface SeenOfRelease {
  /** Of all traffic, and of the segments that guards and the stage look at; those of several blocks are added. */
  readonly cells: readonly Cell[];
  readonly decisions: number;
  readonly elsewhere: number;
  readonly matched: number;
  readonly unmatched: number;
  readonly units: readonly SeenUnit[];
}

export function seenOfRelease(
  blocks: readonly ClosedBlock[],
  {
    name,
    release,
    scopes,
  }: { readonly name: string; readonly release: string; readonly scopes: readonly Readonly<Record<string, unknown>>[] },
): SeenOfRelease {
  const segments = new Set(scopes.flatMap((scope) => Object.keys(scope)));
  const isLookedAt = ({ key }: Cell) =>
    key.rollout === name && key.release === release && (key.segment === '' || segments.has(key.segment));
  const cells = new Map<string, Cell>();
  for (const block of blocks) mergeCells(cells, block.cells.filter(isLookedAt));
  const seen = blocks.flatMap((block) =>
    block.seen.filter(({ rollout, release: of }) => rollout === name && of === release),
  );
  const sum = (what: 'decisions' | 'elsewhere' | 'matched' | 'unmatched') =>
    seen.reduce((total, one: RolloutSeen) => total + one[what], 0);
  return {
    cells: [...cells.values()],
    decisions: sum('decisions'),
    elsewhere: sum('elsewhere'),
    matched: sum('matched'),
    unmatched: sum('unmatched'),
    units: seen.flatMap(({ units }) => units),
  };
}

export function isWellMatched({ matched, unmatched }: Pick<SeenOfRelease, 'matched' | 'unmatched'>): boolean {
  return unmatched <= MAX_UNMATCHED * (matched + unmatched);
}

/** Units by weight and arm, lowest weight first. */
export function assignedOf(units: readonly SeenUnit[]): SeenBlock['assigned'] {
  const byWeight = new Map<number, { weightBp: number; canary: number; stable: number }>();
  for (const { weightBp, arm } of units) {
    const counts = byWeight.get(weightBp) ?? { weightBp, canary: 0, stable: 0 };
    counts[arm]++;
    byWeight.set(weightBp, counts);
  }
  return [...byWeight.values()].sort((one, other) => one.weightBp - other.weightBp);
}

/** As JSON; cells as serialize.ts writes them. */
export function seenToText({ cells, ...rest }: SeenBlock): string {
  return `{"seen":${JSON.stringify(rest)},"cells":[${cells.map(cellToJson).join(',')}]}`;
}

/**
 * What a judge is shown is always read back from the text, so that whoever reads the text later shows it the same, to the
 * last bit. Throws Error when it is not what seenToText wrote.
 */
export function seenFromText(text: string): SeenBlock {
  const { seen, cells } = JSON.parse(text);
  return {
    weightChangedMsAgo: undefined,
    ...seen,
    cells: cells.map((cell: unknown) => cellFromJson(JSON.stringify(cell))),
  };
}
