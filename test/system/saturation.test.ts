import { expect, onTestFinished, test } from 'vitest';
import { flood } from '../../rig/flood.ts';
import { Stage } from './stage.ts';

test('of 100,000 requests at saturation, fail-closed, not one decision is lost', { timeout: 300_000 }, async () => {
  const stage = await Stage.start({
    rollout: { shadows: [], capture: {} },
    envoy: (config) => {
      const [edge] = config.static_resources.listeners;
      const manager = edge.filter_chains[0].filters[0].typed_config;
      // a lost decision must show: as a 500 to the user, and after a time that scheduling on two cores never takes
      const decide = manager.http_filters[0].typed_config;
      decide.failure_mode_allow = false;
      decide.message_timeout = '3s';
      // Envoy answers by itself, so that deciding is what saturates; only a decided request is sent to v2's answer
      for (const route of manager.route_config.virtual_hosts[0].routes) {
        const status = route.name === 'flight-delay-canary' ? 200 : 418;
        delete route.route;
        route.direct_response = { status, body: { inline_string: 'x' } };
      }
      // spans would only fill a collector nobody runs
      manager.tracing.random_sampling = { value: 0 };
    },
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
