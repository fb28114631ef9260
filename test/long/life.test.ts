/** What only shows after a while. */
import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { flood } from '../../rig/flood.ts';
import { startLoad, statuses } from '../system/load.ts';
import { Stage } from '../system/stage.ts';

const NEXT = { name: 'next', cluster: 'flight-delay-v3-shadow', version: '3.0.0' };

test('ten orderly stops under load fail no request and lose no decision', async () => {
  const stage = await Stage.start({ rollout: { shadows: [NEXT] } });
  onTestFinished(() => stage.stop());
  const load = startLoad(stage);
  onTestFinished(() => load.stop());
  for (let round = 0; round < 10; round++) {
    await load.more(500);
    stage.sidecar.signal('SIGTERM');
    expect(await stage.sidecar.exited).toEqual({ code: 0, signal: null });
    expect(stage.sidecar.log()).toMatch(/^stopped: \d+ decisions, 0 lost/m);
    await stage.restartSidecar();
    await stage.decides();
  }
  await load.stop();
  expect(statuses(load.answers)).toEqual({ 200: load.answers.length });
  const stats = await stage.envoy.stats('(decide.failure_mode_allowed|understudy_decide.upstream_cx_none_healthy)$');
  const undecided = stats.get('http.edge.ext_proc.decide.failure_mode_allowed') ?? 0;
  // each was one that Envoy knew it could not ask about
  expect(undecided - (stats.get('cluster.understudy_decide.upstream_cx_none_healthy') ?? 0)).toBe(0);
});

test('memory stays flat: the second 100,000 requests need no more than the first', async () => {
  const stage = await Stage.start({ rollout: { shadows: [NEXT] } });
  onTestFinished(() => stage.stop());
  const afterFirst = await residentMiBAfter(100_000);
  const afterSecond = await residentMiBAfter(100_000);
  // the join remembers ids that are done, up to a bound that the first 100,000 reach
  expect(afterSecond).toBeLessThan(afterFirst * 1.2);

  async function residentMiBAfter(count: number): Promise<number> {
    const port = stage.envoy.port('edge');
    const headers = (n: number) => `x-user-id: user-${n % 1_000}\r\n`;
    expect(await flood({ port, count, connections: 32, headers })).toEqual({ 200: count });
    const status = readFileSync(`/proc/${stage.sidecar.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1_024;
  }
});
