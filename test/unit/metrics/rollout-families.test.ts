import { expect, test } from 'vitest';
import { rolloutFamilies } from '../../../src/metrics/rollout-families.ts';
import { viewOf } from '../../../src/rollout/state.ts';
import { specOf } from '../rollout/fakes.ts';
import { at, held, STAGES } from '../rollout/plans.ts';
import { alertRules } from './alerts.ts';

test('a release shows its phase, the place of its stage, and how far that is in seconds', () => {
  const state = at('one', { phase: 'extended', hold: held({ coveredMs: 90_000, extendedMs: 30_000 }) });
  const views = [
    viewOf(specOf('ranker', { stages: STAGES }), state, undefined),
    viewOf(specOf('by-hand'), at('none'), ''),
  ];
  const shown = rolloutFamilies(views).flatMap(({ name, samples }) =>
    samples.flatMap(({ labels, value }) => {
      if (/_(phase|paused)$/.test(name) && value === 0) return [];
      return labels?.rollout === 'ranker' ? [[name, labels.phase, value]] : [];
    }),
  );
  expect(shown).toEqual([
    ['understudy_rollout_phase', 'extended', 1],
    ['understudy_rollout_stage', undefined, 2],
    ['understudy_rollout_hold_seconds', undefined, 90],
    ['understudy_rollout_extended_seconds', undefined, 30],
  ]);
  const stage = rolloutFamilies(views).find(({ name }) => name === 'understudy_rollout_stage');
  expect(stage?.samples.map(({ value }) => value)).toEqual([2, 0]);
});

test('a pause shows its cause, and the alert about pauses asks for causes that somebody has to look at', () => {
  const shown = (state: Parameters<typeof at>[1]) => {
    const view = viewOf(specOf('ranker', { stages: STAGES }), at('one', state), undefined);
    const { samples = [] } = rolloutFamilies([view]).find(({ name }) => name === 'understudy_rollout_paused') ?? {};
    return {
      causes: samples.map(({ labels }) => String(labels?.cause)),
      now: samples.filter(({ value }) => value === 1),
    };
  };
  const labels = (cause: string) => [{ labels: { rollout: 'ranker', cause }, value: 1 }];
  expect(shown({ phase: 'paused', cause: 'no-data' }).now).toEqual(labels('no-data'));
  expect(shown({ phase: 'paused', cause: 'guard' }).now).toEqual(labels('guard'));
  expect(shown({ phase: 'rolled-back', cause: 'guard' }).now).toEqual([]);
  expect(shown({ phase: 'baking', cause: 'plan' }).now).toEqual([]);

  const rule = alertRules().find(({ alert }) => alert === 'UnderstudyRolloutPaused');
  const asked = /^understudy_rollout_paused\{cause=~"([^"]*)"\} == 1$/.exec(rule?.expr ?? '')?.[1]?.split('|') ?? [];
  // people know of what they did themselves
  const known = ['manual', 'person', 'approval', 'plan-changed'];
  expect([...asked, ...known].sort()).toEqual(shown({}).causes.sort());
  expect(rule?.for).toBe('15m');
});
