import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseConfig } from '../../../src/config/parse.ts';
import { renderEnvoy } from '../../../src/render/envoy-file.ts';
import { type GivenOptions, readOptions } from '../../../src/render/options.ts';
import { routePairs } from '../../../src/render/plan.ts';
import { configOf, GIVEN, rolloutOf } from './configs.ts';

const envoyFolder = resolve(import.meta.dirname, '../../../envoy');

function render(config: ReturnType<typeof configOf>, given: Partial<GivenOptions> = {}): string {
  return renderEnvoy(config, readOptions(config, { ...GIVEN, ...given }));
}

/** As Envoy reads it: YAML 1.1. */
// biome-ignore lint/suspicious/noExplicitAny: a tree of YAML
function read(text: string): any {
  return parse(text, { version: '1.1' });
}

// biome-ignore lint/suspicious/noExplicitAny: a tree of YAML
const routesOf = (file: any) =>
  file.static_resources.listeners[0].filter_chains[0].filters[0].typed_config.route_config.virtual_hosts[0].routes;
// biome-ignore lint/suspicious/noExplicitAny: a tree of YAML
const clusterOf = (file: any, name: string) =>
  file.static_resources.clusters.find((cluster: { name: string }) => cluster.name === name);
// biome-ignore lint/suspicious/noExplicitAny: a tree of YAML
const addressesOf = (file: any, name: string) =>
  clusterOf(file, name).load_assignment.endpoints[0].lb_endpoints.map(
    ({ endpoint }: { endpoint: { address: object } }) => endpoint.address,
  );
const tcp = (address: string, port_value: number) => ({ socket_address: { address, port_value } });

test('envoy/envoy.yaml is what is rendered for envoy/understudy.yaml and a twin (vitest -u writes it)', async () => {
  const file = resolve(envoyFolder, 'understudy.yaml');
  const { config } = parseConfig(readFileSync(file, 'utf8'), file);
  // tests put a twin into the free slot; the demo does without
  const withTwin = config.rollouts.map((rollout) => {
    const [first, ...others] = rollout.shadows;
    if (first === undefined) throw new Error('a shadow');
    return { ...rollout, shadows: [{ ...first, cluster: 'flight-delay-v1-shadow' }, first, ...others] };
  });
  const endpoint = [
    'flight-delay-v1=model-v1:8080',
    'flight-delay-v2=model-v2:8080',
    'flight-delay-v1-shadow=model-v1:8080',
    'flight-delay-v2-shadow=model-v2:8080',
    'flight-delay-v3-shadow=model-v3:8080',
  ];
  const given = { endpoint, tracing: 'jaeger:4317', traceSample: '100%', adminListen: '0.0.0.0:9901' };
  const text = render({ ...config, rollouts: withTwin }, given);
  await expect(text).toMatchFileSnapshot(resolve(envoyFolder, 'envoy.yaml'));
});

const name = fc.oneof(
  fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/),
  fc.constantFrom(
    'yes',
    'null',
    '~',
    '1e3',
    '0x10',
    '12:30:45',
    '- a',
    'a: b',
    "it's",
    '"',
    '\\',
    '#',
    '{',
    '*a',
    '&a',
  ),
);
const names = fc
  .uniqueArray(name, { minLength: 11, maxLength: 11 })
  .filter((list) => !list.some((text) => /^(understudy_(loop|decide|observe)|otlp)$/.test(text)));

test('every name that a configuration may hold arrives in the file as it is', () => {
  fc.assert(
    fc.property(names, fc.boolean(), ([r1 = '', a = '', b = '', v1 = '', v2 = '', s = '', t = '', ...more], asFlag) => {
      const [r2 = '', w1 = '', w2 = '', u = ''] = more;
      const version = (cluster: string) => ({ cluster, version: '1' });
      const config = configOf([
        {
          name: r1,
          route: [a, b],
          stable: version(v1),
          canary: version(v2),
          shadows: [
            { name: 's', ...version(s) },
            { name: 't', ...version(t) },
          ],
        },
        { name: r2, stable: version(w1), canary: version(w2), shadows: [{ name: 'u', ...version(u) }] },
      ]);
      const match = asFlag ? [`${a}=/short`, `${r2}=/much/longer`] : [];
      const file = read(render(config, { match, endpoint: [`${u}=[::1]:9`] }));
      const pairs = routesOf(file).map((route: { name: string; route: { cluster: string } }) => [
        route.name,
        route.route.cluster,
      ]);
      const expected = [
        [a, v1, v2],
        [b, v1, v2],
        [r2, w1, w2],
      ].flatMap(([route = '', stable, canary]) => [
        [`${route}-canary`, canary],
        [route, stable],
      ]);
      expect(new Map(pairs)).toEqual(new Map(expected as [string, string][]));
      expect(file.static_resources.clusters.map((cluster: { name: string }) => cluster.name)).toEqual([
        ...[v1, v2, w1, w2, s, t, u],
        ...['understudy_loop', 'understudy_decide', 'understudy_observe', 'otlp'],
      ]);
      expect(addressesOf(file, u)).toEqual([tcp('::1', 9)]);
    }),
    { numRuns: 40 },
  );
});

test('no route hides one after it, whatever the prefixes are', () => {
  const prefix = fc.stringMatching(/^\/[ab/]{0,5}$/);
  fc.assert(
    fc.property(fc.uniqueArray(prefix, { minLength: 2, maxLength: 6 }), (prefixes) => {
      const config = configOf(prefixes.map((_, index) => rolloutOf(`r${index}`)));
      const given = new Map(prefixes.map((text, index) => [`r${index}`, text]));
      const catchAlls = routePairs(config, given).map((pair) => pair.prefix);
      catchAlls.forEach((earlier, index) => {
        expect(catchAlls.slice(index + 1).filter((later) => later.startsWith(earlier))).toEqual([]);
      });
      expect(catchAlls.toSorted()).toEqual(prefixes.toSorted());
    }),
  );
});

test('in each pair of routes canary comes first and needs the arm', () => {
  const file = read(render(configOf([rolloutOf('a'), rolloutOf('b', 1)])));
  const arm = [{ name: 'x-understudy-arm', string_match: { exact: 'canary' } }];
  const [first, ...others] = routesOf(file);
  expect(first).toMatchObject({ name: 'a-canary', match: { prefix: '/a/', headers: arm }, route: { cluster: 'a-v2' } });
  const { request_mirror_policies, timeout } = first.route;
  expect(others).toEqual([
    { name: 'a', match: { prefix: '/a/' }, route: { cluster: 'a-v1', timeout, request_mirror_policies } },
    {
      name: 'b-canary',
      match: { prefix: '/b/', headers: arm },
      route: { cluster: 'b-v2', timeout, request_mirror_policies },
    },
    { name: 'b', match: { prefix: '/b/' }, route: { cluster: 'b-v1', timeout, request_mirror_policies } },
  ]);
});

test('what nobody said where it is gets an address that says so', () => {
  const config = configOf([rolloutOf('a b', 1)]);
  const text = render(config, { endpoint: ['a b-v1=10.0.0.1:80', 'a b-v1=[::1]:81'] });
  expect(addressesOf(read(text), 'a b-v1')).toEqual([tcp('10.0.0.1', 80), tcp('::1', 81)]);
  expect(addressesOf(read(text), 'a b-v2')).toEqual([tcp('a-b-v2', 8080)]);
  expect(text.match(/# Where is it\?.*\n.*/g)).toEqual([
    '# Where is it? This address is a guess: --endpoint CLUSTER=host:port, or set it here.\n  - name: "a b-v2"',
    '# Where is it? This address is a guess: --endpoint CLUSTER=host:port, or set it here.\n  - name: "a b-shadow-1"',
    '# Where is it? This address is a guess: --tracing host:port, or set it here.\n  - name: otlp',
  ]);
});

test('a cluster that several rollouts name is there once', () => {
  const shared = { cluster: 'shared', version: '1' };
  const both = ['a', 'b'].map((rollout) => ({
    ...rolloutOf(rollout),
    stable: shared,
    shadows: [{ name: 's', cluster: 'copies', version: '3' }],
  }));
  const { clusters } = read(render(configOf(both))).static_resources;
  expect(clusters.map((cluster: { name: string }) => cluster.name).slice(0, 4)).toEqual([
    'shared',
    'a-v2',
    'b-v2',
    'copies',
  ]);
});

test('the cluster of mirror-back is that of a shadow, with a small breaker of its own', () => {
  const file = read(render(configOf([{ ...rolloutOf('a', 1), mirrorBack: { cluster: 'a-v1-shadow' } }])));
  const { name: _, load_assignment: _at, ...breaker } = clusterOf(file, 'a-v1-shadow');
  const { name: _s, load_assignment: _sAt, ...ofShadow } = clusterOf(file, 'a-shadow-1');
  expect(breaker).toEqual(ofShadow);
  expect(breaker).toHaveProperty('circuit_breakers');
});

test('the loop has room for all shadows, and never for fewer than one request can have', () => {
  const connections = (rollouts: object[]) =>
    clusterOf(read(render(configOf(rollouts))), 'understudy_loop').circuit_breakers.thresholds[0].max_connections;
  expect(connections([rolloutOf('a')])).toBe(1024);
  expect(connections([rolloutOf('a', 4), rolloutOf('b', 4)])).toBe(2048);
});

test('each decide socket is an endpoint, a path or an address; observe has one', () => {
  const sockets = { decide: ['/run/a b.sock', '[::1]:7001', 'localhost:7002'], observe: '127.0.0.1:7003' };
  const file = read(render(configOf([rolloutOf('a')], sockets)));
  expect(addressesOf(file, 'understudy_decide')).toEqual([
    { pipe: { path: '/run/a b.sock' } },
    tcp('::1', 7001),
    tcp('127.0.0.1', 7002),
  ]);
  expect(addressesOf(file, 'understudy_observe')).toEqual([tcp('127.0.0.1', 7003)]);
});

test('where observe asks for a certificate, Envoy shows one, and only there', () => {
  const config = configOf([rolloutOf('a')], { observe: '0.0.0.0:7003' }, { observe: { tls: FILES } });
  const shows = read(render(config)).static_resources.clusters.filter((one: object) => 'transport_socket' in one);
  expect(shows.map(({ name }: { name: string }) => name)).toEqual(['understudy_observe']);
  expect(render(configOf([rolloutOf('a')]))).not.toContain('transport_socket');
});

const FILES = { certificate: '/etc/u/cert.pem', key: '/etc/u/key.pem', clientCa: '/etc/u/ca.pem' };

test.each([
  ['10s', '10s', '9s', '9.5s'],
  ['2.5s', '2.5s', '2.25s', '2.375s'],
  ['101ms', '0.101s', '0.09s', '0.095s'],
])('with %s for users, a shadow has less and a stuck copy ends in between', (routeTimeout, user, shadow, copy) => {
  const file = read(render(configOf([rolloutOf('a', 1)]), { routeTimeout }));
  const loop = file.static_resources.listeners[1].filter_chains[0].filters[0].typed_config;
  expect(routesOf(file).map(({ route }: { route: { timeout: string } }) => route.timeout)).toEqual([user, user]);
  expect(loop.common_http_protocol_options).toEqual({ max_stream_duration: copy });
  for (const { route } of loop.route_config.virtual_hosts[0].routes) expect(route.timeout).toBe(shadow);
});

test('Envoy logs what predictions are read from, each once, beside what it always logs', () => {
  const predicting = (fields: object, timings = {}) => ({ prediction: { fields, timings } });
  const amount = { class: { amount: { trailer: 'X-Amount' } } };
  const file = read(
    render(
      configOf([
        rolloutOf('none'),
        {
          ...rolloutOf('a', 1),
          ...predicting(
            {
              score: { header: 'X-Score' },
              model: { header: 'X-Model-Version' },
              ok: { status: true, compare: amount },
            },
            { featureFetch: { header: 'x-fetch' } },
          ),
        },
        { ...rolloutOf('b'), ...predicting({ score: { header: 'x-score' }, code: { trailer: 'GRPC-Status' } }) },
      ]),
    ),
  );
  const always = ['content-type', 'content-encoding', 'x-feature-fetch-ms', 'x-model-version', 'grpc-status'];
  const logs = file.static_resources.listeners.map(
    // biome-ignore lint/suspicious/noExplicitAny: a tree of YAML
    (listener: any) => listener.filter_chains[0].filters[0].typed_config.access_log[0].typed_config,
  );
  expect(logs).toHaveLength(2);
  for (const log of logs) {
    expect(log.additional_response_headers_to_log).toEqual([...always, 'x-score', 'x-fetch']);
    expect(log.additional_response_trailers_to_log).toEqual(['grpc-status', 'x-amount']);
  }
});

test('the cluster of a baseline leads to Understudy, unless it is said where it is', () => {
  const first = { ...rolloutOf('a'), baseline: { listen: 'localhost:9301', constant: 1 } };
  const business = { ...rolloutOf('b'), baseline: { outcome: true } };
  const text = render(configOf([first, business]));
  expect(addressesOf(read(text), 'a-v1')).toEqual([tcp('127.0.0.1', 9301)]);
  expect(text).not.toMatch(/guess.*\n.*name: a-v1/);
  expect(addressesOf(read(text), 'b-v1')).toEqual([tcp('b-v1', 8080)]);
  const elsewhere = render(configOf([first]), { endpoint: ['a-v1=10.0.0.1:80'] });
  expect(addressesOf(read(elsewhere), 'a-v1')).toEqual([tcp('10.0.0.1', 80)]);
});

test('without tracing nothing of it is left', () => {
  expect(render(configOf([rolloutOf('a', 1)]), { tracing: false })).not.toMatch(/otlp|\*tracing|OpenTelemetry/);
});
