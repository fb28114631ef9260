import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createController } from '../../../src/rollout/controller.ts';
import { RefusedError } from '../../../src/rollout/refused.ts';
import type { RolloutSpec } from '../../../src/rollout/spec.ts';
import type { Store } from '../../../src/rollout/store.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import { fakePublisher, specOf } from './fakes.ts';

const setFive = { rollout: 'ranker', weightBp: 500, reason: 'first users', actor: 'ana' };

function start(specs: readonly RolloutSpec[], store: Store = openStore(':memory:')) {
  const publisher = fakePublisher();
  const controller = createController({ specs, store, publisher, now: () => 1_000 });
  return { controller, publisher, store };
}

const kinds = (store: Store) => store.events({ limit: 100 }).map((event) => event.kind);

test('a release seen first starts at its initial weight, as one revision for all rollouts', () => {
  const { controller, store } = start([specOf('ranker', { initialWeightBp: 100 }), specOf('search')]);
  expect(controller.snapshot().revision).toBe(1);
  expect(controller.views().map((view) => [view.weightBp, view.phase, view.cause, view.revision])).toEqual([
    [100, 'paused', 'manual', 1],
    [0, 'paused', 'manual', 1],
  ]);
  expect(kinds(store)).toEqual(['release-started', 'release-started']);
});

test('a restart with the same file changes nothing, not even the revision', async () => {
  const { controller, store } = start([specOf('ranker')]);
  await controller.setWeight(setFive);
  const again = start([specOf('ranker')], store).controller;
  expect(again.snapshot()).toEqual(controller.snapshot());
  expect(again.snapshot().revision).toBe(2);
  expect(kinds(store)).toEqual(['weight-set', 'release-started']);
});

test('the same release keeps its weight whatever the initial weight says now', async () => {
  const { controller, store } = start([specOf('ranker')]);
  await controller.setWeight(setFive);
  const again = start([specOf('ranker', { initialWeightBp: 9_000 })], store).controller;
  expect(again.view('ranker').weightBp).toBe(500);
  expect(again.snapshot().revision).toBe(2);
});

test('a changed spec of the same release keeps its weight and is an event without the salt', async () => {
  const { controller, store } = start([specOf('ranker', { salt: 'secret' })]);
  await controller.setWeight(setFive);
  const again = start([specOf('ranker', { salt: 'secret', routes: ['other'] })], store).controller;
  expect(again.view('ranker')).toMatchObject({ weightBp: 500, revision: 3, routes: ['other'] });
  const [event] = store.events({ limit: 1 });
  expect(event).toMatchObject({ kind: 'spec-changed', actor: 'configuration', revision: 3 });
  expect(event?.detail).toContain('"routes":["other"]');
  expect(event?.detail).not.toContain('secret');
});

test.each<[string, Partial<RolloutSpec>]>([
  ['canary version', { canary: { cluster: 'ranker-v2', version: '2.0.1' } }],
  ['stable version', { stable: { cluster: 'ranker-v1', version: '1.9.0' } }],
  ['salt', { salt: 'other' }],
  ['unit', { unit: [{ header: 'x-session' }] }],
])('another %s is a new release and starts over', async (_, changes) => {
  const { controller, store } = start([specOf('ranker')]);
  await controller.setWeight(setFive);
  const again = start([specOf('ranker', changes)], store).controller;
  expect(again.view('ranker').weightBp).toBe(0);
  expect(again.view('ranker').release).not.toBe(controller.view('ranker').release);
  expect(kinds(store)[0]).toBe('release-started');
});

test('a rollout that left the file goes to weight 0, and comes back with weight 0', async () => {
  const { controller, store } = start([specOf('ranker', { initialWeightBp: 100 }), specOf('search')]);
  await controller.setWeight(setFive);
  const without = start([specOf('search')], store).controller;
  expect(without.snapshot().rollouts.map((rollout) => rollout.name)).toEqual(['search']);
  expect(store.states()[0]).toMatchObject({
    rollout: 'ranker',
    weightBp: 0,
    active: false,
    phase: 'idle',
    revision: 3,
  });
  expect(start([specOf('search')], store).controller.snapshot().revision).toBe(3);

  const back = start([specOf('ranker', { initialWeightBp: 100 }), specOf('search')], store).controller;
  expect(back.view('ranker')).toMatchObject({ weightBp: 0, phase: 'paused', revision: 4 });
  expect(kinds(store).slice(0, 3)).toEqual(['rollout-restored', 'rollout-archived', 'weight-set']);
});

test('a weight is stored with its event, published and announced, and only its rollout has the new revision', async () => {
  const { controller, publisher, store } = start([specOf('ranker'), specOf('search')]);
  let announced = 0;
  const unsubscribe = controller.onChange(() => announced++);
  const { view, unconfirmed } = await controller.setWeight(setFive);
  expect(view).toMatchObject({ name: 'ranker', weightBp: 500, revision: 2, updatedBy: 'ana', updatedAtMs: 1_000 });
  expect(unconfirmed).toEqual([]);
  expect(publisher.published).toEqual([controller.snapshot()]);
  expect(controller.snapshot().rollouts.map((rollout) => [rollout.weightBp, rollout.revision])).toEqual([
    [500, 2],
    [0, 1],
  ]);
  expect(store.events({ limit: 1 })[0]).toMatchObject({
    kind: 'weight-set',
    detail:
      '{"from":{"phase":"paused","cause":"manual","weightBp":0},"to":{"phase":"paused","cause":"manual","weightBp":500},"fromBp":0,"toBp":500}',
    reason: 'first users',
    specRevision: 1,
    guards: '[]',
  });
  expect(announced).toBe(1);

  unsubscribe();
  await controller.setWeight(setFive);
  expect(announced).toBe(1);
  expect(kinds(store).slice(0, 2)).toEqual(['weight-set', 'weight-set']);
});

test('threads that do not confirm are named, and the change stands', async () => {
  const publisher = fakePublisher(['decide-1']);
  const controller = createController({
    specs: [specOf('ranker')],
    store: openStore(':memory:'),
    publisher,
    now: () => 0,
  });
  expect((await controller.setWeight(setFive)).unconfirmed).toEqual(['decide-1']);
  expect(controller.view('ranker').weightBp).toBe(500);
});

test('of two changes at once with the same expected revision one wins', async () => {
  const { controller } = start([specOf('ranker')]);
  const both = await Promise.allSettled([
    controller.setWeight({ ...setFive, expectedRevision: 1 }),
    controller.setWeight({ ...setFive, weightBp: 900, expectedRevision: 1 }),
  ]);
  expect(both.map((result) => result.status)).toEqual(['fulfilled', 'rejected']);
  expect(both[1]).toMatchObject({
    reason: {
      code: 'failed-precondition',
      field: 'expected_revision',
      message: 'expected 1, but ranker was changed by revision 2',
    },
  });
  expect(controller.view('ranker').weightBp).toBe(500);
});

test('a change of another rollout does not make an expected revision stale', async () => {
  const { controller } = start([specOf('ranker'), specOf('search')]);
  await controller.setWeight({ ...setFive, rollout: 'search' });
  await expect(controller.setWeight({ ...setFive, expectedRevision: 1 })).resolves.toMatchObject({
    view: { revision: 3 },
  });
});

test('a store that cannot be written refuses the change and leaves the snapshot as it was', async () => {
  const { controller, publisher, store } = start([specOf('ranker')]);
  const before = controller.snapshot();
  store.close();
  await expect(controller.setWeight(setFive)).rejects.toMatchObject({ code: 'unavailable' });
  expect(controller.snapshot()).toBe(before);
  expect(publisher.published).toEqual([]);
});

test.each<[string, object, string, string]>([
  ['no weight', { weightBp: undefined }, 'invalid-argument', 'weight_bp'],
  ['a weight above 100 %', { weightBp: 10_001 }, 'invalid-argument', 'weight_bp'],
  ['half a basis point', { weightBp: 0.5 }, 'invalid-argument', 'weight_bp'],
  ['no reason', { reason: ' ' }, 'invalid-argument', 'reason'],
  ['a long reason', { reason: 'x'.repeat(501) }, 'invalid-argument', 'reason'],
  ['an escape sequence', { reason: '\x1b[2J' }, 'invalid-argument', 'reason'],
  ['no actor', { actor: '' }, 'invalid-argument', 'actor'],
  ['a long actor', { actor: 'x'.repeat(201) }, 'invalid-argument', 'actor'],
  ['no rollout', { rollout: '' }, 'invalid-argument', 'rollout'],
  ['an unknown rollout', { rollout: 'nobody' }, 'not-found', 'rollout'],
])('%s is refused and changes nothing', async (_, changes, code, field) => {
  const { controller, store } = start([specOf('ranker')]);
  const refusal: unknown = await controller.setWeight({ ...setFive, ...changes }).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(RefusedError);
  expect(refusal).toMatchObject({ code, field });
  expect(store.revision()).toBe(1);
});

test('over any history the revision rises with each change and the store has the last acknowledged one', async () => {
  const step = fc.record({
    rollout: fc.constantFrom('ranker', 'search', 'nobody'),
    weightBp: fc.integer({ min: -10, max: 10_010 }),
    expectedRevision: fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined }),
    restart: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const specs = [specOf('ranker'), specOf('search')];
      const { store, ...first } = start(specs);
      let controller = first.controller;
      const acknowledged = new Map([
        ['ranker', 0],
        ['search', 0],
      ]);
      let revision = 1;
      for (const { restart, ...request } of steps) {
        if (restart) controller = start(specs, store).controller;
        const answer = await controller.setWeight({ ...request, reason: 'r', actor: 'a' }).catch((error: unknown) => {
          if (!(error instanceof RefusedError)) throw error;
        });
        if (answer) {
          expect(answer.view.revision).toBe(revision + 1);
          revision += 1;
          acknowledged.set(request.rollout, request.weightBp);
        }
        expect(store.revision()).toBe(revision);
        expect(new Map(store.states().map((state) => [state.rollout, state.weightBp]))).toEqual(acknowledged);
        expect(store.events({ limit: 100 })).toHaveLength(revision + 1);
        expect(new Map(controller.snapshot().rollouts.map((rollout) => [rollout.name, rollout.weightBp]))).toEqual(
          acknowledged,
        );
      }
    }),
    { numRuns: 100 },
  );
});
