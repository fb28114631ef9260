import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { type Envoy, startEnvoy } from '../../rig/envoy.ts';
import { envoyBinary } from '../../rig/envoy-binary.ts';
import { type Sidecar, sidecarPaths, startSidecar } from '../../rig/sidecar.ts';
import { until } from '../../rig/until.ts';
import { run } from '../../src/cli/program.ts';
import type { Pair } from '../../src/gen/understudy/admin/v1/admin.ts';
import { fakeTerminal } from '../unit/cli/fake-terminal.ts';
import { rolloutOf } from '../unit/render/configs.ts';
import { type SpanSink, startSpanSink } from './span-sink.ts';
import { TestModel } from './test-model.ts';

const lua = resolve(import.meta.dirname, '../../envoy/capture.lua');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'understudy-render-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes the configuration to `understudy.yaml` and runs `understudy render envoy` on it. */
async function render(config: object, args: readonly string[] = []): Promise<string> {
  const file = join(folder, 'understudy.yaml');
  writeFileSync(file, stringify(config));
  const terminal = fakeTerminal();
  const code = await run(['render', 'envoy', '--config', file, '--lua', lua, ...args], terminal);
  expect(terminal.errors).toEqual([]);
  expect(code).toBe(0);
  return terminal.printed.join('');
}

describe('Envoy accepts what is rendered', () => {
  async function validate(text: string): Promise<string> {
    const file = join(folder, 'validate.yaml');
    writeFileSync(file, text);
    const args = ['--mode', 'validate', '--disable-hot-restart', '-c', file];
    return (await promisify(execFile)(await envoyBinary(), args)).stdout;
  }

  const unix = {};
  const tcp = { decide: ['/run/decide.sock', '127.0.0.1:7002', '[::1]:7003', 'localhost:7004'], observe: '[::1]:7005' };
  // the run below has both tracing and response headers
  const cases = [1, 3].flatMap((rollouts) =>
    [0, 1, 2, 3, 4].flatMap((shadows) =>
      Object.entries({ unix, tcp }).flatMap(([kind, sockets]) =>
        [[], ['--no-tracing', '--response-headers']].map((options) => ({ rollouts, shadows, kind, sockets, options })),
      ),
    ),
  );

  test.each(cases)('$rollouts rollouts, $shadows shadows, sockets $kind, $options', async (one) => {
    const rollouts = Array.from({ length: one.rollouts }, (_, index) => rolloutOf(`r${index}`, one.shadows));
    expect(await validate(await render({ rollouts, sockets: one.sockets }, one.options))).toContain('OK');
  });

  test('with every odd character in names and prefixes', async () => {
    const odd = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index)).join('');
    const rollouts = ['yes', 'null', '1e3', '12:30', odd].map((name) => rolloutOf(name.slice(0, 100), 1, [name]));
    const text = await render({ rollouts }, ['--match', `${odd}=/"'{}[]*&!|>%@\`\\:`]);
    expect(await validate(text)).toContain('OK');
  });
});

describe('Envoy with the rendered file, Understudy and models', () => {
  const models = new Map<string, TestModel>();
  let sink: SpanSink;
  let sidecar: Sidecar;
  let envoy: Envoy;

  /** Two routes lead to flights; the shop's canary answers. */
  const rollouts = [
    { ...rolloutOf('flights', 2, ['departures', 'arrivals']), capture: { response: '64KiB' } },
    { ...rolloutOf('shop', 2), unit: [{ header: 'x-user-id' }], initialWeight: '100%' },
  ];
  const clusters = ['flights', 'shop'].flatMap((name) =>
    ['v1', 'v2', 'shadow-1', 'shadow-2'].map((part) => `${name}-${part}`),
  );

  beforeAll(async () => {
    for (const cluster of clusters) models.set(cluster, await TestModel.start(cluster));
    sink = await startSpanSink();
    const { sockets, store } = sidecarPaths(folder);
    const decide = [sockets.decide, join(folder, 'decide-2.sock')];
    const config = { trustedHeaders: ['x-user-id'], sockets: { ...sockets, decide }, store, rollouts };
    const places = [...models].flatMap(([name, { endpoint }]) => [
      '--endpoint',
      `${name}=${endpoint.address}:${endpoint.port}`,
    ]);
    const listening = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0', '--response-headers'];
    const tracing = ['--tracing', `127.0.0.1:${sink.port}`, '--trace-sample', '100%'];
    const prefixes = ['--match', 'departures=/', '--match', 'arrivals=/in/'];
    const configYaml = await render(config, [...places, ...listening, ...tracing, ...prefixes]);
    sidecar = await startSidecar(join(folder, 'understudy.yaml'), sockets.admin);
    envoy = await startEnvoy({ configYaml });
    const healthy = async () => (await stat('cluster.understudy_decide.membership_healthy')) === decide.length;
    await until(healthy, { what: 'Envoy finds both decide sockets healthy' });
  });

  afterAll(async () => {
    const faults = await envoy.stats('(spurious_msgs_received|rejected_header_mutations|lua.errors)$');
    await sidecar.stop();
    await envoy.stop();
    sink.stop();
    await Promise.all([...models.values()].map((model) => model.stop()));
    expect([...faults.values()]).toEqual([0, 0, 0, 0]);
  });

  const stat = async (name: string) => (await envoy.stats(`^${name}$`)).get(name);

  async function ask(path: string, headers: Record<string, string> = {}) {
    const answer = await fetch(`http://127.0.0.1:${envoy.port('edge')}${path}`, { headers });
    await answer.arrayBuffer();
    const id = answer.headers.get('x-understudy-id');
    const arm = answer.headers.get('x-understudy-arm');
    return { status: answer.status, cluster: answer.headers.get('x-model-version'), id, arm };
  }

  /** The pairs of one request as `rollout shadow reference/candidate`, once there are two. */
  async function pairsOf(id: string | null): Promise<string[]> {
    const filter = { rollout: '', shadow: '', onlyDifferent: false, recent: 1_000, follow: false };
    const pairs = await until(
      async () => {
        const all: Pair[] = await sidecar.admin.watchPairs(filter).toArray();
        const own = all.filter((pair) => pair.id === id);
        return own.length === 2 ? own : undefined;
      },
      { what: 'two pairs' },
    );
    return pairs.map(({ rollout, shadow }) => `${rollout} ${shadow}`).sort();
  }

  test('every route of every rollout reaches its arm, gives pairs with each shadow, and tells the user id and arm', async () => {
    const departure = await ask('/out/1');
    const arrival = await ask('/in/1');
    const sale = await ask('/shop/1', { 'x-user-id': 'alice' });
    const id = expect.stringMatching(/^[0-9a-f]{32}$/);
    expect(departure).toEqual({ status: 200, cluster: 'flights-v1', id, arm: 'stable' });
    expect(arrival).toEqual({ status: 200, cluster: 'flights-v1', id, arm: 'stable' });
    expect(sale).toEqual({ status: 200, cluster: 'shop-v2', id, arm: 'canary' });
    expect(await pairsOf(departure.id)).toEqual(['flights s1', 'flights s2']);
    expect(await pairsOf(arrival.id)).toEqual(['flights s1', 'flights s2']);
    expect(await pairsOf(sale.id)).toEqual(['shop s1', 'shop s2']);
  });

  test('the answer that Envoy gives for a dead model tells id and arm too', async () => {
    const model = models.get('flights-v1');
    if (model === undefined) throw new Error('the model');
    model.behaviour = { kind: 'refuse' };
    const answer = await ask('/out/2');
    model.behaviour = { kind: 'answer' };
    expect(answer).toEqual({ status: 503, cluster: null, id: expect.stringMatching(/^[0-9a-f]{32}$/), arm: 'stable' });
  });

  test('no span carries the query of a URL', async () => {
    // spans carry the user agent: so it is known whose have arrived
    const agents = Array.from({ length: 16 }, (_, index) => `agent-${index}.`);
    for (const agent of agents) await ask('/out/3?secret=query', { 'user-agent': agent });
    expect(models.get('flights-shadow-1')?.seen.at(-1)?.url).toBe('/out/3?secret=query');
    // of one request, the span of the user's side and one for each shadow's
    const told = (agent: string) => sink.text().split(agent).length === 1 + 3;
    await until(() => agents.some(told), { what: 'spans of a user and both shadows' });
    expect(sink.text()).toContain('http.url');
    expect(sink.text()).not.toContain('secret');
  });

  test('without Understudy the user learns no id, not even one of his own making', async () => {
    sidecar.signal('SIGKILL');
    await sidecar.exited;
    const answer = await ask('/shop/2', { 'x-understudy-id': 'forged', 'x-understudy-arm': 'canary' });
    expect(answer).toEqual({ status: 200, cluster: 'shop-v1', id: null, arm: null });
  });
});
