import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { prometheusBinary, startPrometheus } from '../../rig/prometheus.ts';
import { until } from '../../rig/until.ts';
import type { RolloutVerdict, Verdict } from '../../src/gen/understudy/admin/v1/admin.ts';
import { Stage } from './stage.ts';

const CANDIDATE = { name: 'candidate', cluster: 'flight-delay-v2-shadow', version: '2.0.0' };
const PREDICTION = {
  preset: 'kserve-v2',
  fields: {
    delay: { at: '/expected_delay_minutes', compare: { number: { abs: 5 } } },
    late: { at: '/late', compare: { class: {} } },
  },
};
const GUARDS = [
  { name: 'agreement', metric: 'pair.agreement', field: 'late', min: '90%', action: 'block' },
  { name: 'far', metric: 'pair.agreement', field: 'delay', min: '90%', action: 'pause' },
  { name: 'errors', metric: 'error-rate', max: '10%', minN: 20, window: '10m', action: 'rollback' },
  { name: 'p95-versus', metric: 'latency', quantile: 0.95, versus: 'stable', max: '20% relative', action: 'rollback' },
  { name: 'ratio', metric: 'srm', action: 'pause' },
];

function judged(stage: Stage): Promise<RolloutVerdict> {
  return new Promise((resolve, reject) =>
    stage.sidecar.admin.getVerdict({ rollout: 'flight-delay' }, (error, answer) =>
      error ? reject(error) : resolve(answer),
    ),
  );
}

const verdictOf = async (stage: Stage, guard: string): Promise<Verdict | undefined> =>
  (await judged(stage)).verdicts.find((verdict) => verdict.guard === guard);

async function load(stage: Stage, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent += 20) {
    await Promise.all(
      Array.from({ length: Math.min(20, count - sent) }, (_, n) =>
        stage.request({ 'x-user-id': `user-${sent + n}`, 'x-canary': '' }, '{}'),
      ),
    );
  }
}

/** A block is closed after 10 s, and judged when it is. */
const CLOSED = { timeoutMs: 40_000 };

describe('guards over real traffic', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.start({ rollout: { shadows: [CANDIDATE], rules: [], prediction: PREDICTION, guards: GUARDS } });
    // the classes of all test models are the same, their minutes are 100 apart
    await load(stage, 400);
  });
  afterAll(() => stage.stop());

  test('at weight 0 judge pairs of the next version, and say so in a sentence with what it rests on', async () => {
    const agreement = await until(
      async () => {
        const verdict = await verdictOf(stage, 'agreement');
        return verdict?.status === 'pass' ? verdict : undefined;
      },
      { what: 'agreement is shown', ...CLOSED },
    );
    expect(agreement).toMatchObject({ subject: 'pairs', action: 'block', value: 1 });
    expect(agreement.n).toBeGreaterThan(200);
    expect(agreement.sentence).toMatch(/agreement of late 100 %/);
    const far = await verdictOf(stage, 'far');
    expect(far).toMatchObject({ status: 'fail', value: 0 });
    expect(far?.sentence).toMatch(/agreement of delay 0 %.* < 90 %/);
    expect(far?.eValue ?? 0).toBeGreaterThan(100);
  });

  test('that have nothing to look at neither pass nor fail', async () => {
    expect(await verdictOf(stage, 'p95-versus')).not.toMatchObject({ status: 'pass' });
    expect(await verdictOf(stage, 'p95-versus')).not.toMatchObject({ status: 'fail' });
    expect(['not-applicable', 'hold', 'no-data']).toContain((await verdictOf(stage, 'ratio'))?.status);
  });

  test('move nothing: the weight stays what a person set', async () => {
    expect(await stage.rollout()).toMatchObject({ weightBp: 0 });
  });

  test('survive a kill with all that they rest on', async () => {
    const before = await verdictOf(stage, 'agreement');
    stage.sidecar.signal('SIGKILL');
    await stage.sidecar.exited;
    await stage.restartSidecar();
    const after = await verdictOf(stage, 'agreement');
    expect(after).toMatchObject({ status: before?.status, n: before?.n, eValue: before?.eValue, value: before?.value });
    await stage.decides();
  });

  test('are in the metrics', async () => {
    const text = await (await fetch(`${stage.metricsUrl()}/metrics`)).text();
    expect(text).toMatch(/understudy_guard_status\{[^}]*guard="far"[^}]*status="fail"[^}]*\} 1/);
    expect(text).toMatch(/understudy_guard_status\{[^}]*guard="agreement"[^}]*status="pass"[^}]*\} 1/);
  });
});

test('a guard asks a real Prometheus; when that is gone there is no data, which neither passes nor fails', async (context) => {
  const binary = await prometheusBinary().catch((error: Error) => error);
  if (binary instanceof Error) {
    context.skip(`no Prometheus here: ${binary.message}`);
    return;
  }
  const prometheus = await startPrometheus(binary, []);
  let stopped = false;
  onTestFinished(async () => {
    if (!stopped) await prometheus.stop();
  });
  const ask = (name: string, query: string) => ({
    ...{ name, metric: 'prometheus', url: prometheus.url, query, every: '5s' },
    ...{ max: 10, for: '0s', action: 'pause' },
  });
  const guards = [
    ask('low', 'vector(3)'),
    ask('high', 'vector(30)'),
    ask('many', 'prometheus_build_info * 0 or vector(1)'),
  ];
  const stage = await Stage.start({ rollout: { shadows: [CANDIDATE], prediction: PREDICTION, guards } });
  onTestFinished(() => stage.stop());
  await load(stage, 20);
  const statusOf = async (guard: string) => (await verdictOf(stage, guard))?.status;
  await until(async () => (await statusOf('high')) === 'fail', { what: 'the high one fails', ...CLOSED });
  expect(await statusOf('low')).toBe('pass');
  expect((await verdictOf(stage, 'high'))?.sentence).toMatch(/30 > 10/);
  await prometheus.stop();
  stopped = true;
  await until(async () => ['no-data', 'hold'].includes((await statusOf('low')) ?? ''), {
    what: 'the outage is seen',
    timeoutMs: 60_000,
  });
  expect(await statusOf('low')).not.toBe('fail');
});
