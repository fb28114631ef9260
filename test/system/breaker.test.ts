import { expect, onTestFinished, test } from 'vitest';
import { type PacedAnswer, paced } from '../../bench/paced.ts';
import { until } from '../../rig/until.ts';
import type { Event } from '../../src/gen/understudy/admin/v1/admin.ts';
import { Stage } from './stage.ts';
import type { Behaviour } from './test-model.ts';

const PER_SECOND = 150;
/** Ten times what it should be: figures are the bench's. */
const MOST_FAILED = 300;

/** A plan whose only guard says nothing for a day: whatever moves, the breaker moved it. */
const PLAN = {
  shadows: [],
  stages: [
    { name: 'ten', weight: '10%', hold: { time: '1d' } },
    { name: 'all', weight: '100%' },
  ],
  guards: [{ name: 'slow', metric: 'latency', quantile: 0.95, max: '60s', for: '1d', action: 'block' }],
};

/** Users at 10 % canary, until it breaks (and stable too, where that is said); nothing is mended. */
async function play(canary: Behaviour, stable?: Behaviour) {
  const stage = await Stage.start({ rollout: PLAN });
  onTestFinished(() => stage.stop());
  const answers: PacedAnswer[] = [];
  const load = paced({
    port: stage.envoy.port('edge'),
    perSecond: PER_SECOND,
    seconds: 10,
    headers: (n) => `x-user-id: user-${n % 1_000}\r\n`,
    onAnswer: (answer) => answers.push(answer),
  });
  await until(() => answers.filter(({ version }) => version === '2.0.0').length > 30, { what: 'canary answers users' });
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  expect((await stage.rollout()).weightBp).toBe(1_000);
  stage.models.v2.behaviour = canary;
  if (stable !== undefined) stage.models.v1.behaviour = stable;
  const brokenAtMs = performance.now();
  const settled = await until(
    async () => {
      const rollout = await stage.rollout();
      return ['rolled-back', 'paused'].includes(rollout.phase) && rollout;
    },
    { what: 'the breaker trips' },
  );
  return { stage, answers, load, settled, brokenAtMs, settledAtMs: performance.now(), events: await eventsOf(stage) };
}

/** Oldest first. */
async function eventsOf(stage: Stage): Promise<Event[]> {
  const request = { rollout: 'flight-delay', limit: 50, before: 0 };
  const { events } = await new Promise<{ events: Event[] }>((resolve, reject) =>
    stage.sidecar.admin.listEvents(request, (error, answer) => (error ? reject(error) : resolve(answer))),
  );
  return events.toReversed();
}

const sentAt = ({ answeredAtMs, ms }: PacedAnswer) => answeredAtMs - ms;

test('a canary that answers errors is taken back by the breaker, and nobody meets one after that', async () => {
  const { stage, load, settled, settledAtMs, events } = await play({ kind: 'answer', status: 500 });
  expect(settled).toMatchObject({ phase: 'rolled-back', cause: 'breaker', weightBp: 0 });
  expect(events.slice(-2).map(({ kind, actor }) => [kind, actor])).toEqual([
    ['rollback-started', 'understudy'],
    ['rolled-back', 'understudy'],
  ]);
  expect(events.at(-2)?.reason).toMatch(
    /^breaker: \d+ of \d+ canary answers failed in \d\.\d s.* \(stable 0 of [\d,]+\)$/,
  );
  const answers = await load;
  const failed = answers.filter(({ status }) => status !== 200);
  expect(failed.length).toBeGreaterThan(0);
  expect(failed.length).toBeLessThan(MOST_FAILED);
  const after = answers.filter((answer) => sentAt(answer) > settledAtMs);
  expect(after.length).toBeGreaterThan(100);
  expect(after.filter(({ status, version }) => status !== 200 || version !== '1.0.0')).toEqual([]);
  expect(await stage.counters()).toMatchObject({ 'breaker.tripped': 1 });
});

test('a canary that hangs is taken back before any timeout, and nobody waits for it after that', async () => {
  const { load, settled, brokenAtMs, settledAtMs, answers, events } = await play({ kind: 'hang' });
  expect(settled).toMatchObject({ phase: 'rolled-back', cause: 'breaker', weightBp: 0 });
  // the route's timeout is 10 s: nothing has failed yet
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  const [tripped] = events.filter(({ kind }) => kind === 'rollback-started');
  expect(tripped?.reason).toMatch(
    /^breaker: \d+ of \d+ canary requests had no answer after 2 s.* \(stable \d+ of [\d,]+\)$/,
  );
  const all = await load;
  const failed = all.filter(({ status }) => status !== 200);
  expect(failed.length).toBeGreaterThan(0);
  expect(failed.length).toBeLessThan(MOST_FAILED);
  expect(failed.filter((answer) => sentAt(answer) < brokenAtMs - 1_000 || sentAt(answer) > settledAtMs)).toEqual([]);
});

test('where stable fails alike nobody is moved: the release is paused, as it is the environment', async () => {
  const failing = { kind: 'answer', status: 500 } as const;
  const { load, settled, events, answers } = await play(failing, failing);
  expect(settled).toMatchObject({ phase: 'paused', cause: 'environment', weightBp: 1_000 });
  expect(events.at(-1)).toMatchObject({ kind: 'paused', actor: 'understudy' });
  expect(events.at(-1)?.reason).toContain('it fails alike');
  await load;
  // users of canary stay there
  expect(answers.at(-1)?.status).toBe(500);
  expect(answers.slice(-200).some(({ version }) => version === '2.0.0')).toBe(true);
});
