/** Puts together what decide and observe threads report, and tells the controller of a canary that the circuit breaker finds bad. */
import { tripOf } from '../rollout/breaker.ts';
import {
  type Answered,
  addAnswered,
  addDecided,
  type BreakerWindow,
  type Decided,
  SLOT_MS,
  trimmed,
} from '../rollout/breaker-window.ts';
import type { Controller } from '../rollout/controller.ts';

/** What changed nothing is tried again: the phase may be another one then. */
const AGAIN_AFTER_MS = 1_000;

export interface Breaker {
  addDecide(report: { readonly decided: readonly Decided[] }): void;
  addObserve(report: { readonly answered: readonly Answered[] }): void;
}

export function createBreaker(parts: {
  readonly controller: Pick<Controller, 'trip' | 'snapshot'>;
  readonly count: (name: 'breaker.tripped' | 'breaker.environment') => void;
  /** Monotonic, the same in all threads; ms. */
  readonly nowMs?: () => number;
}): Breaker {
  const { controller, count, nowMs = monotonicMs } = parts;
  /** By rollout: those that had traffic within the last 10 s. */
  const windows = new Map<string, BreakerWindow>();
  const quietUntilMs = new Map<string, number>();

  return {
    addDecide({ decided }) {
      const now = slot();
      for (const one of decided) put(one.rollout, addDecided(windows.get(one.rollout), one, now));
    },
    // only here: without its reports nobody knows what became of decisions
    addObserve({ answered }) {
      const now = slot();
      for (const one of answered) put(one.rollout, addAnswered(windows.get(one.rollout), one, now));
      for (const window of windows.values()) look(window, now);
    },
  };

  function slot(): number {
    return Math.floor(nowMs() / SLOT_MS);
  }

  function put(rollout: string, window: BreakerWindow | undefined): void {
    if (window !== undefined) windows.set(rollout, window);
  }

  function look(window: BreakerWindow, now: number): void {
    const { rollout, release } = window;
    if (trimmed(window, now) === undefined) {
      windows.delete(rollout);
      quietUntilMs.delete(rollout);
      return;
    }
    if (nowMs() < (quietUntilMs.get(rollout) ?? Number.NEGATIVE_INFINITY)) return;
    const found = tripOf(window, now);
    if (found === undefined) return;
    quietUntilMs.set(rollout, nowMs() + AGAIN_AFTER_MS);
    const { revision } = controller.snapshot();
    controller.trip(rollout, release, found);
    if (controller.snapshot().revision === revision) return;
    count(found.isEnvironment ? 'breaker.environment' : 'breaker.tripped');
  }
}

/** The clock of slots; extproc/decision-slot.ts has the same. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
