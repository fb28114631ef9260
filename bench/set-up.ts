/** One of the things that are compared: an Envoy with all, some or none of us, in front of the same upstream. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { type Envoy, startEnvoy } from '../rig/envoy.ts';
import { localizeEnvoyConfig } from '../rig/localize.ts';
import { type Sidecar, sidecarPaths, startSidecar } from '../rig/sidecar.ts';
import { until } from '../rig/until.ts';

export const SET_UPS = ['without us', 'decide', 'decide + shadow + capture + logs'] as const;
export type Name = (typeof SET_UPS)[number];

export interface SetUp {
  readonly name: Name;
  readonly envoy: Envoy;
  readonly sidecar: Sidecar | undefined;
  stop(): Promise<void>;
}

const envoyFolder = resolve(import.meta.dirname, '../envoy');

/** `ports` are the upstream's, of versions 1, 2 and 3. */
export async function startSetUp(
  name: Name,
  ports: readonly number[],
  env: Record<string, string> = {},
): Promise<SetUp> {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-bench-'));
  const { sockets, store } = sidecarPaths(folder);
  const whole = name === 'decide + shadow + capture + logs';
  const rollout = {
    name: 'flight-delay',
    stable: { cluster: 'flight-delay-v1', version: '1.0.0' },
    canary: { cluster: 'flight-delay-v2', version: '2.0.0' },
    unit: [{ header: 'x-user-id' }],
    ...(whole
      ? {
          shadows: [{ name: 'next', cluster: 'flight-delay-v3-shadow', version: '3.0.0' }],
          capture: { response: '64KiB' },
          segments: { state: { header: 'x-geo-state' } },
          prediction: {
            preset: 'kserve-v2',
            fields: {
              delay: { at: '/expected_delay_minutes', compare: { number: { rel: '10%' } } },
              late: { at: '/late', compare: { class: {} } },
            },
          },
        }
      : {}),
  };
  const configFile = join(folder, 'understudy.yaml');
  const recording = whole ? { recording: { directory: join(folder, 'recording') } } : {};
  const trustedHeaders = ['x-user-id', 'x-geo-state'];
  writeFileSync(configFile, stringify({ trustedHeaders, sockets, store, ...recording, rollouts: [rollout] }));
  const sidecar = name === 'without us' ? undefined : await startSidecar(configFile, sockets.admin, env);

  const at = (port = 1) => ({ address: '127.0.0.1', port });
  const config = parse(
    localizeEnvoyConfig(readFileSync(join(envoyFolder, 'envoy.yaml'), 'utf8'), {
      endpoints: {
        'model-v1:8080': at(ports[0]),
        'model-v2:8080': at(ports[1]),
        'model-v3:8080': at(ports[2]),
        'jaeger:4317': at(),
      },
      pipes: { '/run/understudy/decide.sock': sockets.decide, '/run/understudy/observe.sock': sockets.observe },
      files: { '/etc/envoy/capture.lua': join(envoyFolder, 'capture.lua') },
    }),
  );
  keepOnly(name, config);
  const envoy = await startEnvoy({ configYaml: stringify(config), concurrency: 1 });
  if (sidecar !== undefined) {
    const healthy = async () =>
      [...(await envoy.stats('^cluster.understudy_decide.membership_healthy$')).values()][0] === 1;
    await until(healthy, { what: 'Envoy finds the decide socket healthy' });
  }
  return {
    name,
    envoy,
    sidecar,
    async stop() {
      await envoy.stop();
      await sidecar?.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Takes the other parts of us out of the shipped file. Spans would fill a collector that nobody runs. */
// biome-ignore lint/suspicious/noExplicitAny: a tree of YAML
function keepOnly(name: Name, config: any): void {
  for (const listener of config.static_resources.listeners) {
    listener.filter_chains[0].filters[0].typed_config.tracing.random_sampling = { value: 0 };
  }
  const edge = config.static_resources.listeners[0].filter_chains[0].filters[0].typed_config;
  const [decide, capture, router] = edge.http_filters;
  // a decision that a busy machine makes late is still a decision: none may be skipped here
  decide.typed_config.message_timeout = '5s';
  if (name === 'without us') edge.http_filters = [router];
  else if (name === 'decide') edge.http_filters = [decide, router];
  else edge.http_filters = [decide, capture, router];
  if (name !== 'decide + shadow + capture + logs') delete edge.access_log;
}
