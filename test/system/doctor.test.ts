import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { type Envoy, startEnvoy } from '../../rig/envoy.ts';
import { freePort } from '../../rig/free-port.ts';
import { sidecarPaths } from '../../rig/sidecar.ts';
import { run } from '../../src/cli/program.ts';
import { loadConfig } from '../../src/config/load.ts';
import { collectEnvoy, collectSockets } from '../../src/doctor/collect.ts';
import { examine, themes } from '../../src/doctor/examine.ts';
import type { Facts } from '../../src/doctor/facts.ts';
import { sendProbe } from '../../src/doctor/send-probe.ts';
import type { ListRolloutsResponse } from '../../src/gen/understudy/admin/v1/admin.ts';
import { renderEnvoy } from '../../src/render/envoy-file.ts';
import { readOptions } from '../../src/render/options.ts';
import { fakeTerminal } from '../unit/cli/fake-terminal.ts';
import { configOf, GIVEN, rolloutOf } from '../unit/render/configs.ts';
import { type EnvoyTree, inEnvoy, inEnvoysCounters, inOtherFacts, inOurCounters } from './doctor-breaks.ts';
import { Stage } from './stage.ts';

/** What is said of the shipped files, as they trace everything for the demonstration. */
const ALWAYS = ['sampling-full'];
const SHADOWS = 2;
const REQUESTS = 12;

let stage: Stage;
let shipped: { static_resources: EnvoyTree };
let healthy: Facts;

beforeAll(async () => {
  stage = await Stage.start({
    shippedTimeout: true,
    // only looked at: what is broken below is a copy of it
    envoy: (config) => {
      shipped = structuredClone(config);
    },
  });
  for (let count = 0; count < REQUESTS; count++) await stage.request({ 'x-user-id': `u${count}` }, '{}');
  await stage.waitForPairs(REQUESTS * SHADOWS);
  healthy = await factsOf(stage.envoy);
});
afterAll(() => stage.stop());

async function factsOf(envoy: Envoy): Promise<Facts> {
  const config = loadConfig(stage.configFile);
  return {
    envoy: await collectEnvoy(adminUrl(envoy)),
    config,
    sidecar: await stage.sidecar.rollouts(),
    sockets: await collectSockets(config),
  };
}

function adminUrl({ adminPort }: Envoy): string {
  return `http://127.0.0.1:${adminPort}`;
}

/** Ids of what is found, each once, beside what is always found. */
function found(facts: Facts): string[] {
  const ids = new Set(examine(facts).findings.map(({ id }) => id));
  return [...ids].filter((id) => !ALWAYS.includes(id)).sort();
}

/** A second Envoy with a broken copy of the configuration, on the same Understudy. */
async function startBroken(change: (envoy: EnvoyTree) => void): Promise<Envoy> {
  const config = structuredClone(shipped);
  change(config.static_resources);
  const envoy = await startEnvoy({ configYaml: stringify(config) });
  onTestFinished(() => envoy.stop());
  return envoy;
}

/** The healthy facts, with a change of what Envoy says its configuration is. */
function withEnvoy(change: (envoy: EnvoyTree) => void): Facts {
  const facts = structuredClone(healthy);
  // biome-ignore lint/suspicious/noExplicitAny: a tree of JSON
  const configs: any[] = (facts.envoy.configDump as any).configs;
  const listeners = configs.find((config) => config.static_listeners);
  const clusters = configs.find((config) => config.static_clusters);
  const tree: EnvoyTree = {
    listeners: listeners.static_listeners.map(({ listener }: { listener: unknown }) => listener),
    clusters: clusters.static_clusters.map(({ cluster }: { cluster: unknown }) => cluster),
  };
  change(tree);
  listeners.static_listeners = tree.listeners.map((listener) => ({ listener }));
  clusters.static_clusters = tree.clusters.map((cluster) => ({ cluster }));
  return facts;
}

describe('with the shipped files', () => {
  test('nothing is wrong, everything is checked, and what is always so is told', () => {
    const { findings, skipped } = examine(healthy);
    expect([...new Set(findings.map(({ id }) => id))]).toEqual(ALWAYS);
    expect(skipped).toEqual([]);
  });

  test('without a configuration and without Understudy, what cannot be checked is said', () => {
    const { findings, skipped } = examine({ ...healthy, config: undefined, sockets: [], sidecar: { refusal: 'gone' } });
    expect(findings.map(({ id }) => id)).toEqual(['sidecar-silent', 'sampling-full']);
    expect(skipped).toContainEqual({ id: 'pairs-late', lacks: 'an answer of Understudy' });
    expect(skipped).toContainEqual({ id: 'socket-mode', lacks: 'an understudy.yaml' });
  });

  test('without a configuration, routes and clusters are checked by what Understudy says', () => {
    const facts = { ...withEnvoy(inEnvoy['cluster-missing']?.change ?? never), config: undefined, sockets: [] };
    expect(found(facts)).toEqual(['cluster-missing']);
  });
});

test('an Envoy that got its listeners, routes, clusters and hosts by xDS is read alike', () => {
  const dynamic = (change: (envoy: EnvoyTree) => void): Facts => {
    const facts = withEnvoy(change);
    // biome-ignore lint/suspicious/noExplicitAny: a tree of JSON
    const configs: any[] = (facts.envoy.configDump as any).configs;
    // biome-ignore lint/suspicious/noExplicitAny: a tree of JSON
    const all = (key: string): any[] => configs.flatMap((config) => config[key] ?? []);
    const routes = all('static_listeners').map(({ listener }) => {
      const manager = listener.filter_chains[0].filters[0].typed_config;
      const { route_config } = manager;
      delete manager.route_config;
      manager.rds = { route_config_name: route_config.name };
      return { route_config };
    });
    const hosts = all('static_clusters').map(({ cluster }) => {
      const endpoint_config = cluster.load_assignment;
      delete cluster.load_assignment;
      return { endpoint_config };
    });
    const configDump = {
      configs: [
        { dynamic_listeners: all('static_listeners').map((active_state) => ({ active_state })) },
        { dynamic_route_configs: routes },
        { dynamic_active_clusters: all('static_clusters') },
        { dynamic_endpoint_configs: hosts },
      ],
    };
    return { ...facts, envoy: { ...facts.envoy, configDump } };
  };
  expect(found(dynamic(() => {}))).toEqual([]);
  for (const id of ['canary-route-late', 'sockets-differ', 'log-missing', 'cluster-missing']) {
    expect(found(dynamic(inEnvoy[id]?.change ?? never))).toEqual([id]);
  }
});

test('nothing is wrong with what `render envoy` prints, with two rollouts, without tracing', async () => {
  const { sockets } = loadConfig(stage.configFile);
  const routes = ['ranker', 'ranker-batch'];
  const config = configOf([rolloutOf('ranker', 4, routes), rolloutOf('price')], sockets);
  const clusters = ['ranker-v1', 'ranker-v2', 'price-v1', 'price-v2', ...[1, 2, 3, 4].map((n) => `ranker-shadow-${n}`)];
  const { address, port } = stage.models.v1.endpoint;
  const given = {
    ...GIVEN,
    endpoint: clusters.map((cluster) => `${cluster}=${address}:${port}`),
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    tracing: false,
    lua: resolve(import.meta.dirname, '../../envoy/capture.lua'),
  } as const;
  const envoy = await startEnvoy({ configYaml: renderEnvoy(config, readOptions(config, given)) });
  onTestFinished(() => envoy.stop());
  const facts = { envoy: await collectEnvoy(adminUrl(envoy)), config, sockets: await collectSockets(config) };
  expect(examine({ ...facts, sidecar: { refusal: 'another' } }).findings.map(({ id }) => id)).toEqual([
    'sidecar-silent',
  ]);
});

test('every finding has a test below', () => {
  const broken = [inEnvoy, inEnvoysCounters, inOurCounters, inOtherFacts].flatMap((table) => Object.keys(table));
  const checks = themes.flatMap((theme) => theme.checks).map(({ id }) => id);
  expect([...broken, ...ALWAYS].sort()).toEqual(checks.sort());
});

describe('exactly that is found when Envoy is told', () => {
  test.each(Object.entries(inEnvoy))('%s', (id, { also = [], change }) => {
    expect(found(withEnvoy(change))).toEqual([id, ...also].sort());
  });
});

describe('exactly that is found in a real Envoy that was told', () => {
  const real = Object.entries(inEnvoy).filter(([, { real }]) => real);
  test.each(real)('%s', async (id, { also = [], change }) => {
    const envoy = await startBroken(change);
    expect(found(await factsOf(envoy))).toEqual([id, ...also].sort());
  });
});

describe('exactly that is found when it was counted or seen', () => {
  test.each(Object.entries(inEnvoysCounters))('%s', (id, counters) => {
    const { stats } = healthy.envoy.stats as { stats: { name: string }[] };
    for (const name of Object.keys(counters)) expect(stats.map((stat) => stat.name)).toContain(name);
    const changed = stats.map((stat) => (stat.name in counters ? { ...stat, value: counters[stat.name] } : stat));
    expect(found({ ...healthy, envoy: { ...healthy.envoy, stats: { stats: changed } } })).toEqual([id]);
  });

  test.each(Object.entries(inOurCounters))('%s', (id, changed) => {
    const answer = structuredClone(healthy.sidecar) as ListRolloutsResponse;
    for (const [name, value] of Object.entries(changed)) {
      if (value === undefined) delete answer.sidecar?.counters[name];
      else if (answer.sidecar) answer.sidecar.counters[name] = value;
    }
    expect(found({ ...healthy, sidecar: answer })).toEqual([id]);
  });

  test.each(Object.entries(inOtherFacts))('%s', (id, change) => {
    const { envoy, ...changed } = change(healthy);
    expect(found({ ...healthy, ...changed, envoy: { ...healthy.envoy, ...envoy } })).toEqual([id]);
  });

  test('sampling-full: not when Envoy does not trace', () => {
    const facts = withEnvoy(({ listeners }) => {
      for (const listener of listeners) delete listener.filter_chains[0].filters[0].typed_config.tracing;
    });
    expect(examine(facts).findings).toEqual([]);
  });
});

describe('the command', () => {
  async function doctor(...args: string[]) {
    const terminal = fakeTerminal();
    const code = await run(['--config', stage.configFile, 'doctor', ...args], terminal);
    return { code, out: terminal.printed.join(''), error: terminal.errors.join('') };
  }
  const probeUrl = (envoy: Envoy) => `http://127.0.0.1:${envoy.port('edge')}/v2/models/flight-delay/infer`;

  test('ends with 0 when no error is found, and follows a probe through every step', async () => {
    const probe = ['--probe', probeUrl(stage.envoy), '-H', 'x-user-id: doctor', '--data', '{}'];
    const { code, out, error } = await doctor('--envoy', adminUrl(stage.envoy), ...probe, '--verbose');
    expect([code, error]).toEqual([0, '']);
    expect(out).toMatch(/yes answered 200 in \d+ ms\n/);
    expect(out).toMatch(/yes decided {2}stable by hash, rollout flight-delay\n/);
    expect(out).toMatch(/yes copied {3}2 asked for\n/);
    expect(out).toMatch(/yes logged {3}production 1, shadow 2\n/);
    expect(out).toMatch(/candidate: flight-delay-v1 200 and flight-delay-v2-shadow 200/);
    expect(out).toMatch(/next: flight-delay-v1 200 and flight-delay-v3-shadow 200/);
    expect(out).not.toMatch(/Errors|Warnings/);
    expect(out).toMatch(/Checked: envoy-version, .*\n\nFound 1 in \d+ checks\.\n$/);
  });

  test('ends with 1 when an error is found, and says what, where, why and the mend', async () => {
    const envoy = await startBroken(inEnvoy['decide-fail-closed']?.change ?? never);
    const { code, out, error } = await doctor('--envoy', adminUrl(envoy));
    expect([code, error]).toEqual([1, '']);
    expect(out).toContain(
      [
        'Errors',
        '',
        '  The decide filter refuses requests when Understudy does not answer. [decide-fail-closed]',
        '    listener edge: failure_mode_allow is false',
        '    Why:  When Understudy is stopped, slow or upgraded, every user gets an error.',
        '    Mend: Set failure_mode_allow: true.',
        '',
      ].join('\n'),
    );
    const { out: json } = await doctor('--envoy', adminUrl(envoy), '--json');
    expect(JSON.parse(json).findings[0]).toMatchObject({ id: 'decide-fail-closed', where: 'listener edge' });
  });

  test('ends with 3 when no Envoy answers, and with 2 when it is asked wrongly', async () => {
    const nobody = `http://127.0.0.1:${await freePort()}`;
    expect(await doctor('--envoy', nobody)).toEqual({
      code: 3,
      out: '',
      error: `no Envoy answers at ${nobody} (ECONNREFUSED)\n`,
    });
    expect((await doctor('--envoy', 'not an address')).code).toBe(2);
  });

  test('finds Understudy silent, and sends no probe, when nobody is at the admin socket', async () => {
    const before = stage.models.v1.requests;
    const probe = ['--probe', probeUrl(stage.envoy), '--admin', join(stage.folder, 'nobody.sock')];
    const { code, out } = await doctor('--envoy', adminUrl(stage.envoy), ...probe);
    expect([code, stage.models.v1.requests]).toEqual([1, before]);
    expect(out).toMatch(/sidecar-silent/);
    expect(out).toMatch(/The probe was not sent/);
  });
});

describe('a probe stops at the step that does not happen', () => {
  async function failedSteps(url: string, headers: Record<string, string> = { 'x-user-id': 'probe' }) {
    const ports = { rollouts: () => stage.sidecar.rollouts(), pairs: () => stage.pairs() };
    const steps = await sendProbe({ url, headers, body: '{}' }, ports, { deadlineMs: 1_500 });
    return Object.fromEntries(steps.filter(({ ok }) => !ok).map(({ step, saw }) => [step, saw]));
  }
  const edgeOf = (envoy: Envoy) => `http://127.0.0.1:${envoy.port('edge')}/`;

  test('answered: nobody is there', async () => {
    expect(await failedSteps(`http://127.0.0.1:${await freePort()}/`)).toEqual({ answered: 'ECONNREFUSED' });
  });

  test('decided: Envoy does not ask', async () => {
    const envoy = await startBroken(inEnvoy['decide-missing']?.change ?? never);
    expect(await failedSteps(edgeOf(envoy))).toMatchObject({ decided: 'Envoy did not ask' });
  });

  test('decided: the route has no rollout', async () => {
    const envoy = await startBroken(inEnvoy['route-missing']?.change ?? never);
    expect(await failedSteps(edgeOf(envoy))).toMatchObject({ decided: 'its route belongs to no rollout' });
  });

  test('logged: the loop does not log', async () => {
    const envoy = await startBroken(inEnvoy['log-missing']?.change ?? never);
    const failed = await failedSteps(edgeOf(envoy));
    expect(failed).toEqual({ logged: 'production 1, shadow 0', paired: 'none that carries its mark' });
  });

  test('none, when there is nothing to stop it, whoever answers', async () => {
    expect(await failedSteps(edgeOf(stage.envoy), { 'x-user-id': 'probe', 'x-canary': 'always' })).toEqual({});
  });
});

test('sockets are seen as they are: served with their modes, gone, or something else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'understudy-doctor-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const config = loadConfig(stage.configFile);
  const elsewhere = { ...config, sockets: { ...sidecarPaths(folder).sockets, decide: [folder] } };
  expect((await collectSockets(elsewhere)).map(({ kind }) => kind)).toEqual(['other', 'missing', 'missing']);
  const seen = await collectSockets(config);
  expect(seen.map(({ mode, refusal }) => [mode.toString(8), refusal])).toEqual([
    ['660', undefined],
    ['660', undefined],
    ['600', undefined],
  ]);
});

function never(): never {
  throw new Error('no such break');
}
