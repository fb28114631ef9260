import type { RolloutEvent } from '../../../src/rollout/store.ts';

/** An event with everything that an event may hold. */
export function event(changes: Partial<RolloutEvent> = {}): RolloutEvent {
  const place = { phase: 'baking', cause: 'plan', stage: 'one', weightBp: 100 };
  const row = { guard: 'p95', segment: '', status: 'fail', subject: 'canary', value: 61, threshold: 50, unit: 'ms' };
  const rest = { n: 84_120, eValue: 412, action: 'rollback', dryRun: false, sentence: 'p95 61 ms > 50 ms' };
  return {
    ...{ number: 7, timeMs: 1_700_000_000_000, rollout: 'ranker', release: '2.0.0-3fa9c1d2', kind: 'rollback-started' },
    ...{ actor: 'understudy', reason: 'p95 61 ms > 50 ms', revision: 12, specRevision: 3 },
    detail: JSON.stringify({ from: place, to: { phase: 'rolling-back', cause: 'guard', stage: 'one', weightBp: 0 } }),
    guards: JSON.stringify([
      { ...row, ...rest },
      { ...row, guard: 'errors', status: 'pass' },
    ]),
    ...changes,
  };
}
