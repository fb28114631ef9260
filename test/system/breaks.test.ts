/** A canary that breaks in one way, on its way up: the guard that should stops it. All at once, each in a rollout of its own. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../../rig/until.ts';
import { ask } from '../../src/cli/client.ts';
import type { Event } from '../../src/gen/understudy/admin/v1/admin.ts';
import { type Audience, startAudience } from './audience.ts';
import { eventsOf, isCopy, rightAnswer, rolloutNamed, rolloutOf, startMany } from './many-rollouts.ts';
import type { Stage } from './stage.ts';
import type { SeenRequest, TestAnswer } from './test-model.ts';

const HALF = [
  { name: 'shadow', weight: '0%', hold: { pairs: 50 } },
  { name: 'half', weight: '50%', hold: { time: '1h' } },
  { name: 'all', weight: '100%' },
];
const NOW = { window: '20s', minN: 20, for: '0s', evidence: 'none', action: 'rollback' };
const SERVES = { name: 'serves', metric: 'error-rate', max: '90%', ...NOW };
const ROLLOUTS = [
  { name: 'errors', stages: HALF, guards: [{ name: 'error-share', metric: 'error-rate', max: '5%', ...NOW }] },
  {
    name: 'slow',
    canary: { cluster: 'flight-delay-v3', version: '3.0.0' },
    shadows: [{ name: 'candidate', cluster: 'flight-delay-v3-shadow', version: '3.0.0' }],
    stages: HALF,
    guards: [{ name: 'p95', metric: 'latency', quantile: 0.95, max: '500ms', ...NOW }],
  },
  {
    name: 'wrong',
    stages: [{ ...HALF[0], hold: { time: '20s', pairs: 200 } }, ...HALF.slice(1)],
    guards: [
      { name: 'overall', metric: 'pair.agreement', field: 'delay', min: '50%', evidence: 'none', for: '0s', minN: 20 },
      { name: 'by-state', metric: 'pair.agreement', field: 'delay', min: '90%', scope: { state: 'each' } },
    ],
  },
  {
    name: 'clicks',
    stages: HALF,
    guards: [
      SERVES,
      // the first minutes after a change of weight are left out otherwise
      { name: 'ctr', metric: 'outcome', outcome: 'click', maxDrop: '20% relative', attribution: '5s', warmUp: '0s' },
    ],
  },
];
/** A block is closed after 10 s; outcomes settle for 70 s before they are judged. */
const STOPPED = { timeoutMs: 400_000 };
const TEST_MS = 450_000;

let stage: Stage;
let audience: Audience;
let clicking: NodeJS.Timeout;
/** Said each second, as a program beside the models would. */
let clicks: { id: string; timeMs: number }[] = [];
const said: Promise<unknown>[] = [];

beforeAll(async () => {
  stage = await startMany(ROLLOUTS, {
    // exposures are kept only where it is said where
    understudy(config) {
      config.outcomes = { database: join(config.store, '..', 'outcomes.db') };
    },
  });
  let onStage = 0;
  const good = (seen: SeenRequest): TestAnswer => ({ body: rightAnswer(seen) });
  const clicked = (seen: SeenRequest, oneIn: number): TestAnswer => {
    const id = String(seen.headers['x-understudy-id'] ?? '');
    const { n } = JSON.parse(seen.body) as { n: number };
    if (!isCopy(seen) && id !== '' && n % oneIn === 0) clicks.push({ id, timeMs: Date.now() });
    return good(seen);
  };
  const { v1, v2, v3 } = stage.models;
  v1.behaviour = {
    kind: 'by-request',
    answer: (seen) => (rolloutOf(seen) === 'clicks' ? clicked(seen, 2) : good(seen)),
  };
  v2.behaviour = {
    kind: 'by-request',
    answer(seen) {
      switch (rolloutOf(seen)) {
        case 'errors':
          // users only: pairs are fine. One of five, so that there are never five in a row
          if (isCopy(seen) || onStage++ % 5 > 0) return good(seen);
          return { status: 500, body: {} };
        case 'wrong':
          return { body: rightAnswer(seen, seen.headers['x-geo-state'] === 'CO' ? 30 : 0) };
        case 'clicks':
          return clicked(seen, 10);
        default:
          return good(seen);
      }
    },
  };
  v3.behaviour = { kind: 'slow', delayMs: 700 };
  clicking = setInterval(() => {
    const outcomes = clicks.map(({ id, timeMs }) => ({
      ...{ rollout: 'clicks', id, unit: '', unitSource: '', name: 'click', field: '', key: '' },
      ...{ number: undefined, text: undefined, timeMs },
    }));
    clicks = [];
    const { admin } = stage.sidecar;
    if (outcomes.length > 0) said.push(ask(admin, admin.recordOutcomes, { outcomes }));
  }, 1_000);
  const rates = { errors: 20, slow: 15, wrong: 20, clicks: 40 };
  const seats = Object.entries(rates).map(([rollout, ratePerSecond], at) => ({ rollout, ratePerSecond, seed: at + 1 }));
  audience = startAudience(stage, seats);
});
afterAll(async () => {
  clearInterval(clicking);
  await audience.stop();
  await Promise.all(said);
  await stage.stop();
});

/** The event that stopped it, of the guard it names. */
async function stopOf(rollout: string, phase: 'rolled-back' | 'paused'): Promise<{ stop: Event; events: Event[] }> {
  const isOver = async () => (await rolloutNamed(stage, rollout)).phase === phase;
  await until(isOver, { what: `${rollout} is ${phase}`, ...STOPPED });
  expect((await rolloutNamed(stage, rollout)).cause).toBe('guard');
  const events = await eventsOf(stage, rollout);
  const kind = phase === 'paused' ? 'paused' : 'rollback-started';
  const stop = events.find((event) => event.kind === kind);
  if (stop === undefined) throw new Error(`no event ${kind}`);
  expect(stop.actor).toBe('understudy');
  return { stop, events };
}

function failingIn({ guards }: Event): string[] {
  const rows: { guard: string; segment: string; status: string }[] = JSON.parse(guards);
  return rows.filter(({ status }) => status === 'fail').map(({ guard, segment }) => `${guard} ${segment}`.trim());
}

/** Answers to what was asked from now on, once there are some. */
async function answersFromNow(rollout: string) {
  const nowMs = performance.now();
  const newer = () => audience.answersOf(rollout).filter(({ sentMs }) => sentMs > nowMs);
  await until(() => newer().length >= 30, { what: 'more answers' });
  return newer();
}

const versionsOf = (answers: readonly { version: string }[]) => [...new Set(answers.map(({ version }) => version))];

test(
  'answers that are wrong in one segment pause it before any user meets them, by the guard of that segment',
  async () => {
    const { stop } = await stopOf('wrong', 'paused');
    expect(stop.reason).toMatch(/^by-state state=CO: agreement of delay 0 %.* < 90 %/);
    expect(failingIn(stop)).toEqual(['by-state state=CO']);
    expect(await rolloutNamed(stage, 'wrong')).toMatchObject({ weightBp: 0 });
    expect(versionsOf(audience.answersOf('wrong'))).toEqual(['1.0.0']);
  },
  TEST_MS,
);

test(
  'a fifth of errors is rolled back by the guard on errors, and only users of the canary met one',
  async () => {
    const { stop, events } = await stopOf('errors', 'rolled-back');
    expect(stop.reason).toMatch(/^error-share: .*> 5 %/);
    expect(failingIn(stop)).toEqual(['error-share']);
    expect(events.map(({ kind }) => kind)).toEqual([
      ...['release-started', 'promoted', 'guard-failed', 'rollback-started', 'rolled-back'],
    ]);
    expect(await rolloutNamed(stage, 'errors')).toMatchObject({ weightBp: 0 });
    const after = await answersFromNow('errors');
    expect(versionsOf(after)).toEqual(['1.0.0']);
    const failed = audience.answersOf('errors').filter(({ status }) => status !== 200);
    expect(failed.length).toBeGreaterThan(3);
    expect(new Set(failed.map(({ version, status }) => `${version} ${status}`))).toEqual(new Set(['2.0.0 500']));
  },
  TEST_MS,
);

test(
  'a slow canary is rolled back by the guard on p95, and nobody sees an error',
  async () => {
    const { stop } = await stopOf('slow', 'rolled-back');
    expect(stop.reason).toMatch(/^p95: .*> 500 ms/);
    expect(failingIn(stop)).toEqual(['p95']);
    expect(await rolloutNamed(stage, 'slow')).toMatchObject({ weightBp: 0 });
    const after = await answersFromNow('slow');
    expect(versionsOf(after)).toEqual(['1.0.0']);
    expect(audience.answersOf('slow').filter(({ status }) => status !== 200)).toEqual([]);
  },
  TEST_MS,
);

test(
  'fewer clicks pause it by evidence of outcomes: nobody is moved, and a person decides',
  async () => {
    const { stop } = await stopOf('clicks', 'paused');
    expect(stop.reason).toMatch(/^ctr: .*> 20 %/);
    expect(failingIn(stop)).toEqual(['ctr']);
    expect(await rolloutNamed(stage, 'clicks')).toMatchObject({ weightBp: 5_000, stage: 'half' });
    const after = await answersFromNow('clicks');
    expect(versionsOf(after).toSorted()).toEqual(['1.0.0', '2.0.0']);
    expect(audience.answersOf('clicks').filter(({ status }) => status !== 200)).toEqual([]);
  },
  TEST_MS,
);

test('what each of them was stopped by moved none of the others', async () => {
  const all = await Promise.all(
    ROLLOUTS.map(async ({ name }) => (await eventsOf(stage, name)).map(({ kind }) => kind)),
  );
  expect(all.map((kinds) => kinds.filter((kind) => ['paused', 'rollback-started'].includes(kind)).length)).toEqual([
    1, 1, 1, 1,
  ]);
});
