/** What the circuit breaker has to know of the answers users got, until it is reported. Bounded. */
import { isError } from '../pairing/error-kind.ts';
import type { ProductionExchange } from '../pairing/exchange.ts';
import type { ErrorKind } from '../pairing/pair.ts';
import { type Answered, type ArmAnswered, WINDOW_SLOTS } from '../rollout/breaker-window.ts';
import type { RolloutSnapshot } from '../routing/snapshot.ts';

type Counts = { -readonly [Name in keyof ArmAnswered]: number };
type SlotCounts = { readonly slot: number | undefined; readonly stable: Counts; readonly canary: Counts };

interface Counted {
  readonly slots: Map<number | undefined, SlotCounts>;
  readonly runs: { judged: number; leading: number; trailing: number; longest: number };
}

export class AnswerCounts {
  /** Of one snapshot each, as are the rollouts in them. */
  readonly #rollouts = new Map<RolloutSnapshot, Counted>();

  add({ arm, status, decision }: ProductionExchange, rollout: RolloutSnapshot, error: ErrorKind | undefined): void {
    // what a rule forced says nothing of the share of users
    if (decision.reason !== 'hash') return;
    let counted = this.#rollouts.get(rollout);
    if (counted === undefined) {
      counted = { slots: new Map(), runs: { judged: 0, leading: 0, trailing: 0, longest: 0 } };
      this.#rollouts.set(rollout, counted);
    }
    const counts = slotOf(counted, decision.slot)[arm];
    counts.finished++;
    if (error !== undefined && !isError(error)) {
      if (status === 0) counts.gone++;
      return;
    }
    counts.judged++;
    if (error !== undefined) counts.failed++;
    if (arm === 'canary') addToRuns(counted.runs, error !== undefined);
  }

  /** What was added since the last time. */
  take(): readonly Answered[] {
    const taken = [...this.#rollouts].map(([{ name, release, revision }, { slots, runs }]) => ({
      ...{ rollout: name, release, revision, slots: [...slots.values()], runs },
    }));
    this.#rollouts.clear();
    return taken;
  }
}

/** With many slots, of requests that took long, the later ones are not told apart: in neither arm, so nothing is one-sided. */
function slotOf({ slots }: Counted, wanted: number | undefined): SlotCounts {
  const slot = slots.has(wanted) || slots.size < WINDOW_SLOTS ? wanted : undefined;
  let counts = slots.get(slot);
  if (counts === undefined) {
    counts = { slot, stable: noneYet(), canary: noneYet() };
    slots.set(slot, counts);
  }
  return counts;
}

function noneYet(): Counts {
  return { finished: 0, judged: 0, failed: 0, gone: 0 };
}

function addToRuns(runs: Counted['runs'], isFailure: boolean): void {
  runs.trailing = isFailure ? runs.trailing + 1 : 0;
  if (isFailure && runs.leading === runs.judged) runs.leading++;
  runs.judged++;
  runs.longest = Math.max(runs.longest, runs.trailing);
}
