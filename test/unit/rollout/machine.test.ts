import { describe, expect, test } from 'vitest';
import type { GuardSpec } from '../../../src/guards/spec.ts';
import { lookAt } from '../../../src/rollout/machine.ts';
import type { Plan } from '../../../src/rollout/spec.ts';
import { at, GUARDS, held, look, MINUTE_MS, PLAN, STAGES, seen, stageOf, through, times, verdicts } from './plans.ts';

const minute = held({ coveredMs: MINUTE_MS, pairs: 1_000, requests: 1_000 });
const moveOf = (...given: Parameters<typeof lookAt>) => lookAt(...given).move;

describe('a plan', () => {
  test('starts in shadow and goes on by covered time and pairs, stage by stage, to the end and no further', () => {
    const { state, moves } = through(PLAN, at('shadow'), times(200, look()));
    expect(moves).toEqual([
      'promoted: to one (1 %): shadow held for 1 min, 120 pairs and 60 answers of canary; every guard lets it pass',
      'promoted: to quarter (25 %): one held for 1 min, 120 pairs and 60 answers of canary; every guard lets it pass',
      'promoted: to most (95 %): quarter held for 1 min, 120 pairs and 60 answers of canary; every guard lets it pass',
      'promoted: to all (100 %): most held for 1 min, 120 pairs and 60 answers of canary; every guard lets it pass',
    ]);
    expect(state).toMatchObject({ phase: 'promoted', cause: 'plan', stage: 'all', weightBp: undefined, revision: 5 });
    expect(state.reached.map(({ weightBp }) => weightBp)).toEqual([0, 100, 2_500, 9_500, 10_000]);
  });

  test('has a phase for each weight: shadowing, baking, from 95 % on holdback, and promoted at the last', () => {
    const phases = STAGES.map(({ name }) => at(name).phase);
    expect(phases).toEqual(['shadowing', 'baking', 'baking', 'holdback', 'promoted']);
  });

  test('that ends below 100 %, or with a scope, holds back for good', () => {
    for (const last of [stageOf('last', 9_500), stageOf('last', 10_000, { scope: { country: ['NZ'] } })]) {
      const plan: Plan = { stages: [stageOf('shadow', 0), last], guards: GUARDS };
      const { state } = through(plan, at('shadow', {}, plan), times(50, look()));
      expect(state).toMatchObject({ phase: 'holdback', stage: 'last' });
    }
  });

  test('without stages is left alone, whatever guards say, but for harm above weight 0', () => {
    const plan: Plan = { stages: [], guards: GUARDS };
    const byHand = (weightBp: number) => ({
      ...at('none', {}, plan),
      ...({ phase: 'paused', cause: 'manual', weightBp, stage: undefined } as const),
    });
    expect(moveOf(plan, byHand(500), look({ shift: 'fail', agreement: 'no-data' }))).toBeUndefined();
    expect(moveOf(plan, byHand(0), look({ errors: 'fail' }))).toBeUndefined();
    expect(moveOf(plan, byHand(500), look({ errors: 'fail' }))).toEqual({
      ...{
        kind: 'rollback-started',
        phase: 'rolling-back',
        cause: 'guard',
        weightBp: 0,
        reason: 'errors: errors says',
      },
    });
  });
});

describe('a stage is held', () => {
  test('until its pairs are there, with nothing to say while only they are missing and no time was asked for', () => {
    const stages = [stageOf('shadow', 0, { hold: { timeMs: 0, pairs: 100 } }), stageOf('one', 100)];
    const plan: Plan = { stages, guards: GUARDS };
    const { moves } = through(plan, at('shadow', {}, plan), times(5, look()));
    expect(moves).toEqual([expect.stringContaining('shadow held for 50 s, 100 pairs')]);
    expect(through(plan, at('shadow', {}, plan), times(900, look({}, { pairs: 0 }))).moves).toEqual([]);
  });

  test('until its answers of canary are there', () => {
    const stages = [stageOf('one', 100, { hold: { requests: 95 } }), stageOf('all', 10_000)];
    const plan: Plan = { stages, guards: GUARDS };
    const { moves } = through(plan, at('one', {}, plan), times(10, look()));
    expect(moves).toEqual([
      'extended: 60 of 95 answers of canary',
      'promoted: to all (100 %): one held for 1.7 min, 200 pairs and 100 answers of canary; every guard lets it pass',
    ]);
  });

  test('by covered time only: a gap holds nothing', () => {
    const covered = look();
    const gap = look({}, { covered: false, present: false, pairs: 0, requests: 0 });
    const { state, moves } = through(PLAN, at('one'), [covered, gap, covered, gap, gap, covered, covered, covered]);
    expect([state.hold.coveredMs, moves]).toEqual([50_000, []]);
    expect(through(PLAN, state, [covered]).moves).toHaveLength(1);
  });

  test('in each value of its scope: the one that is furthest behind counts', () => {
    const scope = { country: ['NZ', 'IE'] };
    const plan: Plan = {
      stages: [stageOf('islands', 500, { scope, hold: { requests: 20 } }), stageOf('all', 10_000)],
      guards: GUARDS,
    };
    const values = (nz: number, ie: number) => ({
      'country=NZ': { pairs: nz, requests: nz },
      'country=IE': { pairs: ie, requests: ie },
    });
    const one = look({}, { byValue: values(5, 3) });
    const { state, moves, last } = through(plan, at('islands', {}, plan), times(6, one));
    expect([state.hold.requests, state.phase, moves]).toEqual([
      18,
      'extended',
      ['extended: 18 of 20 answers of canary in country=IE'],
    ]);
    expect(last?.hold.byValue).toEqual(values(30, 18));
    expect(through(plan, state, [one]).moves).toEqual([
      'promoted: to all (100 %): islands held for 1.2 min, 21 pairs and 21 answers of canary; every guard lets it pass',
    ]);
    // what is no longer in the scope holds nothing up
    const narrower = look({}, { byValue: { 'country=NZ': { pairs: 5, requests: 5 } } });
    expect(through(plan, state, [narrower]).state.hold).toMatchObject({ requests: 0 });
  });

  test.each([
    ['hold', 'agreement', 'agreement: agreement says'],
    ['fail', 'agreement', 'agreement: agreement says'],
    ['hold', 'errors', 'errors: errors says'],
    ['hold', 'shift', 'shift: shift says'],
  ] as const)(
    'while a promoting guard says %s (%s): first extended, then with nothing new to say',
    (status, guard, why) => {
      const { state, moves } = through(PLAN, at('one'), times(30, look({ [guard]: status })));
      expect(moves).toEqual([`extended: ${why}`]);
      expect(state).toMatchObject({
        phase: 'extended',
        stage: 'one',
        hold: { coveredMs: 300_000, extendedMs: 240_000 },
      });
      expect(through(PLAN, state, [look()]).state).toMatchObject({ phase: 'baking', stage: 'quarter' });
    },
  );

  test('while a promoting guard was never judged', () => {
    const missing = verdicts().filter(({ guard }) => guard !== 'agreement');
    const { moves } = through(PLAN, at('one'), times(9, { seen: seen(), verdicts: missing }));
    expect(moves).toEqual(['extended: agreement: not judged yet']);
  });

  test('while no guard that judges is applicable, unless a person agrees anyway', () => {
    const notApplicable = look(Object.fromEntries(GUARDS.map(({ name }) => [name, 'not-applicable'] as const)));
    expect(through(PLAN, at('one'), times(9, notApplicable)).moves).toEqual([
      'extended: no guard that judges is applicable',
    ]);
    const plan: Plan = {
      stages: [stageOf('one', 100, { approve: 'required' }), stageOf('all', 10_000)],
      guards: GUARDS,
    };
    expect(through(plan, at('one', {}, plan), times(9, notApplicable)).state).toMatchObject({
      phase: 'paused',
      cause: 'approval',
    });
  });

  test.each([
    ['a dry run', { dryRun: true }, 'fail'],
    ['an alert', { action: 'alert' }, 'fail'],
    ['an alert without data', { action: 'alert' }, 'no-data'],
    ['one that only harm holds up', { promote: 'unless-harm' }, 'hold'],
    ['one on each value', { scope: { country: 'each' }, action: 'pause' }, 'hold'],
    ['a split of units', { what: { metric: 'srm' } }, 'hold'],
  ] as const)('not by %s', (_, changes, status) => {
    const odd = { ...GUARDS[1], name: 'odd', ...changes } as GuardSpec;
    const guards = [...GUARDS, odd];
    const one = { seen: seen(), verdicts: verdicts({ odd: status }, guards) };
    expect(through({ stages: STAGES, guards }, at('one', { hold: minute }), [one]).state.stage).toBe('quarter');
  });

  test('no longer than it may be extended: then a person is needed, and a timeout never promotes', () => {
    const stages = [stageOf('one', 100, { hold: { atMostMs: 2 * MINUTE_MS } }), stageOf('all', 10_000)];
    const plan: Plan = { stages, guards: GUARDS };
    const { state, moves } = through(plan, at('one', {}, plan), times(60, look({ agreement: 'hold' })));
    expect(moves).toEqual([
      'extended: agreement: agreement says',
      'paused: not promoted within 2 min beyond its time: agreement: agreement says',
    ]);
    expect(state).toMatchObject({ phase: 'paused', cause: 'overdue', stage: 'one' });
    expect(through(plan, state, times(60, look())).moves).toEqual([]);
  });
});

describe('silence', () => {
  const silence = look({ agreement: 'no-data' }, { present: false, pairs: 0, requests: 0 });

  test('never promotes: it pauses, the hold stands still, and it goes on by itself when there is data again', () => {
    const before = at('one', { hold: held({ coveredMs: 30_000, requests: 5 }) });
    const quiet = through(PLAN, before, times(1_000, silence));
    expect(quiet.moves).toEqual(['paused: agreement: agreement says']);
    expect(quiet.state).toMatchObject({ phase: 'paused', cause: 'no-data', stage: 'one' });
    const back = through(PLAN, quiet.state, [look()]);
    expect(back.moves).toEqual(['resumed: there is data again']);
    expect(back.state).toMatchObject({
      phase: 'baking',
      cause: 'plan',
      hold: { coveredMs: quiet.state.hold.coveredMs },
    });
    // the block it paused in was the only one that was missed
    expect(through(PLAN, back.state, [look()]).state).toMatchObject({ stage: 'one', hold: { coveredMs: 50_000 } });
    expect(through(PLAN, back.state, times(2, look())).state.stage).toBe('quarter');
  });

  test('in an extended stage goes back to extended: its hour is not given anew', () => {
    const extended = at('one', { phase: 'extended', hold: { ...minute, extendedMs: 90_000 } });
    const { state } = through(PLAN, extended, [silence, look({ agreement: 'hold' })]);
    expect(state).toMatchObject({ phase: 'extended', hold: { extendedMs: 100_000 } });
  });

  test('without a guard that says so holds all the same: the stage is not left before its subject is seen', () => {
    const quiet = look({}, { present: false, pairs: 0, requests: 0 });
    const { state, moves } = through(PLAN, at('one'), [look(), ...times(29, quiet)]);
    expect([state.hold.coveredMs, state.hold.silentMs, moves]).toEqual([10_000, 290_000, []]);
    const over = at('one', { phase: 'extended', hold: minute });
    expect(through(PLAN, over, [quiet]).moves).toEqual([]);
    expect(through(PLAN, over, [quiet, look()]).state.stage).toBe('quarter');
  });

  test('of five minutes pauses the stage, also where every guard passes by what others see, and it goes on by itself', () => {
    const quiet = look({}, { present: false, pairs: 0, requests: 0 });
    const paused = 'paused: nothing of stage one (1 %) was seen for 5 min';
    const { state, moves } = through(PLAN, at('one'), [look(), ...times(100, quiet)]);
    expect([moves, state.phase, state.cause]).toEqual([[paused], 'paused', 'no-data']);
    const back = through(PLAN, state, [look()]);
    expect([back.moves, back.state.phase, back.state.stage]).toEqual([
      ['resumed: there is data again'],
      'baking',
      'one',
    ]);
    const byHand = { phase: 'paused', cause: 'person' } as const;
    expect(through(PLAN, at('one', byHand), times(100, quiet)).state.hold.unseenMs).toBe(0);
  });

  test('of less than a minute is held once the subject is back, longer ones and gaps are not, nor what is before it', () => {
    const quiet = look({}, { present: false, pairs: 0, requests: 0 });
    const gap = look({}, { covered: false, present: false, pairs: 0, requests: 0 });
    const coveredMs = (...looks: Parameters<typeof through>[2]) =>
      through(PLAN, at('most'), looks).state.hold.coveredMs;
    expect(coveredMs(look(), ...times(3, quiet), look())).toBe(50_000);
    expect(coveredMs(look(), ...times(6, quiet), look())).toBe(20_000);
    expect(coveredMs(look(), quiet, gap, look())).toBe(20_000);
    expect(coveredMs(look(), gap, quiet, look())).toBe(20_000);
    expect(coveredMs(look(), look({}, { covered: false }), look())).toBe(20_000);
    expect(coveredMs(...times(4, quiet), look())).toBe(10_000);
  });

  test('at the last stage below 100 % pauses too, and users stay where they are', () => {
    const plan: Plan = { stages: STAGES.slice(0, 4), guards: GUARDS };
    const { state } = through(plan, at('most', {}, plan), times(3, silence));
    expect(state).toMatchObject({ phase: 'paused', cause: 'no-data', reached: at('most').reached });
    expect(through(plan, state, [look()]).state.phase).toBe('holdback');
  });

  test('of a person who kept a lower weight at the last stage is not promoted by data that come back', () => {
    const kept = at('all', { phase: 'paused', cause: 'no-data', reached: [{ weightBp: 5_000, scope: {} }] });
    expect(moveOf(PLAN, kept, look())).toMatchObject({ kind: 'resumed', phase: 'baking' });
  });
});

describe('harm', () => {
  test.each(['baking', 'extended', 'holdback', 'promoted', 'paused'] as const)(
    'in phase %s goes before everything else',
    (phase) => {
      const state = at('most', { phase, cause: phase === 'paused' ? 'person' : 'plan', hold: minute });
      const all = look({ errors: 'fail', shift: 'fail', agreement: 'no-data' });
      expect(moveOf(PLAN, state, all)).toMatchObject({ kind: 'rollback-started', cause: 'guard', weightBp: 0 });
    },
  );

  test.each(['idle', 'rolling-back', 'rolled-back', 'completed'] as const)('in phase %s changes nothing', (phase) => {
    expect(moveOf(PLAN, at('most', { phase, hold: minute }), look({ errors: 'fail' }))).toBeUndefined();
  });

  test('at weight 0 is what pairs show of the canary, not what stable does to its users', () => {
    const users = look({ errors: { status: 'fail', subject: 'users' } });
    expect(through(PLAN, at('shadow'), times(20, users)).moves).toEqual(['extended: errors: errors says']);
    const pairs = look({ errors: { status: 'fail', subject: 'pairs' } });
    expect(moveOf(PLAN, at('shadow'), pairs)).toMatchObject({ kind: 'rollback-started' });
    expect(moveOf(PLAN, at('shadow', { phase: 'paused', cause: 'person' }), pairs)).toBeUndefined();
  });

  test('to a region that was moved first counts also at a stage of weight 0 for the others', () => {
    const city = { weightBp: 500, scope: { country: ['NZ'] } };
    const state = at('shadow', { reached: [city, { weightBp: 0, scope: {} }] });
    expect(moveOf(PLAN, state, look({ errors: { status: 'fail', subject: 'users' } }))).toMatchObject({
      kind: 'rollback-started',
    });
  });

  test('of a guard that only runs dry is not told and moves nothing', () => {
    const dry = look({ errors: { status: 'fail', dryRun: true } });
    const looked = lookAt(PLAN, at('one'), dry);
    expect([looked.move, looked.notes, looked.hold.failing]).toEqual([undefined, [], []]);
  });
});

describe('a guard that pauses', () => {
  test('pauses at once and for good, also what only waited for data or for approval', () => {
    const fail = look({ shift: 'fail' });
    const { state, moves } = through(PLAN, at('one'), [fail, ...times(60, look())]);
    expect(moves).toEqual(['paused: shift: shift says']);
    expect(state).toMatchObject({ phase: 'paused', cause: 'guard', stage: 'one', hold: { coveredMs: 10_000 } });
    for (const cause of ['no-data', 'approval'] as const) {
      expect(moveOf(PLAN, at('one', { phase: 'paused', cause, hold: minute }), fail)).toMatchObject({ cause: 'guard' });
    }
    for (const cause of ['person', 'manual', 'overdue', 'environment', 'plan-changed'] as const) {
      expect(moveOf(PLAN, at('one', { phase: 'paused', cause, hold: minute }), fail)).toBeUndefined();
    }
    expect(moveOf(PLAN, at('all'), fail)).toBeUndefined();
  });

  test('that a person has accepted pauses again only when it has cleared in between, and holds the stage up until then', () => {
    const accepted = at('one', { hold: held({ failing: ['shift'], accepted: ['shift'] }) });
    const fail = look({ shift: 'fail' });
    const on = through(PLAN, accepted, times(30, fail));
    expect(on.moves).toEqual(['extended: shift: shift says']);
    expect(through(PLAN, on.state, [look({ shift: 'hold' }), fail]).moves).toEqual(['paused: shift: shift says']);
    expect(through(PLAN, on.state, [look()]).state.stage).toBe('quarter');
  });

  test('is told when it begins and when it ends, of each value on its own, and not in between', () => {
    const looks = [look(), look({ told: 'fail' }), look({ told: 'fail' }), look({ told: 'hold' }), look()];
    const notes = looks.map((_, i) => through(PLAN, at('one'), looks.slice(0, i + 1)).last?.notes);
    expect(notes).toEqual([
      [],
      [{ kind: 'guard-failed', reason: 'told: told says' }],
      [],
      [{ kind: 'guard-cleared', reason: 'told: told says' }],
      [],
    ]);
    const each = look({ told: { status: 'fail', segment: 'country=NZ' } });
    expect(lookAt(PLAN, at('one'), each)).toMatchObject({
      notes: [{ reason: 'told country=NZ: told says' }],
      hold: { failing: ['told country=NZ'] },
    });
  });

  test('is told once of many values that begin to fail in one block, and every one of them is remembered', () => {
    const [told] = verdicts({ told: { status: 'fail', segment: 'country=NZ' } }).filter(
      ({ guard }) => guard === 'told',
    );
    if (told === undefined) throw new Error('no such guard');
    const values = ['NZ', 'IE', 'FR'].map((value) => ({ ...told, segment: `country=${value}` }));
    expect(lookAt(PLAN, at('one'), { seen: seen(), verdicts: values })).toMatchObject({
      notes: [{ kind: 'guard-failed', reason: 'told country=NZ: told says; and 2 more' }],
      hold: { failing: ['told country=NZ', 'told country=IE', 'told country=FR'] },
    });
  });
});

describe('approval', () => {
  const plan: Plan = { stages: [stageOf('one', 100, { approve: 'required' }), stageOf('all', 10_000)], guards: GUARDS };
  const waiting = at('one', { phase: 'paused', cause: 'approval', hold: minute }, plan);

  test('is asked for once the stage is over, and nobody goes on without it', () => {
    const { state, moves } = through(plan, at('one', {}, plan), times(500, look()));
    expect(moves).toEqual([
      'paused: one held for 1 min, 120 pairs and 60 answers of canary; no guard objects: a person has to agree',
    ]);
    expect(state).toMatchObject({ phase: 'paused', cause: 'approval', stage: 'one' });
  });

  test.each([
    [
      { agreement: 'fail' },
      { kind: 'extended', phase: 'extended', cause: 'plan', reason: 'agreement: agreement says' },
    ],
    [{ agreement: 'no-data' }, { kind: 'paused', cause: 'no-data' }],
    [{ errors: 'fail' }, { kind: 'rollback-started' }],
  ] as const)('is no longer waited for when guards say %o', (said, expected) => {
    expect(moveOf(plan, waiting, look(said))).toMatchObject(expected);
  });

  test('that the plan no longer asks for is not waited for, and what is seen then promotes', () => {
    const automatic: Plan = { ...plan, stages: [stageOf('one', 100), stageOf('all', 10_000)] };
    const quiet = look({}, { present: false, requests: 0 });
    expect(through(automatic, waiting, [quiet, quiet]).moves).toEqual([
      'resumed: the plan no longer asks for approval',
    ]);
    expect(through(automatic, waiting, [quiet, look()]).state).toMatchObject({ phase: 'promoted', stage: 'all' });
    const last: Plan = { ...plan, stages: [stageOf('one', 100)] };
    expect(moveOf(last, waiting, look())).toMatchObject({ kind: 'resumed', phase: 'baking', cause: 'plan' });
  });
});

test('a plan whose stages are others pauses a release whose stage is gone', () => {
  const plan: Plan = { ...PLAN, stages: STAGES.filter(({ name }) => name !== 'one') };
  expect(moveOf(plan, at('one'), look())).toMatchObject({ kind: 'paused', cause: 'plan-changed' });
});
