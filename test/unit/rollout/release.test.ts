import { expect, test } from 'vitest';
import { specHash } from '../../../src/rollout/spec.ts';
import { releaseOf } from '../../../src/routing/release.ts';
import { specOf } from './fakes.ts';

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
