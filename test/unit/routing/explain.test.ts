import { expect, test } from 'vitest';
import { explainDecision } from '../../../src/routing/explain.ts';
import { compiled, facts } from './rollout.ts';

const rules = [
  { when: { header: { 'x-canary': { exact: 'always' } } }, arm: 'canary' } as const,
  { when: { segment: { country: { anyOf: ['NZ', 'IE'] } } }, weightBp: 9_000 },
];

test('the whole path of a decision is told in order: segments, each rule, weight, unit, bucket, arm, shadows', () => {
  const request = facts({ 'x-user-id': 'alice', 'x-geo-country': 'IE' });
  expect(explainDecision(compiled({ rules }), request).steps).toEqual([
    'route ranker leads to rollout ranker',
    'segment country is IE',
    'rule 0 does not match: not header x-canary = always',
    'rule 1 matches: segment country in NZ, IE: weight at least 90 %, once above 0 %',
    'weight is 5 %, raised to 90 % by the rule',
    'unit from header x-user-id',
    'bucket 8454 is below 9000',
    'canary answers: cluster ranker-v2, version 2.0.0',
    'shadow twin gets a copy: slot 2, cluster ranker-v1-shadow',
    'shadow candidate gets none: same-version',
  ]);
});

test('a decision by rule, a kill switch, a copy and an unknown route are told too', () => {
  const last = (changes: Parameters<typeof compiled>[0], request = facts()) =>
    explainDecision(compiled(changes), request).steps;
  expect(last({ rules }, facts({ 'x-canary': 'always' }))).toContain(
    'rule 0 matches: header x-canary = always: arm canary',
  );
  expect(last({ phase: 'rolled-back' })).toContain('the release is rolled-back: stable for everyone');
  expect(last({}, facts({ 'x-shadowed': '1' }))[1]).toContain('a copy that led back');
  expect(last({}, facts({}, { route: 'other' }))).toEqual([
    "no rollout has route other: Envoy's own route answers, nothing is mirrored",
  ]);
  expect(last({}, facts())).toContain('no unit source has a value: stable');
});
