/** From the cells of one closed block to what they mean for the present stage. Pure. */
import type { Cell } from '../evidence/sums.ts';
import { backShadowOf, type Shadows } from '../guards/subject.ts';
import type { Reached } from '../routing/snapshot.ts';
import type { Seen } from './hold.ts';

type Counted = Seen['byValue'][string];

/** Where the release is: `scope` of its stage (empty = everybody), weight in basis points. */
export interface Place extends Shadows {
  readonly weightBp: number;
  readonly scope: Reached['scope'];
}

/**
 * `cells` of the release, of all traffic and of the segments of the scope. What an arm answered by a rule's word counts for
 * nothing; pairs do. Of a unit that had its share of the block every request counts: they were answered.
 */
export function seenOf(
  place: Place,
  block: { readonly cells: readonly Cell[]; readonly durationMs: number; readonly covered: boolean },
): Seen {
  const { cells, durationMs, covered } = block;
  const all = countIn(place, cells, '', '');
  const byValue = Object.fromEntries(
    Object.entries(place.scope).flatMap(([segment, values]) =>
      values.map((value) => [`${segment}=${value}`, countIn(place, cells, segment, value)] as const),
    ),
  );
  const { pairs, requests } = all;
  // who was moved by an earlier stage says nothing of those that this one moves
  const isScopeThere = Object.keys(place.scope).every((segment) =>
    Object.entries(byValue).some(([name, of]) => name.startsWith(`${segment}=`) && of.requests > 0),
  );
  const present = isPresent(place, all, cells) && (place.weightBp === 0 || isScopeThere);
  return { durationMs, covered, present, pairs, requests, byValue };
}

/** At weight 0 it is the pairs, and without a shadow of the canary's version whatever answers. */
function isPresent(place: Place, { pairs, requests }: Counted, cells: readonly Cell[]): boolean {
  if (place.weightBp > 0) return requests > 0;
  if (place.candidateShadow !== undefined) return pairs > 0;
  return cells.some((cell) => 'arm' in cell && cell.arm.requests > 0);
}

function countIn(place: Place, cells: readonly Cell[], segment: string, value: string): Counted {
  let [pairs, requests] = [0, 0];
  for (const cell of cells) {
    const { key } = cell;
    if (key.segment !== segment || key.segmentValue !== value) continue;
    if ('pair' in cell) {
      const shadow = key.arm === 'stable' ? place.candidateShadow : backShadowOf(place);
      if (key.shadow === shadow) pairs += cell.pair.pairs + cell.pair.capped;
    } else if (key.arm === 'canary' && key.shadow === '' && key.weightBp > 0) {
      requests += cell.arm.requests + cell.arm.capped;
    }
  }
  return { pairs, requests };
}
