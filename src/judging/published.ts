/** The newest verdicts of each rollout, for whoever asks. */
import type { Verdict } from '../guards/verdict.ts';
import type { JudgeRow } from './store.ts';
import type { JudgedRollout, Verdicts } from './verdicts.ts';

export interface Published extends Verdicts {
  /** `verdicts` undefined: those from before stay, and are stale. */
  publish(row: JudgeRow, verdicts: readonly Verdict[] | undefined): void;
  /** Every rollout's: what came since could not be stored. */
  markStale(): void;
  /** Lets go of all but these releases, by rollout. */
  keepOnly(releases: ReadonlyMap<string, string>): void;
}

export function createPublished(): Published {
  const judged = new Map<string, JudgedRollout>();
  const listeners = new Set<(rollout: string) => void>();
  const say = (rollout: string) => {
    for (const listener of listeners) listener(rollout);
  };
  return {
    list: (rollout) => judged.get(rollout)?.verdicts ?? [],
    judged: (rollout) => judged.get(rollout),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    publish({ rollout, release, untilMs, gaps }, verdicts) {
      const stale = verdicts === undefined;
      const kept = judged.get(rollout)?.release === release ? (judged.get(rollout)?.verdicts ?? []) : [];
      judged.set(rollout, { rollout, release, verdicts: verdicts ?? kept.map(stalely), stale, untilMs, gaps });
      say(rollout);
    },
    markStale() {
      for (const [rollout, one] of judged) {
        if (one.stale) continue;
        judged.set(rollout, { ...one, verdicts: one.verdicts.map(stalely), stale: true });
        say(rollout);
      }
    },
    keepOnly(releases) {
      for (const [rollout, { release }] of judged) {
        if (releases.get(rollout) === release) continue;
        judged.delete(rollout);
        say(rollout);
      }
    },
  };
}

const STALE = 'stale: evidence since then is not in it';

/** What nobody looks at any more promotes nothing; harm that was shown stays shown. */
function stalely(verdict: Verdict): Verdict {
  if (verdict.sentence.startsWith(STALE)) return verdict;
  const status = verdict.status === 'pass' || verdict.status === 'hold' ? 'no-data' : verdict.status;
  return { ...verdict, status, sentence: `${STALE}; ${verdict.sentence}` };
}
