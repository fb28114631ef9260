/** The room of one rollout's baseline: its answer follows the snapshot; where it listens does not change while it lives. */
import type { RolloutSnapshot, Snapshot } from '../routing/snapshot.ts';
import { type BaselineUpstream, startBaselineUpstream } from './upstream.ts';

/** Since the last report. */
export interface BaselineReport {
  readonly counters: Readonly<Record<string, number>>;
}

/** A baseline that Understudy serves itself. */
export interface ServedBaseline {
  readonly listen: string;
  readonly answer: string;
}

/** By rollout; those whose production is no model are not served. */
export function servedBaselines({ rollouts }: Snapshot): ReadonlyMap<string, ServedBaseline> {
  return new Map(rollouts.flatMap((rollout) => entryOf(rollout) ?? []));
}

function entryOf({ name, baseline }: RolloutSnapshot): [[string, ServedBaseline]] | undefined {
  return baseline !== undefined && 'answer' in baseline ? [[name, baseline]] : undefined;
}

export function createBaselineRoom(rollout: string, snapshot: Snapshot) {
  let answer = answerIn(snapshot) ?? 'null';
  let upstream: BaselineUpstream | undefined;
  let counters: Record<string, number> = {};

  /** Undefined when the snapshot has no baseline for the rollout; control stops the room then. */
  function answerIn(newest: Snapshot): string | undefined {
    return servedBaselines(newest).get(rollout)?.answer;
  }

  return {
    use(newest: Snapshot): void {
      answer = answerIn(newest) ?? answer;
      upstream?.use(answer);
    },
    async serve(listen: string): Promise<void> {
      upstream = await startBaselineUpstream(listen, answer, (name) => {
        counters[`baseline.${name}`] = (counters[`baseline.${name}`] ?? 0) + 1;
      });
    },
    report(): BaselineReport {
      const report = { counters };
      counters = {};
      return report;
    },
    async stop(graceMs: number): Promise<void> {
      await upstream?.stop(graceMs);
    },
  };
}
