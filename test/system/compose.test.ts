/** No Docker engine is needed: what Compose and the Dockerfile say is read, and carried out where that needs none. */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { type Child, startChild } from '../../rig/child.ts';
import { carryOutDockerfile, readTarget } from '../../rig/dockerfile-steps.ts';
import { startEnvoy } from '../../rig/envoy.ts';
import { freePort } from '../../rig/free-port.ts';
import { sidecarPaths } from '../../rig/sidecar.ts';
import { until } from '../../rig/until.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { ListRolloutsResponse } from '../../src/gen/understudy/admin/v1/admin.ts';

type Service = {
  readonly image?: string;
  readonly build?: { readonly target: string };
  readonly command?: readonly string[];
  readonly user?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly expose?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
};

const root = resolve(import.meta.dirname, '../..');
const read = (file: string) => parse(readFileSync(join(root, file), 'utf8'), { merge: true });
const compose = read('docker-compose.yml') as { services: Record<string, Service>; volumes: Record<string, null> };
const envoy = read('envoy/envoy.yaml');
const understudy = loadConfig(join(root, 'envoy/understudy.yaml'));
const services = Object.entries(compose.services);

/** Every value under that key, anywhere in a tree. */
function valuesOf(key: string, node: unknown): unknown[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([name, child]) => [...(name === key ? [child] : []), ...valuesOf(key, child)]);
}

function service(name: string): Service {
  const found = compose.services[name];
  if (found === undefined) throw new Error(`no service ${name}`);
  return found;
}

/** `source:target[:ro]` of a service as `[source, target, mode]`. */
function mounts({ volumes = [] }: Service): string[][] {
  return volumes.map((volume) => volume.split(':'));
}

/** The instruction of a service's image, when it is built here. */
function instruction({ build }: Service, name: string): string | undefined {
  return build && readTarget(root, build.target).findLast((step) => step.name === name)?.text;
}

const sockets = [...understudy.sockets.decide, understudy.sockets.observe];

test('every host and port that a service is told to call is a service that listens there', () => {
  const called = [
    ...(valuesOf('socket_address', envoy.static_resources.clusters) as { address: string; port_value: number }[]).map(
      ({ address, port_value }) => `${address}:${port_value}`,
    ),
    new URL(service('understudy').environment?.OTEL_EXPORTER_OTLP_ENDPOINT ?? '').host,
    new URL(service('load').command?.find((word) => word.startsWith('http:')) ?? '').host,
  ];
  const listens = services.flatMap(([name, { expose = [] }]) => expose.map((port) => `${name}:${port}`));
  const edge = valuesOf('port_value', envoy.static_resources.listeners).map((port) => `envoy:${port}`);

  expect(called.length).toBeGreaterThanOrEqual(8);
  expect(called.filter((address) => ![...listens, ...edge].includes(address))).toEqual([]);
});

test('every model listens where it is said to', () => {
  const models = services.filter(([name]) => name.startsWith('model-'));
  expect(models.map(([name]) => name)).toEqual(['model-v1', 'model-v2', 'model-v3']);
  for (const [name, { command = [], expose }] of models) {
    const after = (option: string) => command[command.indexOf(option) + 1];
    expect([after('--port')], name).toEqual(expose);
    expect([after('--version'), after('--host')], name).toEqual([name.slice('model-'.length), '0.0.0.0']);
  }
});

test('Envoy finds the sockets of Understudy in one volume, as a member of the group that may connect', () => {
  expect(valuesOf('pipe', envoy)).toEqual(sockets.map((path) => ({ path })));
  for (const name of ['envoy', 'understudy']) {
    const inVolume = mounts(service(name)).filter(([source]) => source === 'sockets');
    expect(new Set(inVolume.map(([, target]) => target)), name).toEqual(new Set(sockets.map((path) => dirname(path))));
  }
  const [uid, gid] = instruction(service('understudy'), 'USER')?.split(':') ?? [];
  const [envoyUid, envoyGid] = service('envoy').user?.split(':') ?? [];
  expect(envoyGid).toBe(gid);
  expect([uid, '0', '']).not.toContain(envoyUid);
});

test('every folder that Understudy writes to is a volume that its image gives to its user', () => {
  const written = new Set([...sockets, understudy.sockets.admin, understudy.store].map((path) => dirname(path)));
  const kept = mounts(service('understudy')).filter(([source = '']) => source in compose.volumes);
  const steps = readTarget(root, 'understudy');
  const made = steps.find(({ text }) => text.startsWith('install -d'))?.text.split(/\s+/) ?? [];
  const user = `${made[made.indexOf('-o') + 1]}:${made[made.indexOf('-g') + 1]}`;

  expect(new Set(kept.map(([, target]) => target))).toEqual(written);
  expect(made.filter((word) => word.startsWith('/')).toSorted()).toEqual([...written].toSorted());
  expect(user).toBe(instruction(service('understudy'), 'USER'));
});

test('every mounted file exists, is read-only, and stands where its reader looks', () => {
  const files = services.flatMap(([, each]) => mounts(each).filter(([source]) => source?.startsWith('.')));
  expect(files.filter(([source = '']) => !existsSync(join(root, source)))).toEqual([]);
  expect(files.filter(([, , mode]) => mode !== 'ro')).toEqual([]);

  const { command = [] } = service('envoy');
  const looked = [
    command[command.indexOf('-c') + 1],
    ...new Set(valuesOf('filename', envoy)),
    '/etc/understudy/understudy.yaml',
  ];
  expect(files.map(([, target]) => target)).toEqual(looked);
});

test('every image is pinned to a version', () => {
  const images = new Set(services.map(([, each]) => each.image ?? instruction(each, 'FROM') ?? ''));
  expect([...images].filter((image) => !/^[\w./-]+:v?\d+\.\d+\.\d+[\w.-]*$/.test(image))).toEqual([]);
  expect(images.size).toBe(3);
});

test('every published port is on loopback', () => {
  const ports = services.flatMap(([, { ports = [] }]) => ports);
  expect(ports.toSorted()).toEqual(['127.0.0.1:10000:10000', '127.0.0.1:16686:16686', '127.0.0.1:9901:9901']);
  expect(valuesOf('port_value', [envoy.admin, envoy.static_resources.listeners])).toEqual([9901, 10000]);
});

test('who waits for a healthy service waits for one that says when it is', () => {
  const awaited = services.flatMap(([, { depends_on = {} }]) =>
    Object.entries(depends_on).flatMap(([name, { condition }]) => (condition === 'service_healthy' ? [name] : [])),
  );
  const says = (each: Service) => each.healthcheck !== undefined || instruction(each, 'HEALTHCHECK') !== undefined;
  expect(new Set(awaited)).toEqual(new Set(['envoy', 'understudy', 'model-v1', 'model-v2']));
  expect(awaited.filter((name) => !says(service(name)))).toEqual([]);
});

test('Envoy has the route and every cluster that understudy.yaml names', () => {
  const clusters = envoy.static_resources.clusters.map(({ name }: { name: string }) => name);
  const routes = valuesOf('routes', envoy.static_resources.listeners).flat() as { name: string }[];
  for (const { stable, canary, shadows, routes: found } of understudy.rollouts) {
    expect(clusters).toEqual(expect.arrayContaining([stable, canary, ...shadows].map(({ cluster }) => cluster)));
    expect(routes.map(({ name }) => name)).toEqual(expect.arrayContaining([...found]));
  }
});

const composes = [['docker-compose'], ['docker', 'compose']];
const [client, ...words] =
  composes.find(([file = '', ...args]) => spawnSync(file, [...args, 'version']).status === 0) ?? [];
test.skipIf(client === undefined)(
  `Compose accepts docker-compose.yml${client === undefined ? ' (skipped: neither docker-compose nor docker compose is here)' : ''}`,
  async () => {
    const args = [...words, '-f', join(root, 'docker-compose.yml'), '--profile', 'load', 'config', '--services'];
    const { stdout } = await promisify(execFile)(client ?? '', args);
    expect(stdout.trim().split('\n').toSorted()).toEqual(Object.keys(compose.services).toSorted());
  },
);

test('the health check of Envoy tells a live Envoy from none', { timeout: 180_000 }, async () => {
  const address = { socket_address: { address: '127.0.0.1', port_value: 0 } };
  const listeners = [{ name: 'any', address, filter_chains: [{}] }];
  const running = await startEnvoy({ configYaml: stringify({ admin: { address }, static_resources: { listeners } }) });
  onTestFinished(() => running.stop());
  expect(healthcheck('envoy', '9901', running.adminPort)).toBe(true);
  await running.stop();
  expect(healthcheck('envoy', '9901', running.adminPort)).toBe(false);
});

test('what the image of Understudy installs is all it needs to serve and to be asked', {
  timeout: 180_000,
}, async () => {
  const { folder, app } = await installed('understudy');
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  symlinkSync(join(app, 'bin/understudy.cjs'), join(bin, 'understudy'));
  const config = join(folder, 'understudy.yaml');
  writeFileSync(config, stringify({ ...read('envoy/understudy.yaml'), ...sidecarPaths(folder) }));
  const env = { PATH: nodeFirst(bin), UNDERSTUDY_CONFIG: config };

  const [entry = '', ...args] = ['ENTRYPOINT', 'CMD'].flatMap((name) =>
    JSON.parse(instruction(service('understudy'), name) ?? ''),
  );
  const sidecar = await start(join(bin, entry), args, env);
  const ask = async (...command: string[]) =>
    (await promisify(execFile)(join(bin, entry), command, { env: { ...process.env, ...env } })).stdout;
  const status = await answer(sidecar, async () => JSON.parse(await ask('status', '--json')) as ListRolloutsResponse);
  expect(status.rollouts.map(({ name }) => name)).toEqual(['flight-delay']);
  expect(status.sidecar?.threads.map(({ state }) => state)).toEqual(['serving', 'serving']);
  expect(await ask('weight', 'flight-delay', '5%', '--reason', 'test')).toContain('0 % -> 5 %');
});

test('what the image of the demo installs is all that a model and the load need', { timeout: 180_000 }, async () => {
  const { app } = await installed('demo');
  const port = await freePort();
  const command = (name: string) => service(name).command?.map((word) => word.replace('8080', `${port}`)) ?? [];
  const [, script = '', ...args] = command('model-v1');
  const model = await start(process.execPath, [join(app, script), ...args]);
  await answer(model, () => healthcheck('model-v1', '8080', port));

  const [, loadScript = '', ...loadArgs] = command('load');
  const target = `http://127.0.0.1:${port}`;
  const load = await start(process.execPath, [
    join(app, loadScript),
    ...loadArgs.map((word) => word.replace(/^http:.*/, target)),
  ]);
  await answer(load, () => /ok [1-9]\d* {2}failed 0/.test(load.log()));
});

/** A clean folder in which a target of the Dockerfile was carried out, in `app`. Nothing that was left is the app's. */
async function installed(target: string): Promise<{ folder: string; app: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-image-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const app = join(folder, 'app');
  mkdirSync(app);
  const { done, left } = await carryOutDockerfile(root, target, app);
  expect(done.filter((step) => step.startsWith('npm ci'))).toHaveLength(1);
  expect(left.filter((command) => !/^(rm -rf|install -d|ln -s) .*\//.test(command))).toEqual([]);
  return { folder, app };
}

async function start(file: string, args: readonly string[], env: Record<string, string> = {}): Promise<Child> {
  const child = await startChild(file, args, env);
  onTestFinished(() => child.stop());
  return child;
}

async function answer<T>(child: Child, ask: () => T | Promise<T>) {
  return until(ask, { what: 'an answer', timeoutMs: 30_000 }).catch((cause) => {
    throw new Error(`${cause.message}\n${child.log()}`, { cause });
  });
}

/** What the health check of a service says when it asks another port than the service's own. */
function healthcheck(name: string, port: string, otherPort: number): boolean {
  const [kind, file = '', ...args] = service(name).healthcheck?.test ?? [];
  expect(kind).toBe('CMD');
  const here = args.map((word) => word.replace(port, `${otherPort}`));
  return spawnSync(file, here, { env: { ...process.env, PATH: nodeFirst() }, timeout: 10_000 }).status === 0;
}

function nodeFirst(...folders: string[]): string {
  return [...folders, dirname(process.execPath), process.env.PATH].join(delimiter);
}
