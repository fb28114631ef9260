import { status } from '@grpc/grpc-js';
import { describe, expect, test, vi } from 'vitest';
import { ask } from '../../src/cli/client.ts';
import { parseConfig } from '../../src/config/parse.ts';
import type { ChangeRequest, Event, RolloutAdminClient } from '../../src/gen/understudy/admin/v1/admin.ts';
import { createPublished } from '../../src/judging/published.ts';
import { specOf } from '../unit/rollout/fakes.ts';
import { GUARDS, look, STAGES, stageOf, verdicts } from '../unit/rollout/plans.ts';
import { startAdminStage } from './admin-stage.ts';

const why = { rollout: 'ranker', reason: 'a reason', actor: 'ana' };
const staged = specOf('ranker', { stages: STAGES, guards: GUARDS });

async function startStaged(options: Parameters<typeof startAdminStage>[0] = {}) {
  return startAdminStage({ specs: [staged], ...options });
}
type Stage = Awaited<ReturnType<typeof startStaged>>;

function rolloutOf({ client }: Stage) {
  return ask(client, client.getRollout, { name: 'ranker' });
}

describe('people', () => {
  test('promote by one stage or to the end, and each answer is the rollout as it is then', async () => {
    await using stage = await startStaged({ unconfirmed: ['decide-1'] });
    const { client } = stage;
    const first = await ask(client, client.promote, { change: why, toEnd: false });
    expect(first).toMatchObject({
      rollout: {
        phase: 'baking',
        cause: 'plan',
        stage: 'one',
        weightBp: 100,
        revision: 2,
        updatedBy: 'ana',
        byHand: false,
      },
      unconfirmedThreads: ['decide-1'],
    });
    expect(first.rollout?.stages.map(({ name, reached }) => [name, reached])).toEqual([
      ['shadow', true],
      ['one', true],
      ['quarter', false],
      ['most', false],
      ['all', false],
    ]);
    const last = await ask(client, client.promote, { change: why, toEnd: true });
    expect(last.rollout).toMatchObject({ phase: 'promoted', stage: 'all', weightBp: 10_000 });
    expect(last.rollout?.waits).toEqual([expect.stringContaining("Envoy's catch-all still leads to ranker-v1")]);
  });

  test('pause, resume, set a weight and resume it, and abort for good', async () => {
    await using stage = await startStaged();
    const { client } = stage;
    const paused = await ask(client, client.pause, { ...why, reason: 'lunch' });
    expect(paused.rollout).toMatchObject({ phase: 'paused', cause: 'person' });
    expect(paused.rollout?.waits).toEqual(['paused (person): lunch: understudy resume ranker --reason "..."']);
    const resumed = await ask(client, client.resume, { change: why, keepWeight: false });
    expect(resumed.rollout).toMatchObject({ phase: 'shadowing', stage: 'shadow', weightBp: 0 });
    const set = await ask(client, client.setWeight, { ...why, weightBp: 3_000 });
    expect(set.rollout).toMatchObject({
      byHand: true,
      waits: ['paused (manual): ana set 30 %: understudy resume ranker --reason "..."'],
    });
    const kept = await ask(client, client.resume, { change: why, keepWeight: true });
    expect(kept.rollout).toMatchObject({ phase: 'baking', stage: 'quarter', weightBp: 3_000, byHand: false });
    const aborted = await ask(client, client.abort, { ...why, reason: 'clicks fell' });
    expect(aborted.rollout).toMatchObject({ phase: 'rolled-back', cause: 'abort', weightBp: 0 });
    expect(aborted.rollout?.waits).toEqual(['rolled back by a person: clicks fell: a new version is a new release']);
    await expect(ask(client, client.promote, { change: why, toEnd: true })).rejects.toMatchObject({
      code: status.FAILED_PRECONDITION,
      details: expect.stringContaining('was rolled back (abort): only a new release goes on'),
    });
  });

  test('approve what waits for it, and nothing else', async () => {
    const stages = [stageOf('shadow', 0, { approve: 'required', hold: { timeMs: 0 } }), stageOf('one', 100)];
    await using stage = await startStaged({ specs: [specOf('ranker', { stages, guards: GUARDS })] });
    const { client, controller } = stage;
    await expect(ask(client, client.approve, why)).rejects.toMatchObject({
      code: status.FAILED_PRECONDITION,
      details: 'rollout: nothing waits for approval: it is shadowing (plan)',
    });
    controller.look('ranker', controller.view('ranker').release, look());
    expect((await rolloutOf(stage)).waits[0]).toMatch(
      /^waits for approval \(shadow held for 10 s.*\): understudy approve ranker --reason "\.\.\."$/,
    );
    expect((await ask(client, client.approve, why)).rollout).toMatchObject({ phase: 'baking', stage: 'one' });
  });

  test('complete what Envoy was seen to deliver, and the stable version is retired with its last traffic', async () => {
    await using stage = await startStaged({ lastDeliveredMs: (cluster) => (cluster === 'ranker-v1' ? 77 : undefined) });
    const { client } = stage;
    await ask(client, client.promote, { change: why, toEnd: true });
    const complete = (catchAllCluster: string) =>
      ask(client, client.complete, { change: why, catchAllCluster, seenIn: 'config_dump of envoy:9901' });
    await expect(complete('ranker-v1')).rejects.toMatchObject({
      code: status.FAILED_PRECONDITION,
      details: expect.stringContaining(
        "Envoy's catch-all leads to ranker-v1 (config_dump of envoy:9901), not to ranker-v2",
      ),
    });
    await expect(complete('ranker-v2\n')).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: 'catch_all_cluster: expected a text without control characters',
    });
    const done = await complete('ranker-v2');
    expect(done.rollout).toMatchObject({
      phase: 'completed',
      retired: [{ cluster: 'ranker-v1', version: '1.8.0', lastTrafficMs: 77 }],
    });
    const [event] = (await ask(client, client.listEvents, { rollout: 'ranker', limit: 1, before: 0 })).events;
    expect(JSON.parse(event?.detail ?? '').catchAll).toEqual({
      cluster: 'ranker-v2',
      seenIn: 'config_dump of envoy:9901',
    });
  });
});

const VERBS: readonly [string, (client: RolloutAdminClient, change: ChangeRequest) => Promise<unknown>][] = [
  ['promote', (c, change) => ask(c, c.promote, { change, toEnd: false })],
  ['pause', (c, change) => ask(c, c.pause, change)],
  ['resume', (c, change) => ask(c, c.resume, { change, keepWeight: false })],
  ['abort', (c, change) => ask(c, c.abort, change)],
  ['approve', (c, change) => ask(c, c.approve, change)],
  ['complete', (c, change) => ask(c, c.complete, { change, catchAllCluster: 'ranker-v2', seenIn: 'there' })],
];

test.each(VERBS)('%s says what is wrong with the request: rollout, reason, revision', async (_, call) => {
  await using stage = await startStaged();
  const refusal = (changes: object) =>
    call(stage.client, { ...why, ...changes } as ChangeRequest).catch((error) => error);
  expect(await refusal({ rollout: 'nobody' })).toMatchObject({ code: status.NOT_FOUND });
  expect(await refusal({ reason: '' })).toMatchObject({ details: 'reason: expected a non-empty text' });
  expect(await refusal({ expectedRevision: 9 })).toMatchObject({
    code: status.FAILED_PRECONDITION,
    details: 'expected_revision: expected 9, but ranker was changed by revision 1',
  });
  expect(stage.controller.view('ranker').revision).toBe(1);
});

test('a request without its change is refused by the name of the field', async () => {
  await using stage = await startStaged();
  const { client } = stage;
  for (const asked of [
    ask(client, client.promote, { toEnd: false }),
    ask(client, client.resume, { keepWeight: false }),
    ask(client, client.complete, { catchAllCluster: 'a', seenIn: 'b' }),
  ]) {
    await expect(asked).rejects.toMatchObject({ code: status.INVALID_ARGUMENT, details: /^change: / });
  }
});

test('of two people with the same revision one wins, and the other is told the current one', async () => {
  await using stage = await startStaged();
  const { client } = stage;
  const change = { ...why, expectedRevision: 1 };
  const answers = await Promise.allSettled([
    ask(client, client.promote, { change, toEnd: false }),
    ask(client, client.pause, change),
  ]);
  const lost = answers.filter((answer) => answer.status === 'rejected');
  expect(lost.map(({ reason }) => reason.details)).toEqual([
    'expected_revision: expected 1, but ranker was changed by revision 2',
  ]);
  expect(stage.controller.view('ranker').revision).toBe(2);
});

test('a store that cannot be written is UNAVAILABLE: an abort takes effect all the same and says so', async () => {
  await using stage = await startStaged();
  const { client, store } = stage;
  await ask(client, client.promote, { change: why, toEnd: false });
  store.close();
  const unavailable = {
    code: status.UNAVAILABLE,
    details: expect.stringContaining('cannot be stored and was not made'),
  };
  await expect(ask(client, client.promote, { change: why, toEnd: false })).rejects.toMatchObject(unavailable);
  await expect(ask(client, client.pause, why)).rejects.toMatchObject(unavailable);
  expect((await rolloutOf(stage)).weightBp).toBe(100);
  await expect(ask(client, client.abort, why)).rejects.toMatchObject({
    code: status.UNAVAILABLE,
    details: expect.stringContaining('everybody is on stable now, but that cannot be stored'),
  });
  expect(await rolloutOf(stage)).toMatchObject({
    ...{ weightBp: 0, cause: 'abort' },
    waits: ['rolled back by a person: it cannot be stored yet, and a restart before it can be would undo it'],
  });
});

test('a rollout shows how far its stage is, and what its guards hold it for', async () => {
  const published = createPublished();
  await using stage = await startStaged({ verdicts: published });
  const { controller } = stage;
  const { release } = controller.view('ranker');
  const said = {
    agreement: { status: 'hold', sentence: 'agreement of late 97.6 % < 98 %, about 1,900 more pairs' },
  } as const;
  controller.look('ranker', release, look(said));
  const row = { rollout: 'ranker', release, untilMs: 1, gaps: { count: 0, ms: 0 } };
  published.publish(row as never, verdicts(said));
  expect(await rolloutOf(stage)).toMatchObject({
    stage: 'shadow',
    progress: { coveredMs: 10_000, pairs: 20, requests: 10, extendedMs: 0 },
    file: 'understudy.yaml',
    specRevision: 1,
    waits: [
      'holds: agreement: agreement of late 97.6 % < 98 %, about 1,900 more pairs',
      'holds: 20 of 100 pairs',
      'holds: 10 s of 1 min held',
    ],
  });
});

describe('whoever watches events', () => {
  test('gets those after a number, and then each as it is stored, with what guards said', async () => {
    await using stage = await startStaged();
    const { client, controller } = stage;
    await ask(client, client.pause, why);
    const stream = client.watchEvents({ rollout: 'ranker', after: 0 });
    const events = stream[Symbol.asyncIterator]();
    const next = async () => (await events.next()).value as Event;
    expect([(await next()).kind, (await next()).kind]).toEqual(['release-started', 'paused']);
    await ask(client, client.resume, { change: why, keepWeight: false });
    expect(await next()).toMatchObject({ kind: 'resumed', actor: 'ana', specRevision: 1 });
    controller.look('ranker', controller.view('ranker').release, look({ shift: 'fail' }));
    const failed = await next();
    expect(failed.kind).toBe('guard-failed');
    expect(JSON.parse(failed.guards)).toContainEqual(expect.objectContaining({ guard: 'shift', status: 'fail' }));
    await events.return?.();
  });

  test('gets only those to come without a number, and of the rollout that was asked for', async () => {
    await using stage = await startAdminStage();
    const { client } = stage;
    const watching = vi.spyOn(stage.controller, 'onEvents');
    const stream = client.watchEvents({ rollout: 'search' });
    const first = new Promise<Event>((resolve) => stream.on('error', () => {}).once('data', resolve));
    await vi.waitUntil(() => watching.mock.calls.length === 1);
    await ask(client, client.setWeight, { ...why, rollout: 'ranker', weightBp: 1 });
    await ask(client, client.setWeight, { ...why, rollout: 'search', weightBp: 2 });
    expect(await first).toMatchObject({ rollout: 'search', kind: 'weight-set' });
    stream.cancel();
  });

  test('misses none of thousands, in their order, however slowly they are read', async () => {
    await using stage = await startAdminStage();
    const { client, controller, store } = stage;
    const { events: first } = await ask(client, client.listEvents, { rollout: '', limit: 1, before: 0 });
    const [event] = first;
    if (event === undefined) throw new Error('no event');
    const { number: _, ...told } = event;
    const reason = 'r'.repeat(400);
    const many = Array.from({ length: 5_000 }, () => ({ ...told, reason, kind: 'extended' as const }));
    store.note({ holds: [], events: many });
    const stream = client.watchEvents({ rollout: '', after: event.number });
    const numbers: number[] = [];
    for await (const got of stream as AsyncIterable<Event>) {
      numbers.push(got.number);
      if (numbers.length === 1) await controller.setWeight({ ...why, weightBp: 5 });
      if (numbers.length === 5_001) break;
    }
    expect(numbers).toEqual(Array.from({ length: 5_001 }, (_, n) => event.number + 1 + n));
  });

  test('is told when events cannot be read, and where to go on', async () => {
    await using stage = await startAdminStage();
    stage.store.close();
    const stream = stage.client.watchEvents({ rollout: '', after: 7 });
    await expect((stream as AsyncIterable<Event>)[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: status.UNAVAILABLE,
      details: expect.stringContaining('ask again after 7'),
    });
  });
});

const FILE = `
trustedHeaders: [x-user-id]
rollouts:
  - name: ranker
    stable: { cluster: ranker-v1, version: "1.8.0" }
    canary: { cluster: ranker-v2, version: "2.0.0" }
`;
const TEXT = `name: made
stable: { cluster: made-v1, version: "1" }
canary: { cluster: made-v2, version: "2" }
shadows: [{ name: candidate, cluster: made-v2-shadow, version: "2" }]
unit: [{ header: x-user-id }]
salt: secret-1
`;
const running = parseConfig(FILE, 'understudy.yaml').config;

describe('a rollout that is in no file', () => {
  const start = () => startAdminStage({ specs: [...running.rollouts], running });
  const applied = (stage: Stage, spec: string, changes: object = {}) => {
    const request = { spec, dryRun: false, reason: 'new', actor: 'ana', ...changes };
    return ask(stage.client, stage.client.applyRollout, request);
  };

  test('is shown before it is made, made, changed, and archived', async () => {
    await using stage = await start();
    const { client, controller, store } = stage;
    const dry = await applied(stage, TEXT, { dryRun: true, reason: '' });
    expect(dry).toMatchObject({
      ...{ unchanged: false, newRelease: true, unconfirmedThreads: [] },
      rollout: { name: 'made', phase: 'paused', cause: 'manual', weightBp: 0, file: '' },
    });
    expect(dry.diff).toContain('canary: nothing -> {"cluster":"made-v2","version":"2"}');
    expect(dry.warnings).toEqual(['1:1: capture: capture is off: of the pairs only status and latency are compared']);
    expect([store.specs(), controller.views().length]).toEqual([[], 1]);

    const made = await applied(stage, TEXT, { expectedRevision: 0 });
    expect(made).toMatchObject({
      newRelease: true,
      rollout: { name: 'made', revision: 2, updatedBy: 'ana', file: '' },
    });
    expect(store.specs()).toEqual([{ rollout: 'made', text: TEXT }]);

    const changed = await applied(
      stage,
      TEXT.replace('version: "2" }\nsh', 'version: "3" }\nsh').replace('secret-1', 'secret-2'),
    );
    expect(changed).toMatchObject({ newRelease: true, unchanged: false });
    expect(changed.diff).toEqual(['canary.version: "2" -> "3"', 'salt: another one (not shown)']);

    await ask(client, client.deleteRollout, { ...why, rollout: 'made' });
    expect([store.specs(), controller.views().map(({ name }) => name)]).toEqual([[], ['ranker']]);
    const { events } = await ask(client, client.listEvents, { rollout: 'made', limit: 1, before: 0 });
    expect(events).toMatchObject([{ kind: 'rollout-archived', actor: 'ana', reason: 'a reason' }]);
  });

  test('says when nothing is new, however it is written, and changes nothing then', async () => {
    await using stage = await start();
    await applied(stage, TEXT);
    const again = await applied(stage, `# the same\n${TEXT}`);
    expect(again).toMatchObject({ unchanged: true, newRelease: false, diff: [], rollout: { revision: 2 } });
    expect(stage.controller.snapshot().revision).toBe(2);
  });

  test('a change that is no new release keeps phase and weight', async () => {
    await using stage = await start();
    await applied(stage, TEXT);
    await ask(stage.client, stage.client.setWeight, { ...why, rollout: 'made', weightBp: 700 });
    const more = `${TEXT}capture: { response: 1KiB }\n`;
    const dry = await applied(stage, more, { dryRun: true });
    expect(dry).toMatchObject({ newRelease: false, diff: ['capture: nothing -> {"response":"1KiB"}'] });
    expect(dry.rollout).toMatchObject({ weightBp: 700, revision: 3 });
    expect((await applied(stage, more)).rollout).toMatchObject({ weightBp: 700, revision: 4, specRevision: 4 });
  });

  test('that was taken back comes back where a person has to resume it, and the dry run says so', async () => {
    await using stage = await start();
    await applied(stage, TEXT);
    await ask(stage.client, stage.client.deleteRollout, { ...why, rollout: 'made' });
    const dry = await applied(stage, TEXT, { dryRun: true });
    const real = await applied(stage, TEXT);
    for (const { newRelease, rollout } of [dry, real]) {
      expect([newRelease, rollout?.phase, rollout?.cause, rollout?.weightBp]).toEqual([false, 'paused', 'manual', 0]);
    }
  });

  test.each([
    [
      'that a file has',
      TEXT.replaceAll('made', 'ranker'),
      {},
      'FAILED_PRECONDITION',
      'rollout: ranker is written in understudy.yaml: change it there',
    ],
    [
      'with two mistakes',
      `${TEXT.replace('x-user-id', 'x-other')}stabel: 1\n`,
      {},
      'INVALID_ARGUMENT',
      /^spec: 5:18: unit\[0\]\.header: expected a header of trustedHeaders.*\n7:1: stabel: unknown key/,
    ],
    ['without text', '', {}, 'INVALID_ARGUMENT', 'spec: expected a non-empty text'],
    [
      'that is too long',
      `${TEXT}#${'x'.repeat(262_144)}`,
      {},
      'INVALID_ARGUMENT',
      /^spec: expected at most 262144 characters/,
    ],
    ['without a reason', TEXT, { reason: '' }, 'INVALID_ARGUMENT', 'reason: expected a non-empty text'],
    ['that should be there and is not', TEXT, { expectedRevision: 4 }, 'NOT_FOUND', /there is no rollout "made"/],
    [
      'with a route of the file',
      `${TEXT}route: ranker\n`,
      {},
      'INVALID_ARGUMENT',
      /^spec: 7:8: route: expected a route that leads to one rollout/,
    ],
  ] as const)('%s is refused, also in a dry run, and nothing is stored', async (_, spec, changes, code, details) => {
    await using stage = await start();
    const refusal = {
      code: status[code],
      details: typeof details === 'string' ? details : expect.stringMatching(details),
    };
    await expect(applied(stage, spec, changes)).rejects.toMatchObject(refusal);
    if (!('reason' in changes)) {
      await expect(applied(stage, spec, { ...changes, dryRun: true })).rejects.toMatchObject(refusal);
    }
    expect([stage.store.specs(), stage.controller.snapshot().revision]).toEqual([[], 1]);
  });

  test('is compared and set: of what exists another revision than 0 is expected, and of two one wins', async () => {
    await using stage = await start();
    const answers = await Promise.allSettled([1, 2].map(() => applied(stage, TEXT, { expectedRevision: 0 })));
    // the second finds the same text there
    const codes = answers.map((answer) => (answer.status === 'rejected' ? answer.reason.details : 'made'));
    expect(codes).toEqual(['made', 'expected_revision: expected 0, but made was changed by revision 2']);
  });

  test('of the file is not deleted, nor one that is not there', async () => {
    await using stage = await start();
    const { client } = stage;
    await expect(ask(client, client.deleteRollout, why)).rejects.toMatchObject({
      code: status.FAILED_PRECONDITION,
      details: 'rollout: ranker is written in understudy.yaml: change it there',
    });
    await expect(ask(client, client.deleteRollout, { ...why, rollout: 'made' })).rejects.toMatchObject({
      code: status.NOT_FOUND,
    });
  });

  test('that cannot be stored is UNAVAILABLE and not run', async () => {
    await using stage = await start();
    stage.store.close();
    await expect(applied(stage, TEXT)).rejects.toMatchObject({ code: status.UNAVAILABLE });
    expect(stage.controller.views().map(({ name }) => name)).toEqual(['ranker']);
  });
});
