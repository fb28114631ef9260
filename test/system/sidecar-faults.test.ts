import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../../rig/until.ts';
import { type Load, startLoad, statuses } from './load.ts';
import { Stage } from './stage.ts';

let stage: Stage;
let load: Load;
async function startUnderLoad(shippedTimeout: boolean): Promise<void> {
  const shadows = [{ name: 'next', cluster: 'flight-delay-v3-shadow', version: '3.0.0' }];
  stage = await Stage.start({ rollout: { shadows }, shippedTimeout });
  load = startLoad(stage);
  await load.more(200);
}
afterEach(async () => {
  await load.stop();
  await stage.stop();
});

/** Every user so far got 200. */
function expectNoFailure(): void {
  expect(statuses(load.answers)).toEqual({ 200: load.answers.length });
}

async function expectPairsAgain(): Promise<void> {
  const before = (await stage.counters())['pairing.pairs'] ?? 0;
  const more = async () => ((await stage.counters())['pairing.pairs'] ?? 0) > before + 50;
  await until(more, { what: 'pairs come again', timeoutMs: 20_000 });
}

describe('under load no user request fails, and pairs come again, when Understudy', () => {
  beforeEach(() => startUnderLoad(true));

  test('is killed and started again', async () => {
    stage.sidecar.signal('SIGKILL');
    await stage.sidecar.exited;
    await load.more(500);
    await stage.restartSidecar();
    await stage.decides();
    await expectPairsAgain();
    expectNoFailure();
  });

  test('is frozen and woken', async () => {
    stage.sidecar.signal('SIGSTOP');
    await load.more(500);
    const frozen = await stage.envoy.stats('^cluster.understudy_decide.membership_healthy$');
    expect([...frozen.values()]).toEqual([0]);
    stage.sidecar.signal('SIGCONT');
    await stage.decides();
    await expectPairsAgain();
    expectNoFailure();
  });

  test('is stopped in order and started again', async () => {
    await stage.sidecar.stop();
    expect((await stage.sidecar.exited).code).toBe(0);
    await load.more(200);
    await stage.restartSidecar();
    await stage.decides();
    await expectPairsAgain();
    expectNoFailure();
  });
});

describe('a weight', () => {
  beforeEach(() => startUnderLoad(false));

  test('changes live under load: every request after the answer follows it, and none fails', async () => {
    for (const [weightBp, version] of [
      [10_000, '2.0.0'],
      [0, '1.0.0'],
      [10_000, '2.0.0'],
    ] as const) {
      const { unconfirmedThreads } = await stage.setWeight(weightBp);
      expect(unconfirmedThreads).toEqual([]);
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, index) => stage.request({ 'x-user-id': `after-${index}` })),
      );
      expect(new Set(answers.map((answer) => answer.version))).toEqual(new Set([version]));
      await load.more(100);
    }
    expectNoFailure();
  });

  test('survives a restart, and so does who set it', async () => {
    const set = await stage.setWeight(1_234, 'before the crash');
    stage.sidecar.signal('SIGKILL');
    await stage.sidecar.exited;
    await stage.restartSidecar();
    const rollout = await stage.rollout();
    expect([rollout.weightBp, rollout.revision, rollout.updatedBy]).toEqual([1_234, set.rollout?.revision, 'test']);
    expectNoFailure();
  });
});
