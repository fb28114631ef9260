/** Stages that would be passed without anybody having looked at the canary. */
import { isJudge } from '../guards/promoting.ts';
import type { GuardSpec } from '../guards/spec.ts';
import { subjectOf } from '../guards/subject.ts';
import { type PlannedRollout, shadowsOf } from './rollout.ts';

export interface Unjudged {
  /** Place in the list, from 0. */
  readonly index: number;
  readonly stage: string;
  /** Why no guard says anything in it. */
  readonly reason: string;
}

/** Of the stages that are left without a person's word, those in which no guard is applicable. */
export function findUnjudged(rollout: Omit<PlannedRollout, 'name'>): Unjudged[] {
  const shadows = shadowsOf(rollout);
  return rollout.stages.flatMap(({ name: stage, weightBp, approve }, index) => {
    const isPromoting = index < rollout.stages.length - 1 && approve === 'automatic';
    if (!isPromoting) return [];
    const judging = rollout.guards.filter(isJudge);
    const placed = judging.map((guard) => ({ guard: guard.name, ...subjectOf(guard, weightBp, shadows) }));
    if (placed.some(({ subject }) => subject !== 'none')) return [];
    const reasons = placed.map(({ guard, why }) => `${guard}: ${why}`);
    return [{ index, stage, reason: reasons.length === 0 ? whyNone(rollout.guards) : reasons.join('; ') }];
  });
}

function whyNone(guards: readonly GuardSpec[]): string {
  if (guards.length === 0) return 'there are no guards';
  return 'guards that only alert, are a dry run, look at each segment, let pass unless harm is shown, or only say whether there is data do not count';
}
