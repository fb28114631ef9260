/** Which guards a stage waits for. */
import { eachOf } from './select.ts';
import type { GuardSpec } from './spec.ts';

/** They say whether there is something to look at, not whether it is good. */
const NO_JUDGES: ReadonlySet<GuardSpec['what']['metric']> = new Set(['srm', 'exposure', 'no-data'] as const);

/** It can hold a stage up: neither a dry run nor an alert. */
export function moves({ dryRun, action }: Pick<GuardSpec, 'dryRun' | 'action'>): boolean {
  return !dryRun && action !== 'alert';
}

/**
 * A stage is not left before it passes, or is not applicable. Of many segment values some are always silent, and a split of
 * units is only ever found wanting: those stop a stage by failing alone.
 */
export function isPromoting(guard: GuardSpec): boolean {
  return moves(guard) && guard.promote === 'shown' && guard.what.metric !== 'srm' && eachOf(guard) === undefined;
}

/** It says whether the canary is good: a stage that is left without a person needs one. */
export function isJudge(guard: GuardSpec): boolean {
  return isPromoting(guard) && !NO_JUDGES.has(guard.what.metric);
}
