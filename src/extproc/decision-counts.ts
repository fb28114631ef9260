/** How often decisions came out one way: by reason, and for the circuit breaker by time. One look-up a decision. */
import { type Decided, WINDOW_SLOTS } from '../rollout/breaker-window.ts';
import type { Decision, DecisionCount, Reason } from '../routing/decide.ts';
import type { Arm, RolloutSnapshot } from '../routing/snapshot.ts';

interface Counted {
  readonly reasons: Record<Arm, Partial<Record<Reason, number>>>;
  /** Ascending; at most WINDOW_SLOTS. */
  readonly slots: { readonly slot: number; stable: number; canary: number }[];
}

export class DecisionCounts {
  /** A rollout is another object in each snapshot. */
  readonly #rollouts = new Map<RolloutSnapshot, Counted>();

  add({ rollout, arm, reason }: Decision, slot: number): void {
    let counted = this.#rollouts.get(rollout);
    if (counted === undefined) {
      counted = { reasons: { stable: {}, canary: {} }, slots: [] };
      this.#rollouts.set(rollout, counted);
    }
    const reasons = counted.reasons[arm];
    reasons[reason] = (reasons[reason] ?? 0) + 1;
    // what a rule forced says nothing of the share of users
    if (reason !== 'hash') return;
    let open = counted.slots.at(-1);
    if (open?.slot !== slot) {
      open = { slot, stable: 0, canary: 0 };
      if (counted.slots.push(open) > WINDOW_SLOTS) counted.slots.shift();
    }
    open[arm]++;
  }

  /** What was added since the last time. */
  take(): { readonly decisions: readonly DecisionCount[]; readonly decided: readonly Decided[] } {
    const decisions: DecisionCount[] = [];
    const decided: Decided[] = [];
    for (const [{ name, release, revision }, { reasons, slots }] of this.#rollouts) {
      for (const arm of ['stable', 'canary'] as const) {
        for (const [reason, count] of Object.entries(reasons[arm])) {
          decisions.push({ rollout: name, arm, reason: reason as Reason, count });
        }
      }
      for (const counts of slots) decided.push({ rollout: name, release, revision, ...counts });
    }
    this.#rollouts.clear();
    return { decisions, decided };
  }
}
