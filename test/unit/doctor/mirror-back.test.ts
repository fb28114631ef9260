import { expect, test } from 'vitest';
import { clusterChecks } from '../../../src/doctor/clusters.ts';
import type { Facts } from '../../../src/doctor/facts.ts';
import { rolloutsOf, slotCount } from '../../../src/doctor/rollouts.ts';
import { configOf, rolloutOf } from '../render/configs.ts';

const config = configOf([{ ...rolloutOf('a', 2), mirrorBack: { cluster: 'a-v1-shadow' } }]);
const rollouts = rolloutsOf(config, undefined);

function found(id: string, facts: object): string[] {
  const check = clusterChecks.find((one) => one.id === id);
  if (check === undefined) throw new Error(`there is no check ${id}`);
  return check.find({ rollouts, ...facts } as unknown as Facts & never).map(({ what }) => what);
}

test('mirror-back takes a slot, as every other shadow', () => {
  expect(rollouts[0]?.shadows.map(({ name, cluster }) => [name, cluster]).at(-1)).toEqual([
    'mirror-back',
    'a-v1-shadow',
  ]);
  expect(slotCount(rollouts)).toBe(3);
});

test('a cluster of mirror-back that Envoy does not have is found', () => {
  const known = ['a-v1', 'a-v2', 'a-shadow-1', 'a-shadow-2'].map((name) => [name, {}] as const);
  expect(found('cluster-missing', { clusters: new Map(known) })).toEqual(['mirror-back names a-v1-shadow']);
});

test('a cluster of mirror-back that also answers users is found', () => {
  const route = { route: { name: 'other', route: { cluster: 'a-v1-shadow' } } };
  expect(found('shadow-cluster-shared', { chains: [{ routes: [route] }], loop: undefined })).toEqual([
    'a-v1-shadow of shadow mirror-back also serves route other',
  ]);
});
