import { expect, test } from 'vitest';
import { followProbe, type Probe } from '../../../src/doctor/probe.ts';
import type { ListRolloutsResponse, Pair, Rollout } from '../../../src/gen/understudy/admin/v1/admin.ts';

const answer = { status: 200, ms: 12.4, id: undefined };

function seen(counters: Record<string, number>, decisions: Rollout['decisions'] = []): ListRolloutsResponse {
  const sidecar = { version: '', revision: 1, startedAtMs: 0, threads: [], counters };
  return { rollouts: [{ name: 'ranker', decisions } as unknown as Rollout], sidecar };
}

const stable = (count: number) => ({ arm: 'stable', reason: 'hash', count });
const before = seen({ 'decide.streams': 7, 'decide.mirrored': 5 }, [stable(7)]);
const healthy = {
  'decide.streams': 8,
  'decide.mirrored': 6,
  'accesslog.production': 1,
  'accesslog.shadow': 1,
  'pairing.pairs': 1,
};
const side = (cluster: string, status: number) => ({ version: '', cluster, status, latencyMs: 1, details: '' });
const pair = {
  rollout: 'ranker',
  shadow: 'candidate',
  arm: 'stable',
  reason: 'hash',
  reference: side('ranker-v1', 200),
  candidate: side('ranker-v2-shadow', 0),
} as unknown as Pair;

function steps(probe: Partial<Probe>): string[] {
  const all = followProbe({ answer, before, after: seen(healthy, [stable(8)]), pairs: [], ...probe });
  return all.map(({ step, ok, saw }) => `${ok ? 'yes' : 'no'} ${step}: ${saw}`);
}

test('what carries its mark is told by name', () => {
  expect(steps({ pairs: [pair] })).toEqual([
    'yes answered: 200 in 12 ms',
    'yes decided: stable by hash, rollout ranker',
    'yes copied: 1 asked for',
    'yes logged: production 1, shadow 1',
    'yes paired: candidate: ranker-v1 200 and ranker-v2-shadow no answer',
  ]);
});

test('without a mark it is told by counting, when nothing else was decided', () => {
  expect(steps({}).slice(1)).toEqual([
    'yes decided: stable by hash, rollout ranker',
    'yes copied: 1 asked for',
    'yes logged: production 1, shadow 1',
    'yes paired: 1, by counting',
  ]);
});

test('without a mark nothing is told of pairs when others were decided in between', () => {
  expect(steps({ after: seen(healthy, [stable(10)]) }).at(-1)).toBe('no paired: none that carries its mark');
});

test('an error of the model is no answer that a user wants', () => {
  expect(steps({ answer: { ...answer, status: 503 } })[0]).toBe('no answered: 503 in 12 ms');
});

test('nobody there is all that is told', () => {
  expect(steps({ answer: { refusal: 'ECONNREFUSED' } })).toEqual(['no answered: ECONNREFUSED']);
});

test('who was not asked, who has no rollout and who got no decision are told apart', () => {
  const decided = (counters: Record<string, number>) =>
    steps({ after: seen({ ...before.sidecar?.counters, ...counters }, [stable(7)]) })[1];
  expect(decided({})).toBe('no decided: Envoy did not ask');
  expect(decided({ 'decide.streams': 8 })).toBe('no decided: Envoy asked, and there was no decision');
  expect(decided({ 'decide.streams': 8, 'decide.unknown-route': 1 })).toBe(
    'no decided: its route belongs to no rollout',
  );
});

test('a copy that is left out is told with its reason, and needs neither log nor pair', () => {
  const counters = { ...healthy, 'decide.mirrored': 5, 'decide.mirror-skipped.upgrade': 1, 'accesslog.shadow': 0 };
  expect(steps({ after: seen({ ...counters, 'pairing.pairs': 0 }, [stable(8)]) }).slice(2)).toEqual([
    'yes copied: 0 asked for, 1 left out (upgrade)',
    'yes logged: production 1, shadow 0',
    'yes paired: none, as there was no copy',
  ]);
});

test('the side that is missing is told', () => {
  const { 'accesslog.shadow': _, 'pairing.pairs': __, ...lost } = healthy;
  expect(steps({ after: seen(lost, [stable(8)]) }).slice(3)).toEqual([
    'no logged: production 1, shadow 0',
    'no paired: none that carries its mark',
  ]);
});
