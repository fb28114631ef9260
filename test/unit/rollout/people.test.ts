import { describe, expect, test } from 'vitest';
import type { Move } from '../../../src/rollout/move.ts';
import { moved } from '../../../src/rollout/move.ts';
import * as people from '../../../src/rollout/people.ts';
import { RefusedError } from '../../../src/rollout/refused.ts';
import type { Plan } from '../../../src/rollout/spec.ts';
import type { RolloutState } from '../../../src/rollout/store.ts';
import type { Phase } from '../../../src/routing/snapshot.ts';
import { at, GUARDS, held, look, MINUTE_MS, PLAN, STAGES, stageOf, through, times } from './plans.ts';

const stamp = { actor: 'ana', revision: 9, timeMs: 0 };
const next = (state: RolloutState, move: Move) => moved(state, move, stamp, []).state;
const byHand = (weightBp: number, stage = 'quarter') =>
  at(stage, { phase: 'paused', cause: 'manual', weightBp, hold: held({ failing: ['shift'] }) });
const paused = (cause: RolloutState['cause'], stage = 'one') => at(stage, { phase: 'paused', cause });
const catchAll = { cluster: 'ranker-v2', seenIn: 'the log' };

function refusal(ask: () => unknown): string {
  try {
    ask();
  } catch (error) {
    expect(error).toBeInstanceOf(RefusedError);
    expect(error).toMatchObject({ code: 'failed-precondition' });
    return (error as Error).message;
  }
  throw new Error('it was not refused');
}

const asks: [string, (state: RolloutState) => Move][] = [
  ['set a weight', (state) => people.setWeight(state, 500, 'why')],
  ['pause', (state) => people.pause(state, 'why')],
  ['resume', (state) => people.resume(PLAN, state, 'why', false)],
  ['resume with the weight kept', (state) => people.resume(PLAN, state, 'why', true)],
  ['promote', (state) => people.promote(PLAN, state, 'why', false)],
  ['promote to the end', (state) => people.promote(PLAN, state, 'why', true)],
  ['approve', (state) => people.approve(PLAN, state, 'why')],
  ['abort', (state) => people.abort(state, 'why')],
  ['complete', (state) => people.complete(state, catchAll, 'ranker-v2', 'why')],
];

test.each(asks)('nobody can %s once a release was rolled back, is completed or archived', (_, ask) => {
  const over: [Phase, RegExp][] = [
    ['rolling-back', /was rolled back \(breaker\): only a new release goes on/],
    ['rolled-back', /was rolled back \(breaker\): only a new release goes on/],
    ['completed', /is completed: only a new release goes on/],
    ['idle', /no longer has it/],
  ];
  for (const [phase, why] of over) expect(refusal(() => ask(at('all', { phase, cause: 'breaker' })))).toMatch(why);
});

describe('a weight', () => {
  test('that a person sets counts alone, whatever stages were reached, and stops the plan', () => {
    const state = next(at('quarter'), people.setWeight(at('quarter'), 5_000, 'why'));
    expect(state).toMatchObject({ phase: 'paused', cause: 'manual', weightBp: 5_000, stage: 'quarter' });
    expect(through(PLAN, state, times(100, look({ shift: 'fail' }))).moves).toEqual([]);
  });

  test('may be set in each phase that is not over, also to what it is', () => {
    for (const phase of ['shadowing', 'baking', 'extended', 'paused', 'holdback', 'promoted'] as const) {
      expect(people.setWeight(at('all', { phase }), 10_000, 'why').detail).toEqual({ fromBp: 10_000, toBp: 10_000 });
    }
  });
});

describe('pause and resume', () => {
  test("a pause is a person's until a person resumes; the stage goes on where it was", () => {
    const before = at('one', { hold: held({ coveredMs: 50_000, pairs: 7, extendedMs: 3 }) });
    const state = next(before, people.pause(before, 'lunch'));
    expect(state).toMatchObject({ phase: 'paused', cause: 'person', weightBp: undefined });
    const waited = through(PLAN, state, times(100, look()));
    expect([waited.moves, waited.state.hold.coveredMs]).toEqual([[], 50_000]);
    const back = next(waited.state, people.resume(PLAN, waited.state, 'back', false));
    expect(back).toMatchObject({
      phase: 'baking',
      cause: 'plan',
      hold: { coveredMs: 50_000, pairs: 7, extendedMs: 0 },
    });
    expect(through(PLAN, back, [look()]).state.stage).toBe('quarter');
  });

  test('what waits for data, approval or a guard can be made to wait for a person; what waits for one already cannot', () => {
    for (const cause of ['no-data', 'approval', 'guard', 'overdue', 'environment'] as const) {
      expect(people.pause(paused(cause), 'why')).toMatchObject({ kind: 'paused', cause: 'person', reason: 'why' });
    }
    for (const cause of ['person', 'manual'] as const) {
      expect(refusal(() => people.pause(paused(cause), 'why'))).toBe(`it is paused already (${cause})`);
    }
    expect(refusal(() => people.pause(at('all'), 'why'))).toMatch('it is promoted');
  });

  test('guards that fail when a person resumes do not pause again before they have cleared', () => {
    const stopped = through(PLAN, at('one'), [look({ shift: 'fail' })]).state;
    const resumed = next(stopped, people.resume(PLAN, stopped, 'seen', false));
    expect(resumed.hold.accepted).toEqual(['shift']);
    const fail = look({ shift: 'fail' });
    expect(through(PLAN, resumed, times(3, fail)).moves).toEqual([]);
    expect(through(PLAN, resumed, [fail, look(), fail]).moves).toEqual(['paused: shift: shift says']);
  });

  test('resuming an overdue stage gives it its extra time anew', () => {
    const overdue = at('one', {
      phase: 'paused',
      cause: 'overdue',
      hold: held({ coveredMs: MINUTE_MS, extendedMs: 60 * MINUTE_MS }),
    });
    const resumed = next(overdue, people.resume(PLAN, overdue, 'wait longer', false));
    expect(through(PLAN, resumed, times(3, look({ agreement: 'hold' })))).toMatchObject({
      moves: ['extended: agreement: agreement says'],
      state: { hold: { extendedMs: 20_000 } },
    });
  });

  test.each([
    ['not paused', at('one'), /it is baking, not paused/],
    ['waiting for approval', paused('approval'), /it waits for approval: approve/],
    [
      'at a stage that is gone',
      { ...paused('person'), stage: 'gone' },
      /stage gone is no longer in the plan: set a weight/,
    ],
  ] as const)('a release that is %s is not resumed', (_, state, why) => {
    expect(refusal(() => people.resume(PLAN, state, 'why', false))).toMatch(why);
  });

  test('a rollout without stages has nothing to resume or promote', () => {
    const none: Plan = { stages: [], guards: GUARDS };
    const state = { ...byHand(500), stage: undefined, reached: [] };
    for (const keep of [true, false])
      expect(refusal(() => people.resume(none, state, 'why', keep))).toMatch('it has no stages');
    expect(refusal(() => people.promote(none, state, 'why', true))).toMatch('it has no stages');
  });

  test("resuming from a weight by hand goes back to the stage's, with a fresh hold, never to a lower one", () => {
    const state = next(byHand(100), people.resume(PLAN, byHand(100), 'on', false));
    expect(state).toMatchObject({ phase: 'baking', cause: 'plan', weightBp: undefined, stage: 'quarter' });
    expect(state.hold).toEqual(held({ failing: ['shift'], accepted: ['shift'] }));
    expect(state.reached).toEqual(at('quarter').reached);
    expect(refusal(() => people.resume(PLAN, byHand(2_501), 'on', false))).toMatch(
      /less than the 25.01 % that was set/,
    );
  });

  test("a weight above that of a region's stage would move everybody else back", () => {
    const plan: Plan = { stages: [stageOf('city', 500, { scope: { country: ['NZ'] } }), ...STAGES], guards: GUARDS };
    const state = at('city', { phase: 'paused', cause: 'manual', weightBp: 100 }, plan);
    expect(refusal(() => people.resume(plan, state, 'on', false))).toMatch(/would move users back/);
    const none = { ...state, weightBp: 0 };
    expect(next(none, people.resume(plan, none, 'on', false))).toMatchObject({ phase: 'baking', stage: 'city' });
  });

  test.each([
    [0, 'quarter', 'shadow', 'shadowing'],
    [50, 'quarter', 'shadow', 'baking'],
    [500, 'quarter', 'one', 'baking'],
    [5_000, 'one', 'quarter', 'baking'],
    [9_900, 'one', 'most', 'holdback'],
    [10_000, 'one', 'all', 'promoted'],
  ] as const)(
    'a kept weight of %i at %s goes on from %s (%s), and no stage is skipped',
    (weightBp, from, to, phase) => {
      const state = next(byHand(weightBp, from), people.resume(PLAN, byHand(weightBp, from), 'keep', true));
      expect(state).toMatchObject({ stage: to, phase, weightBp: undefined, reached: [{ weightBp, scope: {} }] });
    },
  );

  test('stages that came after a weight was set by hand begin at the first', () => {
    const state = { ...byHand(0), stage: undefined, reached: [] };
    expect(next(state, people.resume(PLAN, state, 'on', false))).toMatchObject({
      stage: 'shadow',
      phase: 'shadowing',
    });
    const above = { ...state, weightBp: 1 };
    expect(refusal(() => people.resume(PLAN, above, 'on', false))).toMatch(/would move users back/);
  });

  test('a stage that is gone is left with the weight kept', () => {
    const state = { ...byHand(2_500), stage: 'gone' };
    expect(refusal(() => people.resume(PLAN, state, 'on', false))).toMatch(/resume with the weight kept/);
    expect(next(state, people.resume(PLAN, state, 'on', true))).toMatchObject({ stage: 'quarter', phase: 'baking' });
  });
});

describe('promote', () => {
  test('goes one stage on, whatever guards say or whoever paused, and what fails then was seen', () => {
    const stopped = through(PLAN, at('one'), [look({ shift: 'fail' })]).state;
    const state = next(stopped, people.promote(PLAN, stopped, 'known', false));
    expect(state).toMatchObject({ phase: 'baking', cause: 'plan', stage: 'quarter' });
    expect(through(PLAN, state, times(3, look({ shift: 'fail' }))).moves).toEqual([]);
    expect(through(PLAN, state, [look({ errors: 'fail' })]).state.phase).toBe('rolling-back');
  });

  test('goes to the end past all stages between, whose regions stay', () => {
    const city = stageOf('city', 500, { scope: { country: ['NZ'] } });
    const plan: Plan = { stages: [...STAGES.slice(0, 2), city, ...STAGES.slice(2)], guards: GUARDS };
    const move = people.promote(plan, at('one', {}, plan), 'why', true);
    expect(move).toMatchObject({ kind: 'promoted', phase: 'promoted', stage: 'all', reason: 'to all (100 %): why' });
    expect(move.reached?.map(({ weightBp }) => weightBp)).toEqual([0, 100, 500, 2_500, 9_500, 10_000]);
  });

  test.each([
    ['the last stage', at('all'), /it is at all, the last stage/],
    ['a weight by hand', byHand(100), /a person set its weight: resume first/],
    ['a stage that is gone', at('one', { stage: 'gone' }), /stage gone is no longer in the plan/],
  ] as const)('is refused at %s', (_, state, why) => {
    expect(refusal(() => people.promote(PLAN, state, 'why', false))).toMatch(why);
  });
});

test('approval goes one stage on, where it is waited for and nowhere else', () => {
  expect(people.approve(PLAN, paused('approval'), 'fine')).toMatchObject({
    ...{ kind: 'approved', stage: 'quarter', phase: 'baking', reason: 'to quarter (25 %): fine' },
  });
  expect(refusal(() => people.approve(PLAN, at('one'), 'fine'))).toBe(
    'nothing waits for approval: it is baking (plan)',
  );
  expect(refusal(() => people.approve(PLAN, paused('person'), 'fine'))).toMatch('it is paused (person)');
  expect(refusal(() => people.approve(PLAN, paused('approval', 'all'), 'fine'))).toMatch('the last stage');
});

test('an abort is a rollback, in each phase that is not over', () => {
  for (const phase of ['shadowing', 'baking', 'extended', 'paused', 'holdback', 'promoted'] as const) {
    expect(next(at('most', { phase }), people.abort(at('most', { phase }), 'bad'))).toMatchObject({
      ...{ phase: 'rolling-back', cause: 'abort', weightBp: 0 },
    });
  }
});

describe('complete', () => {
  const complete = (state: RolloutState, cluster = 'ranker-v2') =>
    people.complete(state, { cluster, seenIn: 'the log' }, 'ranker-v2', 'done');

  test("is for a release that everybody has, once Envoy's catch-all leads to it", () => {
    expect(complete(at('all'))).toMatchObject({ kind: 'completed', phase: 'completed', cause: 'person' });
    expect(complete(byHand(10_000)).detail).toEqual({ catchAll: { cluster: 'ranker-v2', seenIn: 'the log' } });
    expect(refusal(() => complete(at('all'), 'ranker-v1'))).toMatch(
      "Envoy's catch-all leads to ranker-v1 (the log), not to ranker-v2: without Understudy users would still get the old version",
    );
    expect(refusal(() => complete(at('all'), ''))).toMatch('leads to an unknown cluster');
  });

  test('is not for a holdback, nor for one region that has it all', () => {
    expect(refusal(() => complete(at('most')))).toMatch('it is holdback at 95 %: not everybody is on canary');
    const region = at('one', { reached: [{ weightBp: 10_000, scope: { country: ['NZ'] } }] });
    expect(refusal(() => complete(region))).toMatch('at 0 %: not everybody is on canary');
  });
});

describe('a tripped breaker', () => {
  const bad = { kind: 'failures', isEnvironment: false, reason: 'breaker: bad' } as const;
  const environment = { ...bad, isEnvironment: true };

  test('rolls back whatever is above 0, also by hand, promoted or of one region only', () => {
    const city = at('shadow', {
      reached: [
        { weightBp: 5, scope: { country: ['NZ'] } },
        { weightBp: 0, scope: {} },
      ],
    });
    for (const state of [at('one'), at('all'), byHand(1), paused('person'), city]) {
      expect(people.trip(state, bad)).toMatchObject({ kind: 'rollback-started', cause: 'breaker', weightBp: 0 });
    }
    for (const state of [at('shadow'), byHand(0)]) expect(people.trip(state, bad)).toBeUndefined();
  });

  test('comes too late for what is over', () => {
    for (const phase of ['idle', 'rolling-back', 'rolled-back', 'completed'] as const) {
      for (const trip of [bad, environment]) expect(people.trip(at('most', { phase }), trip)).toBeUndefined();
    }
  });

  test('pauses what is on its way when stable fails alike, and a person has to resume', () => {
    for (const state of [at('one'), at('one', { phase: 'extended' }), paused('no-data'), paused('approval')]) {
      const move = people.trip(state, environment);
      expect(move).toMatchObject({ kind: 'paused', cause: 'environment', reason: 'breaker: bad' });
      if (move) expect(through(PLAN, next(state, move), times(30, look())).moves).toEqual([]);
    }
    for (const state of [at('all'), paused('person'), paused('environment'), byHand(5)]) {
      expect(people.trip(state, environment)).toBeUndefined();
    }
  });
});
