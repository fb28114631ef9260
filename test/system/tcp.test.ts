import { expect, test } from 'vitest';
import { freePort } from '../../rig/free-port.ts';
import { Stage } from './stage.ts';

test('decide and observe work over TCP on loopback as over Unix sockets', async () => {
  const ports = { understudy_decide: await freePort(), understudy_observe: await freePort() };
  const stage = await Stage.start({
    understudy: ({ sockets }) => {
      // an Envoy that shares no file system with Understudy, only the network, as two containers of a pod do
      sockets.decide = `127.0.0.1:${ports.understudy_decide}`;
      sockets.observe = `localhost:${ports.understudy_observe}`;
    },
    envoy: ({ static_resources: { clusters } }) => {
      // the same ports on Envoy's side
      for (const [name, port] of Object.entries(ports)) {
        const { load_assignment } = clusters.find((cluster: { name: string }) => cluster.name === name);
        const address = { socket_address: { address: '127.0.0.1', port_value: port } };
        load_assignment.endpoints[0].lb_endpoints[0].endpoint = { address };
      }
    },
  });
  try {
    await stage.setWeight(10_000);
    expect((await stage.request({ 'x-user-id': 'alice' })).version).toBe('2.0.0');
    await stage.setWeight(0);
    expect((await stage.request({ 'x-user-id': 'alice' })).version).toBe('1.0.0');
    // the canary's answer with the other shadow, stable's with both
    const pairs = await stage.waitForPairs(3);
    expect(pairs.map(({ shadow }) => shadow).sort()).toEqual(['candidate', 'next', 'next']);
  } finally {
    await stage.stop();
  }
});
