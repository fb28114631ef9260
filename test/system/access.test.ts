import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { freePort } from '../../rig/free-port.ts';
import { until } from '../../rig/until.ts';
import { Stage } from './stage.ts';

const folder = resolve(import.meta.dirname, '../fixtures/tls');
const file = (name: string) => join(folder, name);

/** Envoy's logs come by TLS, with the certificate of `client`. */
async function startTlsStage(client: string): Promise<Stage> {
  const port = await freePort();
  return Stage.start({
    understudy: (config) => {
      // as from another machine
      config.sockets.observe = `0.0.0.0:${port}`;
      config.observe = { tls: { certificate: file('server.pem'), key: file('server.key'), clientCa: file('ca.pem') } };
    },
    envoy: ({ static_resources: { clusters } }) => {
      const observe = clusters.find((cluster: { name: string }) => cluster.name === 'understudy_observe');
      const address = { socket_address: { address: '127.0.0.1', port_value: port } };
      observe.load_assignment.endpoints[0].lb_endpoints[0].endpoint = { address };
      // as docs/access.md says
      observe.transport_socket = {
        name: 'envoy.transport_sockets.tls',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
          sni: 'localhost',
          common_tls_context: {
            alpn_protocols: ['h2'],
            tls_certificates: [
              {
                certificate_chain: { filename: file(`${client}.pem`) },
                private_key: { filename: file(`${client}.key`) },
              },
            ],
            validation_context: {
              trusted_ca: { filename: file('ca.pem') },
              match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact: 'localhost' } }],
            },
          },
        },
      };
    },
  });
}

test('an Envoy with a certificate of clientCa is observed by TLS', async () => {
  const stage = await startTlsStage('ci');
  try {
    expect((await stage.request({ 'x-user-id': 'alice' })).version).toBe('1.0.0');
    const pairs = await stage.waitForPairs(2);
    expect(pairs.map(({ shadow }) => shadow).sort()).toEqual(['candidate', 'next']);
  } finally {
    await stage.stop();
  }
});

test('an Envoy with a certificate of another root tells nothing, and its users are answered', async () => {
  const stage = await startTlsStage('forged');
  try {
    expect((await stage.request({ 'x-user-id': 'alice' })).version).toBe('1.0.0');
    const refused = '^cluster.understudy_observe.upstream_cx_connect_fail$';
    await until(async () => [...(await stage.envoy.stats(refused)).values()].some((count) => count > 0), {
      what: 'Envoy was turned away',
    });
    expect((await stage.counters())['accesslog.production'] ?? 0).toBe(0);
  } finally {
    await stage.stop();
  }
});
