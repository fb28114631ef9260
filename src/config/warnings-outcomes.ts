/** What a good file may not mean about outcomes. */
import type { ConfigFile } from './schema.ts';
import type { Warning } from './warning.ts';

/** Late log entries are waited for, see outcomes/outcome-store.ts. */
const SETTLE_MS = 70_000;

export function outcomeWarnings({ outcomes, rollouts }: ConfigFile): Warning[] {
  return rollouts.flatMap(({ guards }, i) =>
    guards.flatMap(({ what }, n): Warning[] => {
      if (what.metric !== 'outcome') return [];
      const path = ['rollouts', i, 'guards', n];
      if (outcomes === undefined) {
        return [{ path, message: 'there is no outcomes: in this file, so this guard never has anything to look at' }];
      }
      if (what.attributionMs + SETTLE_MS < outcomes.keep) return [];
      const message = 'outcomes.keep is not longer than its attribution: exposures are deleted before they are judged';
      return [{ path, message }];
    }),
  );
}
