/** What contradicts each other in a plan with a name, and in mirror-back. Looks only at what is well-formed. */
import { MIRROR_BACK } from '../routing/snapshot.ts';
import type { Contradiction } from './contradiction.ts';
import { expandPlan, whyUnfit } from './expand-plan.ts';
import type { RolloutEntry } from './schema.ts';
import { MAX_GUARDS } from './schema-guards.ts';
import type { WellFormed } from './well-formed.ts';

type Rollout = WellFormed<RolloutEntry>;

/** As the file has them, not expanded. */
export function findPlanContradictions(rollouts: readonly (Rollout | undefined)[]): Contradiction[] {
  return rollouts.flatMap((rollout, i) => {
    if (rollout === undefined) return [];
    const own = [...whyUnfit(rollout), ...tooManyGuards(rollout), ...mirrorBack(rollout)];
    return own.map((fault) => ({ ...fault, path: ['rollouts', i, ...fault.path] }));
  });
}

function tooManyGuards(rollout: Rollout): Contradiction[] {
  const count = expandPlan(rollout).guards?.length ?? 0;
  if (rollout.plan === undefined || count <= MAX_GUARDS || (rollout.guards?.length ?? 0) > MAX_GUARDS) return [];
  const reason = `with those of the plan they are ${count}`;
  return [{ path: ['guards'], expected: `at most ${MAX_GUARDS} guards`, reason }];
}

const MAX_SHADOWS = 4;

function mirrorBack({ shadows = [], mirrorBack: back }: Rollout): Contradiction[] {
  const named = (shadows ?? []).flatMap((shadow, n): Contradiction[] => {
    if (shadow?.name !== MIRROR_BACK) return [];
    return [{ path: ['shadows', n, 'name'], expected: 'another name', reason: 'it is that of mirrorBack' }];
  });
  const isOneTooMany = back !== undefined && (shadows ?? []).length === MAX_SHADOWS;
  if (!isOneTooMany) return named;
  const reason = `mirrorBack is one more, and there are ${MAX_SHADOWS} slots in all`;
  return [
    ...named,
    { path: ['mirrorBack'], expected: `at most ${MAX_SHADOWS - 1} shadows beside it`, atKey: true, reason },
  ];
}
