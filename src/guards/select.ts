/** From a block to what one guard is shown of it: its rollout and release, its subject, its segment. */
import { emptyArm, emptyPair, heldIn, mergeArm, mergePair } from '../evidence/merge.ts';
import type { ArmSums, Cell, PairSums } from '../evidence/sums.ts';
import type { ArmsAtWeight, GuardInput } from './input.ts';
import { type OutcomeMetric, ripeKeyOf } from './ripe-key.ts';
import type { GuardSpec } from './spec.ts';
import type { Judged, SeenBlock } from './state.ts';
import { backShadowOf } from './subject.ts';
import type { Subject } from './verdict.ts';

/** Values of a segment that are added up; none = all traffic. */
export interface Scope {
  readonly segment: string;
  readonly values: readonly string[];
}

const EVERYBODY: Scope = { segment: '', values: [''] };

/** Cells of a block by segment name and value, found once for all guards. */
export type CellIndex = ReadonlyMap<string, readonly Cell[]>;

export function indexCells(
  { rollout, release }: Pick<Judged, 'rollout' | 'release'>,
  cells: readonly Cell[],
): CellIndex {
  const index = new Map<string, Cell[]>();
  for (const cell of cells) {
    const { key } = cell;
    if (key.rollout !== rollout || key.release !== release) continue;
    heldIn(index, placeOf(key.segment, key.segmentValue), () => []).push(cell);
  }
  return index;
}

function placeOf(segment: string, value: string): string {
  return `${segment}\0${value}`;
}

/** The scope of a guard that is not on `each` value. */
export function scopeOf({ scope }: Pick<GuardSpec, 'scope'>): Scope {
  for (const segment in scope) {
    const values = scope[segment];
    if (values !== undefined && values !== 'each') return { segment, values };
  }
  return EVERYBODY;
}

/** The segment of which `each` value is judged on its own. */
export function eachOf({ scope }: Pick<GuardSpec, 'scope'>): string | undefined {
  return Object.keys(scope).find((segment) => scope[segment] === 'each');
}

/** `country=CO, NZ`; `` = all traffic. */
export function printedScope({ segment, values }: Scope): string {
  return segment === '' ? '' : `${segment}=${values.join(', ')}`;
}

/** Values of `segment` in the block, in the order of their names. */
export function valuesOf(index: CellIndex, segment: string): string[] {
  const start = `${segment}\0`;
  const values = [...index.keys()].filter((place) => place.startsWith(start)).map((place) => place.slice(start.length));
  return values.sort();
}

/** Only what compares arms: limits of what answers users are looked at always, and pairs do not depend on the weight. */
export function isWarmingUp({ warmUpMs }: GuardSpec, subject: Subject, seen: SeenBlock): boolean {
  return subject === 'canary' && seen.weightChangedMsAgo !== undefined && seen.weightChangedMsAgo < warmUpMs;
}

export function selectInput(
  judged: Judged,
  spec: GuardSpec,
  subject: Subject,
  scope: Scope,
  seen: SeenBlock,
  index: CellIndex,
): GuardInput {
  const cells = scope.values.flatMap((value) => index.get(placeOf(scope.segment, value)) ?? []);
  const { what } = spec;
  return {
    startMs: seen.startMs,
    durationMs: seen.durationMs,
    covered: seen.covered,
    warmingUp: isWarmingUp(spec, subject, seen),
    subject,
    arms: subject === 'canary' || subject === 'users' ? armsIn(cells, subject, seen.weightBp) : [],
    pairs: subject === 'pairs' ? pairsIn(cells, judged) : [],
    outcomes: what.metric === 'outcome' && subject === 'canary' ? comparable(seen.outcomes, what) : [],
    sample: what.metric === 'prometheus' ? finite(seen.samples, spec.name) : undefined,
    assigned: what.metric === 'srm' ? seen.assigned : [],
    delivered: seen.delivered,
  };
}

/**
 * One of every effective weight, lowest first. What answers users and is on trial is the canary arm, as soon as it answers
 * anybody; at weight 0 that is stable. A comparison has both, and only weights at which canary answers.
 */
function armsIn(cells: readonly Cell[], subject: Subject, weightBp: number): ArmsAtWeight[] {
  const byWeight = new Map<number, { canary: ArmSums | undefined; stable: ArmSums | undefined }>();
  for (const cell of cells) {
    const { key } = cell;
    if (!('arm' in cell) || key.shadow !== '') continue;
    if (weightBp > 0 && key.weightBp === 0) continue;
    if (subject === 'users' && key.arm !== (weightBp > 0 ? 'canary' : 'stable')) continue;
    const arms = heldIn(byWeight, key.weightBp, () => ({ canary: undefined, stable: undefined }));
    const sums = arms[key.arm] ?? emptyArm();
    mergeArm(sums, cell.arm);
    arms[key.arm] = sums;
  }
  return [...byWeight].sort(([one], [other]) => one - other).map(([weight, arms]) => ({ weightBp: weight, ...arms }));
}

/**
 * Where stable answered, pairs with the shadow of the canary's version; where canary did, those with the stable version. Of
 * both the reference runs the stable version.
 */
function pairsIn(cells: readonly Cell[], judged: Judged): { weightBp: number; pair: PairSums }[] {
  const back = backShadowOf(judged);
  const byWeight = new Map<number, PairSums>();
  for (const cell of cells) {
    const { key } = cell;
    if (!('pair' in cell) || key.shadow !== (key.arm === 'stable' ? judged.candidateShadow : back)) continue;
    mergePair(heldIn(byWeight, key.weightBp, emptyPair), cell.pair);
  }
  return [...byWeight].sort(([one], [other]) => one - other).map(([weightBp, pair]) => ({ weightBp, pair }));
}

/** Of weights at which there are units of both arms. */
function comparable(outcomes: SeenBlock['outcomes'], what: OutcomeMetric): GuardInput['outcomes'] {
  // under the outcome's bare name: of a source that sums in one way only
  const name = [ripeKeyOf(what), what.outcome].find((key) => Object.hasOwn(outcomes, key));
  const ripe = name === undefined ? [] : (outcomes[name] ?? []);
  return ripe.filter(({ weightBp }) => weightBp > 0);
}

/** NaN is no answer. */
function finite(samples: SeenBlock['samples'], name: string): number | undefined {
  const sample = Object.hasOwn(samples, name) ? samples[name] : undefined;
  return sample !== undefined && Number.isFinite(sample) ? sample : undefined;
}

/** Whether the block says anything of the subject. No traffic is nothing; traffic without errors is something. */
export function isSeen(spec: GuardSpec, input: GuardInput): boolean {
  switch (spec.what.metric) {
    case 'prometheus':
      return input.sample !== undefined;
    case 'exposure':
      return input.delivered.decisions > 0;
    case 'outcome':
      return input.outcomes.some(({ arm, units }) => arm === 'canary' && units.length > 0);
    case 'srm':
      return input.arms.some(({ canary, stable }) => (canary?.requests ?? 0) + (stable?.requests ?? 0) > 0);
    default:
      if (input.subject === 'pairs') return input.pairs.some(({ pair }) => pair.pairs > 0);
      return input.arms.some(
        ({ canary, stable }) => ((input.subject === 'canary' ? canary : (canary ?? stable))?.requests ?? 0) > 0,
      );
  }
}
