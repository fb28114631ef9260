import { expect, onTestFinished, test } from 'vitest';
import { decideOnly } from '../../rig/decide-only.ts';
import { flood } from '../../rig/flood.ts';
import { Stage } from './stage.ts';

test('of 100,000 requests at saturation, fail-closed, not one decision is lost', { timeout: 300_000 }, async () => {
  const stage = await Stage.start({
    rollout: { shadows: [], capture: {} },
    envoy: decideOnly,
  });
  onTestFinished(() => stage.stop());
  await stage.setWeight(10_000);
  const count = 100_000;
  const port = stage.envoy.port('edge');
  const statuses = await flood({ port, count, connections: 64, headers: (n) => `x-user-id: user-${n % 1000}\r\n` });
  expect(statuses).toEqual({ 200: count });
  const stats = await stage.envoy.stats('ext_proc.decide.(streams_failed|message_timeouts|failure_mode_allowed)$');
  expect(Object.values(Object.fromEntries(stats))).toEqual([0, 0, 0]);
  const connections = await stage.envoy.stats(
    '^cluster.understudy_decide.upstream_cx_(destroy_with_active_rq|protocol_error)$',
  );
  expect(Object.values(Object.fromEntries(connections))).toEqual([0, 0]);
});
