import { expect, test } from 'vitest';
import { createController } from '../../../src/rollout/controller.ts';
import { type RolloutSpec, specHash } from '../../../src/rollout/spec.ts';
import { releaseOf } from '../../../src/routing/release.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import { fakePublisher, specOf } from './fakes.ts';

test('a release is named by the canary version and a digest that never changes', () => {
  expect(releaseOf(specOf('ranker'))).toBe('2.0.0-b5c722b8');
});

test('a release does not depend on clusters, routes, shadows or rules', () => {
  const changed = specOf('ranker', {
    routes: ['other'],
    shadows: [],
    rules: [{ when: {}, arm: 'canary' }],
    stable: { cluster: 'moved', version: '1.8.0' },
  });
  expect(releaseOf(changed)).toBe(releaseOf(specOf('ranker')));
  expect(specHash(changed)).not.toBe(specHash(specOf('ranker')));
});

test('the hash of a spec depends neither on the order of keys nor on the initial weight', () => {
  const reordered = Object.fromEntries(Object.entries(specOf('ranker', { initialWeightBp: 7 })).reverse());
  expect(specHash(reordered as unknown as ReturnType<typeof specOf>)).toBe(specHash(specOf('ranker')));
});

test('stages and guards are of the spec and not of the release, and no thread is sent them', () => {
  const store = openStore(':memory:');
  const publisher = fakePublisher();
  const start = (specs: readonly RolloutSpec[]) => createController({ specs, store, publisher, now: () => 1 });
  const before = start([specOf('ranker')]).view('ranker');
  const hold = { timeMs: 0, pairs: 0, requests: 0, atMostMs: 3_600_000 };
  const stages = [{ name: 'all', weightBp: 10_000, scope: {}, hold, approve: 'automatic' }] as const;
  const controller = start([specOf('ranker', { stages })]);
  expect(controller.view('ranker')).toMatchObject({ release: before.release, weightBp: before.weightBp, stages });
  expect(store.events({ limit: 1 })[0]?.kind).toBe('spec-changed');
  const sent = Object.keys(controller.snapshot().rollouts[0] ?? {});
  expect(sent).toContain('rules');
  expect(sent.filter((key) => key === 'stages' || key === 'guards')).toEqual([]);
});

test('a spec without stages and guards has the hash it had before there were any', () => {
  expect(specHash(specOf('ranker'))).toBe('0b3c47065b575a29a34102db035c571e18d8e23223ff67654d9ad96d82d6fe27');
});
