/** What the controller does while the store cannot be written, and while a decide thread does not confirm. */
import { describe, expect, test } from 'vitest';
import { createController } from '../../../src/rollout/controller.ts';
import type { RolloutSpec } from '../../../src/rollout/spec.ts';
import type { Store } from '../../../src/rollout/store.ts';
import type { Snapshot } from '../../../src/routing/snapshot.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import { specOf } from './fakes.ts';
import { BLOCK_MS, GUARDS, look, PLAN, STAGES, stageOf, times, verdicts } from './plans.ts';

const by = { rollout: 'ranker', reason: 'because', actor: 'ana' };
const bad = { kind: 'hang', isEnvironment: false, reason: 'breaker: bad' } as const;
const planned = (changes: Partial<RolloutSpec> = {}) => specOf('ranker', { ...PLAN, ...changes });

/** A sidecar over `store`, whose disk can be full and whose threads can be down. */
function begin(specs: readonly RolloutSpec[] = [planned()], store: Store = openStore(':memory:')) {
  const stage = { full: false, down: [] as string[], lines: [] as string[], published: [] as Snapshot[] };
  const fail = () => {
    if (stage.full) throw new Error('the disk is full');
  };
  const controller = createController({
    ...{ specs, now: () => 1_000, log: (line: string) => stage.lines.push(line) },
    verdicts: () => verdicts({ told: 'fail' }),
    store: {
      ...store,
      commit(change) {
        fail();
        store.commit(change);
      },
      note(noted) {
        fail();
        store.note(noted);
      },
    },
    publisher: {
      async publish(snapshot) {
        stage.published.push(snapshot);
        return stage.down;
      },
      unconfirmed: () => stage.down,
    },
  });
  const { release } = controller.view('ranker');
  return Object.assign(stage, {
    controller,
    store,
    release,
    see: (...looks: ReturnType<typeof look>[]) => {
      for (const one of looks) controller.look('ranker', release, one);
    },
    view: () => controller.view('ranker'),
    kinds: () => store.events({ after: 0, limit: 100 }).map(({ kind }) => kind),
    state: () => store.states()[0],
  });
}

const settled = () => new Promise(setImmediate);

/** At 1 %, by evidence. */
function atOne(...given: Parameters<typeof begin>) {
  const stage = begin(...given);
  stage.see(...times(6, look()));
  expect(stage.view()).toMatchObject({ stage: 'one', weightBp: 100, phase: 'baking' });
  return stage;
}

describe('with a store that cannot be written', () => {
  test.each<[string, (stage: ReturnType<typeof begin>) => Promise<unknown>]>([
    ['a weight', ({ controller }) => controller.setWeight({ ...by, weightBp: 0 })],
    ['a pause', ({ controller }) => controller.pause(by)],
    ['a promotion', ({ controller }) => controller.promote(by, true)],
    [
      'another version',
      ({ controller }) => controller.apply([planned({ canary: { cluster: 'v3', version: '3.0.0' } })]),
    ],
    [
      'another rollout',
      ({ controller }) => controller.applyMade({ ...by, rollout: 'made' }, { spec: specOf('made'), text: '' }),
    ],
  ])('%s is refused as unavailable, and nothing is different', async (_, ask) => {
    const stage = atOne();
    const before = [stage.controller.snapshot(), stage.controller.views(), stage.published.length];
    stage.full = true;
    await expect(ask(stage)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('the disk is full'),
    });
    expect([stage.controller.snapshot(), stage.controller.views(), stage.published.length]).toEqual(before);
    stage.full = false;
    await stage.controller.pause(by);
    expect(stage.kinds().slice(-2)).toEqual(['promoted', 'paused']);
  });

  test('of evidence that cannot be stored harm alone moves anybody: everybody to stable, and it is stored later', async () => {
    const stage = atOne();
    stage.full = true;
    const { weightBp } = stage.view();
    for (const said of [verdicts(), verdicts({ shift: 'fail' })]) {
      stage.controller.lookForHarm('ranker', stage.release, said);
      expect(stage.view()).toMatchObject({ phase: 'baking', weightBp });
    }
    stage.controller.lookForHarm('ranker', 'another', verdicts({ errors: 'fail' }));
    expect(stage.view()).toMatchObject({ phase: 'baking' });
    stage.controller.lookForHarm('ranker', stage.release, verdicts({ errors: 'fail' }));
    expect(stage.published.at(-1)?.rollouts[0]).toMatchObject({ phase: 'rolling-back', weightBp: 0 });
    await settled();
    stage.full = false;
    stage.controller.tick();
    expect(stage.state()).toMatchObject({ phase: 'rolled-back', cause: 'guard', weightBp: 0 });
  });

  test('a store that cannot be read either refuses a new version as unavailable', async () => {
    const stage = atOne();
    stage.store.close();
    const asked = stage.controller.apply([planned({ canary: { cluster: 'v3', version: '3.0.0' } })]);
    await expect(asked).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('nobody is promoted, nothing is held, and it is said once', () => {
    const stage = atOne();
    stage.full = true;
    const before = stage.controller.snapshot();
    stage.see(...times(100, look()));
    expect([stage.controller.snapshot(), stage.view().hold.coveredMs]).toEqual([before, 0]);
    expect(stage.lines.filter((line) => line.includes('cannot be stored'))).toEqual([
      'rollouts cannot be stored, nobody is promoted: the disk is full',
    ]);
    stage.full = false;
    stage.see(look());
    expect([stage.view().hold.coveredMs, stage.lines.at(-1)]).toEqual([BLOCK_MS, 'rollouts can be stored again']);
    stage.see(...times(5, look()));
    expect(stage.view().stage).toBe('quarter');
  });

  test('a stage that is over is not left, and is once the store is back', () => {
    const stage = atOne();
    stage.see(...times(5, look()));
    stage.full = true;
    stage.see(look(), look());
    expect([stage.view().stage, stage.published.length]).toEqual(['one', 1]);
    stage.full = false;
    stage.see(look());
    expect([stage.view().stage, stage.state()?.stage]).toEqual(['quarter', 'quarter']);
  });

  test('a rollback is stored when it can be, whether or not every thread has confirmed it', () => {
    const stage = atOne();
    stage.down = ['decide-1'];
    stage.full = true;
    stage.see(look({ errors: 'fail' }));
    stage.full = false;
    stage.controller.tick();
    expect(stage.state()).toMatchObject({ phase: 'rolling-back', weightBp: 0 });
    const stored = stage.store.revision();
    stage.controller.tick();
    expect(stage.store.revision()).toBe(stored);
  });

  test('a guard that began to fail then is told once the store is back', () => {
    const stage = atOne();
    stage.full = true;
    stage.see(look({ told: 'fail' }), look({ told: 'fail' }));
    stage.full = false;
    stage.see(look({ told: 'fail' }), look({ told: 'fail' }));
    expect(stage.kinds().filter((kind) => kind === 'guard-failed')).toHaveLength(1);
  });

  test.each<[string, string, (stage: ReturnType<typeof begin>) => unknown]>([
    ['a guard', 'guard', (stage) => stage.see(look({ errors: 'fail', told: 'fail' }))],
    ['a breaker', 'breaker', ({ controller, release }) => controller.trip('ranker', release, bad)],
    ['an abort', 'abort', ({ controller }) => controller.abort(by).catch(() => {})],
  ])('%s rolls back at once all the same; it is stored as soon as it can be, with its event', async (_, cause, act) => {
    const stage = atOne();
    stage.full = true;
    act(stage);
    expect(stage.published.at(-1)?.rollouts[0]).toMatchObject({ phase: 'rolling-back', weightBp: 0 });
    await settled();
    for (let second = 0; second < 5; second++) stage.controller.tick();
    expect(stage.state()).toMatchObject({ phase: 'baking', weightBp: undefined });
    expect(stage.view()).toMatchObject({ phase: 'rolling-back', cause, weightBp: 0 });

    stage.full = false;
    stage.controller.tick();
    await settled();
    expect(stage.state()).toMatchObject({ phase: 'rolled-back', cause, weightBp: 0 });
    expect(stage.kinds().slice(-2)).toEqual(['rollback-started', 'rolled-back']);
    const [event] = stage.store.events({ kinds: ['rollback-started'], limit: 2 });
    expect(JSON.parse(String(event?.guards))).toContainEqual(
      expect.objectContaining({ guard: 'told', status: 'fail' }),
    );
    const again = begin([planned()], stage.store);
    expect(again.view()).toMatchObject({ phase: 'rolled-back', weightBp: 0 });
    expect(again.controller.snapshot().revision).toBe(stage.store.revision());
  });

  test('an abort says that it was done and not stored, and what that means', async () => {
    const stage = atOne();
    stage.full = true;
    await expect(stage.controller.abort(by)).rejects.toMatchObject({
      code: 'unavailable',
      message:
        'everybody is on stable now, but that cannot be stored: the disk is full; a restart before it can be would undo it',
    });
    await expect(stage.controller.abort(by)).rejects.toMatchObject({ code: 'failed-precondition' });
  });

  test('an abort names the threads that have not confirmed it, before it says that everybody is on stable', async () => {
    const stage = atOne();
    stage.full = true;
    stage.down = ['decide-1'];
    await expect(stage.controller.abort(by)).rejects.toMatchObject({
      code: 'unavailable',
      message:
        'the rollback is still to be confirmed by decide-1, and it cannot be stored: the disk is full; a restart before it can be would undo it',
    });
    expect(stage.view().phase).toBe('rolling-back');
  });

  test('a rollback is known to be not stored until it is, whatever its threads say', () => {
    const stage = atOne([planned(), specOf('search')]);
    stage.full = true;
    stage.down = ['decide-1'];
    const known = () => [
      ...['ranker', 'search'].map((rollout) => stage.controller.isStored(rollout)),
      stage.controller.unconfirmed(),
    ];
    expect(known()).toEqual([true, true, ['decide-1']]);
    stage.controller.trip('ranker', stage.release, bad);
    expect(known()).toEqual([false, true, ['decide-1']]);
    stage.full = false;
    stage.controller.tick();
    expect(known()).toEqual([true, true, ['decide-1']]);
    expect(stage.view().phase).toBe('rolling-back');
  });

  test('a restart before it could be stored starts from what is stored, and the breaker is free to trip again', async () => {
    const stage = atOne();
    stage.full = true;
    stage.controller.trip('ranker', stage.release, bad);
    const again = begin([planned()], stage.store);
    expect(again.view()).toMatchObject({ phase: 'baking', weightBp: 100 });
    again.controller.trip('ranker', again.release, bad);
    await settled();
    expect(again.state()).toMatchObject({ phase: 'rolled-back', cause: 'breaker' });
  });

  test('a change of another rollout stores the rollback with it, once', async () => {
    const stage = atOne([planned(), specOf('search')]);
    stage.down = ['decide-0'];
    stage.full = true;
    stage.controller.trip('ranker', stage.release, bad);
    stage.full = false;
    await stage.controller.setWeight({ ...by, rollout: 'search', weightBp: 5 });
    expect(stage.store.states().map(({ rollout, phase }) => [rollout, phase])).toEqual([
      ['ranker', 'rolling-back'],
      ['search', 'paused'],
    ]);
    stage.controller.tick();
    expect(stage.kinds().slice(-2)).toEqual(['rollback-started', 'weight-set']);
    const revisions = stage.store.events({ after: 0, limit: 100 }).map(({ revision }) => revision);
    expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
  });
});

describe('a rollback', () => {
  test('is confirmed only when every decide thread has it; one that is down gets it later', async () => {
    const stage = atOne();
    stage.down = ['decide-1'];
    const { unconfirmed, view } = await stage.controller.abort(by);
    expect([unconfirmed, view.phase]).toEqual([['decide-1'], 'rolling-back']);
    for (let second = 0; second < 10; second++) stage.controller.tick();
    expect(stage.view().phase).toBe('rolling-back');
    stage.down = [];
    stage.controller.tick();
    await settled();
    expect(stage.view()).toMatchObject({ phase: 'rolled-back', cause: 'abort' });
    expect(stage.store.events({ limit: 1 })[0]).toMatchObject({
      ...{ kind: 'rolled-back', actor: 'understudy', reason: 'every decide thread has confirmed weight 0' },
    });
    const count = stage.published.length;
    stage.controller.tick();
    expect(stage.published).toHaveLength(count);
  });

  test('that a restart interrupted is confirmed by the threads of the next process', async () => {
    const stage = atOne();
    stage.down = ['decide-1'];
    await stage.controller.abort(by);
    const again = begin([planned()], stage.store);
    expect(again.view().phase).toBe('rolling-back');
    again.controller.tick();
    await settled();
    expect(again.view().phase).toBe('rolled-back');
  });

  test('is final: the version comes back rolled back, whatever was tried in between', async () => {
    const stage = atOne();
    await stage.controller.abort(by);
    const three = planned({ canary: { cluster: 'ranker-v2', version: '3.0.0' }, salt: 'ranker/3.0.0' });
    await stage.controller.apply([three]);
    expect(stage.view()).toMatchObject({ phase: 'shadowing', stage: 'shadow', weightBp: 0 });
    await stage.controller.promote(by, false);
    await stage.controller.apply([planned()]);
    expect(stage.view()).toMatchObject({ phase: 'rolled-back', weightBp: 0, release: stage.release });
    await expect(stage.controller.setWeight({ ...by, weightBp: 1 })).rejects.toThrow('only a new release goes on');
    expect(stage.store.events({ limit: 1 })[0]?.reason).toMatch('was rolled back before, and stays so');
    await stage.controller.apply([three]);
    expect(stage.view()).toMatchObject({ phase: 'shadowing', stage: 'shadow' });
  });

  test("outlives the rollout's leaving the file and coming back", async () => {
    const stage = atOne([planned(), specOf('search')]);
    await stage.controller.abort(by);
    await stage.controller.apply([specOf('search')]);
    await stage.controller.apply([planned(), specOf('search')]);
    expect(stage.view()).toMatchObject({ phase: 'rolled-back', weightBp: 0 });
  });
});

test('events are told when they are stored, changes when they are made, and progress alone to nobody', async () => {
  const stage = atOne();
  const told = { events: 0, changes: 0 };
  stage.controller.onEvents(() => told.events++);
  const stop = stage.controller.onChange(() => told.changes++);
  stage.see(look());
  expect(told).toEqual({ events: 0, changes: 0 });
  stage.see(look({ told: 'fail' }));
  expect(told).toEqual({ events: 1, changes: 0 });
  await stage.controller.pause(by);
  expect(told).toEqual({ events: 2, changes: 1 });
  stop();
  await stage.controller.resume(by, false);
  expect(told).toEqual({ events: 3, changes: 1 });
});

test('a listener that throws is said, and undoes nothing', async () => {
  const stage = atOne();
  stage.controller.onEvents(() => expect.fail('no'));
  stage.controller.onChange(() => expect.fail('no'));
  await expect(stage.controller.pause(by)).resolves.toMatchObject({ view: { phase: 'paused' } });
  expect(stage.lines.filter((line) => line.startsWith('after a change: '))).toHaveLength(2);
});

describe('two at once', () => {
  test('of two people who saw the same revision one wins, and the other is told the current one', async () => {
    const { controller } = atOne();
    const expectedRevision = controller.view('ranker').revision;
    const both = await Promise.allSettled([
      controller.promote({ ...by, expectedRevision }, false),
      controller.abort({ ...by, actor: 'bo', expectedRevision }),
    ]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(both[1]).toMatchObject({ reason: { code: 'failed-precondition', field: 'expected_revision' } });
    expect(String((both[1] as PromiseRejectedResult).reason)).toContain(
      `ranker was changed by revision ${expectedRevision + 1}`,
    );
    expect(controller.view('ranker').stage).toBe('quarter');
  });

  test('a person who saw a stage before the machine went on is told, too', async () => {
    const stage = atOne();
    const { revision } = stage.view();
    stage.see(...times(6, look()));
    await expect(stage.controller.promote({ ...by, expectedRevision: revision }, false)).rejects.toThrow(
      `expected ${revision}, but ranker was changed by revision ${revision + 1}`,
    );
  });

  test('a guard and a breaker together roll back once', async () => {
    const stage = atOne();
    stage.see(look({ errors: 'fail' }));
    stage.controller.trip('ranker', stage.release, bad);
    await settled();
    expect(stage.kinds().filter((kind) => kind === 'rollback-started')).toHaveLength(1);
    expect(stage.view().cause).toBe('guard');
  });

  test('what is known of another release, or of a rollout that is gone, changes nothing', async () => {
    const stage = atOne();
    stage.controller.look('ranker', 'another', look({ errors: 'fail' }));
    stage.controller.trip('ranker', 'another', bad);
    stage.controller.trip('nobody', stage.release, bad);
    await stage.controller.apply([specOf('search')]);
    stage.see(look({ errors: 'fail' }));
    stage.controller.trip('ranker', stage.release, bad);
    expect(stage.kinds()).not.toContain('rollback-started');
  });
});

describe('a changed plan', () => {
  test('moves nobody: weights that were reached stay, and the next promotion goes by what is written now', async () => {
    const stage = atOne();
    const stages = [STAGES[0], stageOf('one', 50), stageOf('two', 200), stageOf('all', 10_000)].filter(
      (one) => one !== undefined,
    );
    await stage.controller.apply([planned({ stages })]);
    expect(stage.view()).toMatchObject({ stage: 'one', weightBp: 100, phase: 'baking', specRevision: 3 });
    stage.see(...times(6, look()));
    expect(stage.view()).toMatchObject({ stage: 'two', weightBp: 200 });
    expect(stage.store.events({ limit: 1 })[0]).toMatchObject({ kind: 'promoted', specRevision: 3, revision: 4 });
  });

  test('without its stage pauses it until a person says how it goes on; a weight by hand is left alone', async () => {
    const stage = atOne();
    const without = planned({ stages: STAGES.filter(({ name }) => name !== 'one') });
    await stage.controller.apply([without]);
    expect(stage.view()).toMatchObject({ phase: 'paused', cause: 'plan-changed', weightBp: 100 });
    await expect(stage.controller.resume(by, false)).rejects.toThrow('is no longer in the plan');
    await stage.controller.setWeight({ ...by, weightBp: 100 });
    await stage.controller.apply([planned()]);
    expect(stage.view()).toMatchObject({ phase: 'paused', cause: 'manual' });
    await stage.controller.apply([without]);
    await stage.controller.resume(by, true);
    expect(stage.view()).toMatchObject({ phase: 'baking', stage: 'shadow', weightBp: 100, cause: 'plan' });
  });

  test('with other guards is judged by those, from the next block on', async () => {
    const stage = atOne();
    const odd = { ...GUARDS[1], name: 'odd' } as (typeof GUARDS)[number];
    await stage.controller.apply([planned({ guards: [...GUARDS, odd] })]);
    stage.see(...times(7, look()));
    expect(stage.view()).toMatchObject({ phase: 'extended', stage: 'one' });
    expect(stage.store.events({ limit: 1 })[0]?.reason).toBe('odd: not judged yet');
  });
});

describe('rollouts that people make', () => {
  const made = { spec: specOf('made', { ...PLAN }), text: '{"name":"made"}' };
  const ask = { ...by, rollout: 'made' };

  test('are kept with their text, changed and archived by people, and seen with those of the file', async () => {
    const stage = begin();
    expect(await stage.controller.applyMade({ ...ask, expectedRevision: 0 }, made)).toMatchObject({
      changed: true,
      revision: 2,
    });
    expect(stage.controller.views().map(({ name, file }) => [name, file])).toEqual([
      ['ranker', 'understudy.yaml'],
      ['made', undefined],
    ]);
    expect(stage.store.specs()).toEqual([{ rollout: 'made', text: '{"name":"made"}' }]);
    expect(stage.store.events({ limit: 1 })[0]).toMatchObject({
      kind: 'release-started',
      actor: 'ana',
      reason: 'because',
    });
    expect(await stage.controller.applyMade(ask, made)).toEqual({ changed: false, revision: 2, unconfirmed: [] });

    await expect(stage.controller.applyMade({ ...ask, expectedRevision: 1 }, made)).rejects.toThrow(
      'expected 1, but made',
    );
    await stage.controller.applyMade({ ...ask, expectedRevision: 2 }, undefined);
    expect([stage.store.specs(), stage.controller.views().length]).toEqual([[], 1]);
    await expect(stage.controller.applyMade(ask, undefined)).rejects.toMatchObject({ code: 'not-found' });
  });

  test('go on after a restart, and give way to a file that has their name', async () => {
    const stage = begin();
    await stage.controller.applyMade(ask, made);
    await stage.controller.promote(ask, false);
    const parts = { store: stage.store, publisher: { publish: async () => [], unconfirmed: () => [] }, now: () => 0 };
    const again = createController({ ...parts, specs: [planned()], made: [made.spec] });
    expect(again.view('made')).toMatchObject({ stage: 'one', file: undefined });
    await again.apply([planned(), made.spec]);
    expect(again.views().map(({ name }) => name)).toEqual(['ranker', 'made']);
    expect([again.view('made'), stage.store.specs()]).toMatchObject([{ stage: 'one', file: 'understudy.yaml' }, []]);
    await expect(again.applyMade(ask, undefined)).rejects.toThrow(
      'made is written in understudy.yaml: change it there',
    );
  });
});
