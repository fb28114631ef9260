/** Stopping in order, and threads that die or stall, under load through a real Envoy. */
import { expect, onTestFinished, test } from 'vitest';
import { until } from '../../rig/until.ts';
import { type Load, startLoad, statuses } from './load.ts';
import { Stage, type StageOptions } from './stage.ts';
import { DEBUGGABLE, evaluateIn } from './thread-debugger.ts';

const DROPPED = 'access_logs.grpc_access_log.logs_dropped';
const CANDIDATE = { name: 'candidate', cluster: 'flight-delay-v2-shadow', version: '2.0.0' };

async function underLoad(options: StageOptions = {}): Promise<{ stage: Stage; load: Load }> {
  const stage = await Stage.start({ rollout: { shadows: [CANDIDATE] }, ...options });
  onTestFinished(() => stage.stop());
  const load = startLoad(stage);
  onTestFinished(() => load.stop());
  await load.more(200);
  return { stage, load };
}

/** Requests that went on undecided although Envoy thought there was somebody to ask; when there is no load. */
async function lostDecisions(stage: Stage): Promise<number> {
  const stats = await stage.envoy.stats(
    '^(http.edge.ext_proc.decide.failure_mode_allowed|cluster.understudy_decide.upstream_cx_none_healthy)$',
  );
  const undecided = stats.get('http.edge.ext_proc.decide.failure_mode_allowed') ?? 0;
  return undecided - (stats.get('cluster.understudy_decide.upstream_cx_none_healthy') ?? 0);
}

async function isHealthy(stage: Stage): Promise<boolean> {
  return [...(await stage.envoy.stats('^cluster.understudy_decide.membership_healthy$')).values()][0] === 1;
}

async function pairsComeAgain(stage: Stage): Promise<void> {
  const pairs = async () => (await stage.counters())['pairing.pairs'] ?? 0;
  const before = await pairs();
  await until(async () => (await pairs()) > before + 50, { what: 'pairs come again' });
}

test('SIGTERM under load: Envoy notices, then we stop; no request fails, no decision is lost, all is joined', async () => {
  const { stage, load } = await underLoad();
  // so that pairs are still to come when the last decision has been made
  stage.models.v2.behaviour = { kind: 'slow', delayMs: 300 };
  stage.sidecar.signal('SIGTERM');
  await until(async () => !(await isHealthy(stage)), { what: 'Envoy notices' });
  expect(stage.sidecar.running()).toBe(true);
  expect(await stage.sidecar.exited).toEqual({ code: 0, signal: null });
  await load.more(100);
  await load.stop();
  expect(await lostDecisions(stage)).toBe(0);
  expect(statuses(load.answers)).toEqual({ 200: load.answers.length });

  const said = /^stopped: (\d+) decisions, 0 lost \(0.00 %\), (\d+) exchanges of production, (\d+) pairs$/m;
  const [, decisions, exchanges, pairs] = said.exec(stage.sidecar.log()) ?? [];
  expect(Number(decisions)).toBeGreaterThan(200);
  expect([exchanges, pairs]).toEqual([decisions, decisions]);
  const asked = await stage.envoy.stats('^cluster.understudy_decide.upstream_rq_total$');
  expect([...asked.values()]).toEqual([Number(decisions)]);
});

test('SIGKILL, by the same measure, loses decisions until Envoy notices; no request fails', async () => {
  const { stage, load } = await underLoad();
  stage.sidecar.signal('SIGKILL');
  await stage.sidecar.exited;
  await until(async () => !(await isHealthy(stage)), { what: 'Envoy notices' });
  await load.stop();
  expect(await lostDecisions(stage)).toBeGreaterThan(0);
  expect(statuses(load.answers)).toEqual({ 200: load.answers.length });
});

test('a second SIGTERM stops at once', async () => {
  const stage = await Stage.start();
  onTestFinished(() => stage.stop());
  stage.sidecar.signal('SIGTERM');
  await until(async () => !(await isHealthy(stage)), { what: 'Envoy notices' });
  stage.sidecar.signal('SIGTERM');
  expect(await stage.sidecar.exited).toEqual({ code: 143, signal: null });
  expect(stage.sidecar.log()).not.toContain('stopped:');
});

test.each([
  ['decide', 'decide-0'],
  ['observe', 'observe'],
])('when the %s thread crashes no request fails; it is started again, and counted', async (room, name) => {
  const { stage, load } = await underLoad({ env: DEBUGGABLE });
  const thread = async () => (await stage.sidecar.rollouts()).sidecar?.threads.find((one) => one.name === name);
  for (const restarts of [1, 2, 3]) {
    await evaluateIn(stage.sidecar, `${room}-thread.ts`, `setTimeout(() => { throw new Error('crash ${restarts}') })`);
    const again = async () => {
      const now = await thread();
      return now?.restarts === restarts && now.state === 'serving';
    };
    await until(again, { what: 'it is started again' });
    expect(stage.sidecar.log()).toContain(`${name} stopped (Error: crash ${restarts}`);
  }
  await stage.decides();
  await pairsComeAgain(stage);
  expect(statuses(load.answers)).toEqual({ 200: load.answers.length });
});

test('when the observe thread stalls production goes on, decided as before, and Envoy counts what it drops', async () => {
  const { stage, load } = await underLoad({ env: DEBUGGABLE });
  // so that what Envoy holds back is soon full
  stage.models.v1.behaviour = { kind: 'answer', body: () => 'x'.repeat(40_000) };
  const decisions = async () => (await stage.rollout()).decisions.reduce((sum, { count }) => sum + count, 0);
  await evaluateIn(stage.sidecar, 'observe-thread.ts', 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)');
  const before = await decisions();
  const dropped = async () => (await stage.envoy.stats(`^${DROPPED}$`)).get(DROPPED);
  await until(dropped, { what: 'Envoy drops log entries', timeoutMs: 30_000 });
  await load.stop();
  expect(await decisions()).toBeGreaterThan(before);
  expect(await lostDecisions(stage)).toBe(0);
  expect(statuses(load.answers)).toEqual({ 200: load.answers.length });
});
