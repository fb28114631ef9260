import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type End, histories, live, mustHold, ORDERLY } from './history.ts';

test('over any history weight rises only by promotion, a person or a new release, on evidence, and falls for nobody but by rollback or by hand', async () => {
  const met = new Set<string>();
  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      const { events, phases } = await live(history, { disturbed: true, check: mustHold });
      for (const { kind } of events) met.add(kind);
      for (const phase of phases) met.add(String(phase));
    }),
    { numRuns: 400, examples: [[ORDERLY]] },
  );
  // that it means something: all that can happen did
  expect([...met]).toEqual(
    expect.arrayContaining([
      ...['promoted', 'extended', 'paused', 'resumed', 'approved', 'rollback-started', 'rolled-back', 'completed'],
      ...['guard-failed', 'guard-cleared', 'spec-changed', 'rollout-archived', 'rollout-restored', 'release-started'],
      ...['shadowing', 'baking', 'holdback', 'rolling-back', 'weight-set'],
    ]),
  );
});

test('an orderly history ends completed, by a person at both ends', async () => {
  const { events, phases } = await live(ORDERLY, { disturbed: true, check: mustHold });
  expect(phases.at(-1)).toBe('completed');
  expect(events.map(({ kind }) => kind)).toEqual(['completed', 'promoted', 'approved', 'paused', 'release-started']);
});

test('the same history comes to the same end, whenever it is restarted and whatever the clock says', async () => {
  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      const calm: End = await live(history, { disturbed: false });
      expect(await live(history, { disturbed: true })).toEqual(calm);
    }),
    { numRuns: 200 },
  );
});
