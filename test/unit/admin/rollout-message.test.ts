import { expect, test } from 'vitest';
import { createShowRollout } from '../../../src/admin/rollout-message.ts';
import { viewOf } from '../../../src/rollout/state.ts';
import type { RolloutEvent } from '../../../src/rollout/store.ts';
import { specOf } from '../rollout/fakes.ts';
import { at, STAGES } from '../rollout/plans.ts';

test('why a release was rolled back is shown once that is stored, under the same revision', () => {
  const view = viewOf(
    specOf('ranker', { stages: STAGES }),
    at('one', { phase: 'rolling-back', cause: 'guard' }),
    undefined,
  );
  const store = { events: [] as RolloutEvent[], isStored: false };
  const show = createShowRollout({
    controller: {
      events: () => store.events,
      isStored: () => store.isStored,
      unconfirmed: () => ['decide-1'],
    },
    observations: { evidence: () => [], decisions: () => [], lastDeliveredMs: () => undefined } as never,
    verdicts: { judged: () => undefined } as never,
  });
  const unstored = 'it cannot be stored yet, and a restart before it can be would undo it';
  expect(show(view).waits).toEqual([`rolled back by a guard: ${unstored}; not yet confirmed by decide-1`]);
  const detail = JSON.stringify({ to: { cause: 'guard' } });
  store.events = [
    { kind: 'rollback-started', release: view.release, reason: 'p95: slow', detail } as Partial<RolloutEvent> as never,
  ];
  store.isStored = true;
  expect(show(view).waits).toEqual(['rolled back by guard p95: slow: not yet confirmed by decide-1']);
});
