import { expect, test } from 'vitest';
import { rolloutsOf } from '../../../src/doctor/rollouts.ts';
import { routeChecks } from '../../../src/doctor/routes.ts';
import type { ListRolloutsResponse } from '../../../src/gen/understudy/admin/v1/admin.ts';
import { configOf, rolloutOf } from '../render/configs.ts';

const config = configOf([rolloutOf('a', 1)]);

/** What is found when the route of `a` leads to `cluster` and its release is as `live` says. */
function found(cluster: string, live: { phase: string; weightBp: number; canary?: { cluster: string } }): string[] {
  const rollout = { name: 'a', routes: ['a'], shadows: [], stable: { cluster: 'a-v1' }, canary: { cluster: 'a-v2' } };
  const sidecar = { rollouts: [{ ...rollout, ...live }] } as unknown as ListRolloutsResponse;
  const route = { name: 'a', match: { headers: [] }, route: { cluster } };
  const edges = [{ listener: 'edge', routes: [{ virtualHost: 'all', route }] }];
  const check = routeChecks.find(({ id }) => id === 'stable-route-elsewhere');
  const ofFile = check?.find({ rollouts: rolloutsOf(config, sidecar), edges } as never);
  const ofSidecar = check?.find({ rollouts: rolloutsOf(undefined, sidecar), edges } as never);
  if (live.canary === undefined) expect(ofSidecar).toEqual(ofFile);
  return (ofFile ?? []).map(({ what }) => what);
}

test('a catch-all that leads to canary is found while anybody is on stable', () => {
  expect(found('a-v2', { phase: 'baking', weightBp: 2_500 })).toEqual(['it leads to a-v2, not to a-v1']);
  expect(found('a-v1', { phase: 'baking', weightBp: 2_500 })).toEqual([]);
});

test('once everybody is on canary it may lead to either, and to nothing else', () => {
  for (const cluster of ['a-v1', 'a-v2']) expect(found(cluster, { phase: 'promoted', weightBp: 10_000 })).toEqual([]);
  expect(found('a-v3', { phase: 'promoted', weightBp: 10_000 })).toEqual(['it leads to a-v3, not to a-v1 or a-v2']);
});

test('once the release is completed it must lead to canary', () => {
  expect(found('a-v2', { phase: 'completed', weightBp: 10_000 })).toEqual([]);
  expect(found('a-v1', { phase: 'completed', weightBp: 10_000 })).toEqual(['it leads to a-v1, not to a-v2']);
});

test('what the sidecar says of another canary than the file has counts for nothing', () => {
  const live = { phase: 'completed', weightBp: 10_000, canary: { cluster: 'a-v0' } };
  expect(found('a-v1', live)).toEqual([]);
  expect(found('a-v2', live)).toEqual(['it leads to a-v2, not to a-v1']);
});
