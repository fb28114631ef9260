import { expect, test } from 'vitest';
import type { GuardSpec, StageSpec } from '../../../src/guards/spec.ts';
import { planOf, type StagePlan } from '../../../src/plan/plan.ts';
import { type PlannedRollout, shadowsOf } from '../../../src/plan/rollout.ts';
import { ASSUMED_TRAFFIC } from '../../../src/plan/traffic.ts';
import { guardOf } from '../guards/stage.ts';
import { specOf } from '../rollout/fakes.ts';
import { shadowOf } from '../routing/rollout.ts';

const noHold = { timeMs: 0, pairs: 0, requests: 0, atMostMs: 3_600_000 };

function stageOf(name: string, weightBp: number, changes: Partial<StageSpec> = {}): StageSpec {
  return { name, weightBp, scope: {}, hold: noHold, approve: 'automatic', ...changes };
}

const last = stageOf('all', 10_000);

function rolloutOf(stages: readonly StageSpec[], guards: readonly GuardSpec[], shadows = true): PlannedRollout {
  const candidate = shadowOf('candidate', 'ranker-v2-shadow', '2.0.0');
  return specOf('ranker', { stages, guards, shadows: shadows ? [candidate] : [] });
}

function firstStage(rollout: PlannedRollout, requestsPerSecond = 100): StagePlan {
  const [stage] = planOf(rollout, { ...ASSUMED_TRAFFIC, requestsPerSecond }).stages;
  if (stage === undefined) throw new Error('there is one');
  return stage;
}

const errorsVersus = guardOf({
  name: 'errors-vs-stable',
  what: { metric: 'error-rate' },
  threshold: { kind: 'above-stable', points: 0.002 },
  evidence: 'none',
  alpha: 0.01,
});

test('what a comparison of errors needs is the sample size of statistics 10, at its power', () => {
  // .001 -> .003, kappa 19, one-sided .01: 5,611.40 at power .9 (pooled), here .8
  const needs = firstStage(rolloutOf([stageOf('five', 500), last], [errorsVersus])).guards[0]?.needs;
  expect(needs?.effect).toMatchObject({ good: 0.001, bad: 0.003, against: 'stable' });
  expect(needs?.n).toBeGreaterThan(3_500);
  expect(needs?.n).toBeLessThan(5_611);
  expect(needs?.ms).toBeCloseTo(((needs?.n ?? 0) / 5) * 1_000, 6);
});

test('evidence that may be looked at any time needs more, by the ceiling of statistics 10', () => {
  const needed = (evidence: GuardSpec['evidence']) =>
    firstStage(rolloutOf([stageOf('five', 500), last], [{ ...errorsVersus, evidence }])).guards[0]?.needs?.n ?? 0;
  expect(needed('e-value') / needed('none')).toBeCloseTo(1.755, 2);
});

test('the effect found in the hold of a stage is smaller the longer it is', () => {
  const found = (timeMs: number) =>
    firstStage(rolloutOf([stageOf('five', 500, { hold: { ...noHold, timeMs } }), last], [errorsVersus])).guards[0]
      ?.needs?.detectable ?? 0;
  expect(found(600_000)).toBeGreaterThan(found(3_600_000));
  expect(found(3_600_000)).toBeGreaterThan(0.001);
});

test('what is found in exactly the time that is needed is about what was to be found', () => {
  const needs = (timeMs: number) =>
    firstStage(rolloutOf([stageOf('five', 500, { hold: { ...noHold, timeMs } }), last], [errorsVersus])).guards[0]
      ?.needs;
  const ms = needs(0)?.ms ?? 0;
  expect(needs(ms)?.detectable).toBeGreaterThan(0.002);
  expect(needs(ms)?.detectable).toBeLessThan(0.0035);
});

const agreement = guardOf({
  name: 'agreement',
  what: { metric: 'pair.agreement', field: 'label', net: false },
  threshold: { kind: 'min', value: 0.98 },
  action: 'block',
});

test('at weight 0 pairs come at the rate of the shadow, and a hold in pairs takes its time', () => {
  const stage = stageOf('shadow', 0, { hold: { ...noHold, pairs: 10_000 } });
  const rollout = rolloutOf([stage, last], [agreement]);
  const sampled = { ...rollout, shadows: rollout.shadows.map((shadow) => ({ ...shadow, sampleBp: 1_000 })) };
  expect(firstStage(sampled)).toMatchObject({ pairsPerSecond: 10, canaryPerSecond: 0, holdMs: 1_000_000 });
  expect(firstStage(sampled).guards[0]).toMatchObject({ subject: 'pairs', why: '' });
});

test('pairs are of the requests that the other version answered, at most as many as the shadow takes', () => {
  const twin = shadowOf('twin', 'ranker-v1-shadow', '1.8.0');
  const rollout = rolloutOf([stageOf('quarter', 2_500), last], [agreement]);
  expect(firstStage(rollout).pairsPerSecond).toBe(75);
  expect(firstStage({ ...rollout, shadows: [...rollout.shadows, twin] }).pairsPerSecond).toBe(100);
  const few = rollout.shadows.map((shadow) => ({ ...shadow, maxPerSecond: 20 }));
  expect(firstStage({ ...rollout, shadows: few }).pairsPerSecond).toBe(20);
});

test('mirror-back gives pairs of what canary answers, also when nobody is left on stable', () => {
  const back = shadowOf('mirror-back', 'ranker-v1-shadow', '1.8.0', { onlyArm: 'canary', sampleBp: 1_000 });
  const rollout = rolloutOf([stageOf('quarter', 2_500), last], [agreement]);
  const { stages } = planOf({ ...rollout, shadows: [...rollout.shadows, back] }, ASSUMED_TRAFFIC);
  expect(stages.map(({ pairsPerSecond, guards }) => [pairsPerSecond, guards[0]?.subject])).toEqual([
    [77.5, 'pairs'],
    [10, 'pairs'],
  ]);
});

test('mirror-back is no twin: what it disagrees about is no noise', () => {
  const back = shadowOf('mirror-back', 'ranker-v1-shadow', '1.8.0', { onlyArm: 'canary' });
  const twin = shadowOf('twin', 'ranker-v1-shadow', '1.8.0');
  const shadows = (...some: (typeof back)[]) => shadowsOf(specOf('ranker', { shadows: some }));
  expect(shadows(back)).toMatchObject({ twinShadow: undefined, mirrorBackShadow: 'mirror-back' });
  expect(shadows(twin, back)).toMatchObject({ twinShadow: 'twin', mirrorBackShadow: 'mirror-back' });
  expect(shadows(twin)).toMatchObject({ twinShadow: 'twin', mirrorBackShadow: 'twin' });
});

test('a stage that waits for what never comes is never over', () => {
  const stage = stageOf('shadow', 0, { hold: { ...noHold, requests: 1 } });
  const plan = planOf(rolloutOf([stage, last], [agreement]), ASSUMED_TRAFFIC);
  expect([plan.stages[0]?.holdMs, plan.expectedMs]).toEqual([undefined, undefined]);
});

test('a stage takes as long as its slowest guard that can hold it up', () => {
  const slow = { ...errorsVersus, threshold: { kind: 'above-stable', points: 0.0002 } } as const;
  const stages = [stageOf('one', 100, { hold: { ...noHold, timeMs: 60_000 } }), last];
  const held = firstStage(rolloutOf(stages, [agreement, slow]));
  expect(held.expectedMs).toBe(held.guards[1]?.needs?.ms);
  expect(firstStage(rolloutOf(stages, [agreement, { ...slow, action: 'alert' }])).expectedMs).toBe(60_000);
  const unlessHarm = firstStage(rolloutOf(stages, [agreement, { ...slow, promote: 'unless-harm' }]));
  expect([unlessHarm.expectedMs, unlessHarm.guards.map(({ waits }) => waits)]).toEqual([60_000, ['shown', 'no harm']]);
});

test('a guard with nothing to look at says why, and needs nothing', () => {
  const outcome: GuardSpec = guardOf({
    what: { metric: 'outcome', outcome: 'click', of: 'ratio', attributionMs: 0 },
    threshold: { kind: 'below-stable', relative: 0.02 },
  });
  const [guard] = firstStage(rolloutOf([stageOf('shadow', 0), last], [outcome])).guards;
  expect(guard).toMatchObject({ subject: 'none', needs: undefined, why: 'at weight 0: outcomes need both arms' });
});

test('a 2 % change of clicks cannot be judged in a day at 1 % of 100 requests a second', () => {
  const ctr: GuardSpec = guardOf({
    what: { metric: 'outcome', outcome: 'click', of: 'ratio', attributionMs: 0 },
    threshold: { kind: 'below-stable', relative: 0.02 },
    evidence: 'e-value',
  });
  const needs = firstStage(rolloutOf([stageOf('one', 100), last], [ctr])).guards[0]?.needs;
  expect(needs?.ms).toBeGreaterThan(24 * 3_600_000);
});

test('stages that are left by themselves need a guard that judges', () => {
  const stages = [stageOf('shadow', 0), stageOf('one', 100), last];
  const unjudged = (guards: readonly GuardSpec[], shadows = true) =>
    planOf(rolloutOf(stages, guards, shadows), ASSUMED_TRAFFIC).unjudged.map(
      ({ stage, reason }) => `${stage}: ${reason}`,
    );
  expect(unjudged([agreement])).toEqual([]);
  expect(unjudged([])).toEqual(['shadow: there are no guards', 'one: there are no guards']);
  expect(unjudged([agreement], false)).toEqual([
    'shadow: agreement: at weight 0: no shadow runs 2.0.0',
    expect.stringMatching(/^one: agreement: at weight 1 %: /),
  ]);
  const idle =
    'guards that only alert, are a dry run, look at each segment, let pass unless harm is shown, or only say whether there is data do not count';
  const weak: Partial<GuardSpec>[] = [
    { action: 'alert' },
    { dryRun: true },
    { promote: 'unless-harm' },
    { scope: { tier: 'each' } },
    { what: { metric: 'no-data' } },
  ];
  for (const changes of weak) expect(unjudged([{ ...agreement, ...changes }])[0]).toBe(`shadow: ${idle}`);
});

test('a person who has to agree is a judge', () => {
  const stages = [stageOf('shadow', 0, { approve: 'required' }), last];
  expect(planOf(rolloutOf(stages, []), ASSUMED_TRAFFIC).unjudged).toEqual([]);
});

test('at any rate a plan has a stage for each stage, and no number that is not one', () => {
  for (const requestsPerSecond of [0.001, 1, 1e5]) {
    const stages = [stageOf('shadow', 0), stageOf('one', 1), stageOf('most', 9_999), last];
    const plan = planOf(rolloutOf(stages, [agreement, errorsVersus]), { ...ASSUMED_TRAFFIC, requestsPerSecond });
    expect(plan.stages.map(({ stage }) => stage.name)).toEqual(['shadow', 'one', 'most', 'all']);
    expect(JSON.stringify(plan)).not.toMatch(/null/);
  }
});
