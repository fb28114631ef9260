import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { loadConfig } from '../../../src/config/load.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { ConfigError } from '../../../src/config/problem.ts';
import { formatPercent, parseBytes, parseDuration, parsePercent, parseShare } from '../../../src/config/units.ts';
import { badFiles } from './bad-files.ts';

const folder = join(import.meta.dirname, '../../fixtures/config');
const goodFiles = ['complete', 'every-key', 'smallest'];
const shadowDefaults = {
  sampleBp: 10_000,
  sampleBy: 'request',
  methods: [],
  maxBodyBytes: 4_194_304,
  mirrorUnknownLength: ['application/grpc*'],
};

const smallest = `rollouts:
  - name: ranker
    stable: { cluster: ranker-v1, version: "1.8.0" }
    canary: { cluster: ranker-v2, version: "2.0.0" }
`;

test('a complete file becomes a config in basis points, bytes and lower-case header names', () => {
  const config = loadConfig(join(folder, 'complete.yaml'));
  expect(config.trustedHeaders).toEqual(['x-user-id', 'x-geo-country', 'x-canary']);
  expect(config.sockets.decide).toEqual(['/run/understudy/decide-0.sock', '/run/understudy/decide-1.sock']);
  expect(config.store).toBe('/tmp/understudy.db');
  expect(config.rollouts[0]).toEqual({
    name: 'ranker',
    routes: ['ranker', 'ranker-batch'],
    stable: { cluster: 'ranker-v1', version: '1.8.0' },
    canary: { cluster: 'ranker-v2', version: '2.0.0' },
    shadows: [
      { name: 'candidate', cluster: 'ranker-v2-shadow', version: '2.0.0', ...shadowDefaults },
      { name: 'twin', cluster: 'ranker-v1-shadow', version: '1.8.0', ...shadowDefaults },
    ],
    unit: [{ header: 'x-user-id' }],
    segments: { country: { header: 'x-geo-country' } },
    rules: [
      { when: { header: { 'x-canary': { exact: 'always' } } }, arm: 'canary' },
      { when: { segment: { country: { anyOf: ['NZ', 'IE'] } } }, weightBp: 5000 },
      { when: { segment: { country: { exact: 'AU' } } }, weightBp: 1250 },
    ],
    capture: { requestBytes: 0, responseBytes: 65_536 },
    salt: 'ranker/2.0.0',
    initialWeightBp: 25,
    stages: [],
    guards: [],
  });
});

test('every key of the form is read', () => {
  const { rollouts, ...process } = loadConfig(join(folder, 'every-key.yaml'));
  expect(process).toMatchObject({
    sockets: { decide: ['127.0.0.1:9000', '[::1]:9001', 'localhost:9002'], observe: '127.0.0.1:9003' },
    metrics: { listen: '0.0.0.0:9464' },
    admin: {
      listen: '0.0.0.0:9465',
      auth: 'tokens',
      tls: {
        certificate: '/etc/understudy/cert.pem',
        key: '/etc/understudy/key.pem',
        clientCa: '/etc/understudy/ca.pem',
      },
      clients: { ci: 'operator', 'spiffe://example.org/dashboard': 'viewer' },
    },
    observe: {
      tls: {
        certificate: '/etc/understudy/cert.pem',
        key: '/etc/understudy/key.pem',
        clientCa: '/etc/understudy/ca.pem',
      },
    },
    geoip: { database: '/var/lib/geo.mmdb' },
    redact: { paths: ['/user/email', '/items/*/name', ''], headers: ['x-secret'], patterns: ['\\d{16}'] },
    recording: {
      directory: '/var/lib/understudy/recording',
      sampleBp: 1250,
      maxBytesPerDay: 512 * 1024 ** 2,
      maxAgeMs: 14 * 24 * 3_600_000,
      maxBytes: 1024 ** 4,
      requests: true,
    },
    notifications: [
      {
        ...{ name: 'chat', url: 'https://hooks.example/a?b=c', secret: { file: '/etc/understudy/chat.secret' } },
        ...{ words: ['phase', 'guard', 'weight'], rollouts: ['ranker'] },
      },
      {
        ...{ name: 'pager', url: 'https://pager.example/', secret: { env: 'PAGER_SECRET' } },
        ...{ words: ['weight', 'guard'], rollouts: [] },
      },
      {
        ...{ name: 'local', url: 'http://[::1]:8080/hook', secret: undefined },
        ...{ words: ['phase', 'guard'], rollouts: [] },
      },
    ],
    allowBodies: true,
  });
  expect(rollouts[0]).toMatchObject({
    shadows: [
      {
        sampleBp: 1250,
        sampleBy: 'unit',
        methods: ['GET', 'POST'],
        maxPerSecond: 50,
        maxBodyBytes: 65_536,
        mirrorUnknownLength: ['application/grpc*', 'text/plain'],
      },
    ],
    unit: [{ header: 'x-user-id' }, { cookie: 'sid' }, { client: 'address' }],
    segments: { tier: { header: 'x-tier' }, country: { geoip: 'country' } },
    rules: [
      { when: { header: { 'x-canary': { exact: 'always' }, 'x-tier': { anyOf: ['gold', '7'] } } }, arm: 'canary' },
      { when: { cookie: { plan: { exact: 'true' } }, query: { page: { range: [1, 2.5] } } }, arm: 'stable' },
      {
        when: {
          segment: { country: { anyOf: ['NZ', 'IE'] } },
          method: { exact: 'POST' },
          path: { regex: '/v\\d+/.*' },
        },
        weightBp: 5000,
      },
      { when: { path: { prefix: '/v2/' } }, weightBp: 25 },
    ],
    capture: { requestBytes: 512, responseBytes: 65_536 },
    salt: 'pepper',
    initialWeightBp: 0,
    prediction: {
      preset: 'kserve-v1',
      batch: { at: '/instances', key: '/id' },
      fields: [
        { name: 'score', source: { at: '/score' }, compare: { kind: 'number', abs: 0.001, rel: 0.01 } },
        {
          name: 'label',
          source: { at: '/label' },
          compare: { kind: 'class', threshold: 0.5, amount: { request: '/amount' } },
        },
        {
          name: 'items',
          source: { at: '/items' },
          compare: { kind: 'ranking', k: 20, minOverlap: 0.8, item: '/id', category: '/genre' },
        },
        { name: 'attributions', source: { at: '/shap' }, compare: { kind: 'vector', maxDivergence: 0.05, k: 3 } },
        { name: 'tags', source: { at: '/tags' }, compare: { kind: 'set', minJaccard: 0.007 } },
        { name: 'answer', source: { at: '$.choices[0].text' }, compare: { kind: 'text', minSimilarity: 0.95 } },
        {
          name: 'rest',
          source: { at: '' },
          compare: { kind: 'json', ignore: ['/id', '/timings'], tolerances: [{ at: '/x/*/y', abs: 0.1, rel: 0.01 }] },
        },
        { name: 'model', source: { header: 'x-model-version' }, compare: { kind: 'class' } },
        { name: 'tokens', source: { trailer: 'x-tokens' }, compare: { kind: 'json', ignore: [], tolerances: [] } },
        { name: 'code', source: { status: true }, compare: { kind: 'class', amount: { header: 'x-amount' } } },
        { name: 'asked', source: { request: '/id' }, compare: { kind: 'json', ignore: [], tolerances: [] } },
      ],
      timings: { featureFetch: { source: { header: 'x-feature-fetch-ms' }, unitMs: 0.001 } },
    },
    baseline: { listen: '127.0.0.1:9301', answer: '{"score":0.1}' },
  });
  expect(rollouts[1]).toMatchObject({
    prediction: {
      preset: 'json',
      fields: [{ name: 'loss', compare: { kind: 'number', abs: 0, rel: 0 } }],
      timings: { featureFetch: { source: { at: '/timings/fetch' }, unitMs: 1_000 } },
    },
    baseline: { outcome: true },
  });
});

test('a comparator that says nothing more tolerates nothing', () => {
  const compares = ['number', 'class', 'vector', 'ranking', 'set', 'text', 'json'].map(
    (kind) => `
        ${kind}: { header: ${kind}, compare: { ${kind}: {} } }`,
  );
  const { config } = parseConfig(`${smallest}    prediction:\n      fields:${compares.join('')}\n`, 'f');
  expect(config.rollouts[0]?.prediction?.fields.map(({ compare }) => compare)).toEqual([
    { kind: 'number', abs: 0, rel: 0 },
    { kind: 'class' },
    { kind: 'vector', maxDivergence: 0, k: 5 },
    { kind: 'ranking', k: 10, minOverlap: 1 },
    { kind: 'set', minJaccard: 1 },
    { kind: 'text', minSimilarity: 1 },
    { kind: 'json', ignore: [], tolerances: [] },
  ]);
});

test('what a recording does not say has a default', () => {
  const { config } = parseConfig(`recording: { directory: /r }\n${smallest}`, 'f');
  expect(config.recording).toEqual({
    directory: '/r',
    sampleBp: 10_000,
    maxBytesPerDay: 2 * 1024 ** 3,
    maxAgeMs: 14 * 24 * 3_600_000,
    maxBytes: 20 * 1024 ** 3,
    requests: false,
  });
});

describe('the list that a baseline answers with', () => {
  const file = `${smallest}    baseline: { listen: "127.0.0.1:9301", topK: /list.json }\n`;
  const answered = (text: string) => parseConfig(file, 'f', () => text).config.rollouts[0]?.baseline;

  test('is read with the configuration', () => {
    expect(answered('[ "b",\n "a" ]\n')).toEqual({ listen: '127.0.0.1:9301', answer: '["b","a"]' });
  });

  test.each([
    ['{"a": 1}', 'it holds no list'],
    ['[1,', 'Unexpected end of JSON input'],
  ])('must be one: %s', (text, reason) => {
    expect(messageOf(() => answered(text))).toBe(
      `f:5:49: rollouts[0].baseline.topK: expected a file with a JSON list, at most 1MiB, found "/list.json": ${reason}`,
    );
  });

  test('is a file of at most 1 MiB', () => {
    const folder = mkdtempSync(join(tmpdir(), 'understudy-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const list = join(folder, 'list.json');
    const config = join(folder, 'understudy.yaml');
    const load = () => messageOf(() => loadConfig(config));
    writeFileSync(config, file.replace('/list.json', list));
    expect(load()).toContain('there is no such file');
    mkdirSync(list);
    expect(load()).toContain('it is no file');
    rmSync(list, { recursive: true });
    writeFileSync(list, `["${'x'.repeat(1024 * 1024)}"]`);
    expect(load()).toContain('it has 1048580 bytes');
    writeFileSync(list, '["x"]');
    expect(load()).toBe('nothing was thrown');
  });
});

test('no key of a prediction is another name for the prototype', () => {
  const fields = 'fields: { constructor: { header: x-a }, toString: { header: x-b } }';
  const { config } = parseConfig(`${smallest}    prediction: { ${fields} }\n`, 'f');
  expect(config.rollouts[0]?.prediction?.fields.map(({ name }) => name)).toEqual(['constructor', 'toString']);
});

test('what the smallest file leaves out has a default', () => {
  const { rollouts, ...process } = loadConfig(join(folder, 'smallest.yaml'));
  expect(process).toEqual({
    trustedHeaders: [],
    sockets: {
      decide: ['/run/understudy/decide.sock'],
      observe: '/run/understudy/observe.sock',
      admin: '/run/understudy/admin.sock',
    },
    store: '/var/lib/understudy/understudy.db',
    redact: { paths: [], headers: [], patterns: [] },
    notifications: [],
    allowBodies: false,
  });
  expect(rollouts).toEqual([
    {
      name: 'ranker',
      routes: ['ranker'],
      stable: { cluster: 'ranker-v1', version: '1.8.0' },
      canary: { cluster: 'ranker-v2', version: '2.0.0' },
      shadows: [],
      unit: [],
      segments: {},
      rules: [],
      capture: { requestBytes: 0, responseBytes: 0 },
      salt: 'ranker/2.0.0',
      initialWeightBp: 0,
      stages: [],
      guards: [],
    },
  ]);
});

test.each(Object.entries(badFiles))('%s is answered with place, path, expected and found', (name, messages) => {
  const file = join(folder, `${name}.yaml`);
  expect(() => loadConfig(file)).toThrow(ConfigError);
  expect(messageOf(() => loadConfig(file))).toBe(messages.map((message) => `${file}:${message}`).join('\n'));
});

test('every fixture is either good or has its exact message', () => {
  const fixtures = readdirSync(folder).map((file) => file.replace('.yaml', ''));
  expect(fixtures.sort()).toEqual([...goodFiles, ...Object.keys(badFiles)].sort());
});

test('a file that cannot be read is a problem of configuration', () => {
  expect(messageOf(() => loadConfig('/nowhere/understudy.yaml'))).toBe(
    '/nowhere/understudy.yaml:1:1: cannot be read: ENOENT',
  );
});

test('whatever the text is, the answer is a config or problems inside the text', () => {
  const line = fc.constantFrom(
    'rollouts:',
    '  - name: a',
    '    stable: {',
    'x: &a [*a]',
    '- 1',
    'store: [',
    '? {}',
    '%',
    '\t',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(line, fc.string())), (lines) => {
      try {
        parseConfig(lines.join('\n'), 'f');
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        expect(error.problems.length).toBeGreaterThan(0);
        for (const problem of error.problems)
          expect(problem.line).toBeLessThanOrEqual(lines.join('\n').split(/\r\n?|\n/).length + 1);
      }
    }),
  );
});

test('whatever stands at a key, the answer is a config or problems', () => {
  const words =
    'at request header status compare number class amount json tolerances fields timings featureFetch batch';
  const more = 'unit key preset listen constant topK outcome directory sample maxAge requests paths patterns';
  const key = fc.constantFrom(...`${words} ${more}`.split(' '));
  const leaf = fc.oneof(
    fc.constantFrom('/a', '$.a', '1%', '1GiB', '14d', '127.0.0.1:1', '/l', '(', ''),
    fc.constantFrom(null, true, -1, 0.5, [], {}),
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.dictionary(key, tie('value'), { maxKeys: 4 }),
      fc.array(tie('value'), { maxLength: 2 }),
    ),
  }));
  const rollout = parse(smallest).rollouts[0];
  fc.assert(
    fc.property(value, value, value, value, (prediction, baseline, recording, redact) => {
      try {
        const rollouts = [{ ...rollout, prediction, baseline }];
        parseConfig(stringify({ redact, recording, rollouts }), 'f', () => '[]');
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
      }
    }),
    { numRuns: 300 },
  );
});

test('a percentage is read back from how it is written', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000 }), (weightBp) => {
      expect(parsePercent(formatPercent(weightBp))).toBe(weightBp);
    }),
  );
  for (const text of ['', '5', '%', '-1%', '100.01%', '1e1%', '0.125%', ' 5%'])
    expect(parsePercent(text)).toBeUndefined();
});

test('sizes are in binary units', () => {
  expect(['0', '12B', '64KiB', '1MiB', '2GiB', '1 TiB', '64KB', '1.5KiB', ''].map(parseBytes)).toEqual([
    0,
    12,
    65_536,
    1_048_576,
    2_147_483_648,
    1_099_511_627_776,
    undefined,
    undefined,
    undefined,
  ]);
});

test('times have a unit', () => {
  expect(['0ms', '1500ms', '2s', '30m', '1h', '14 d', '2w', '14', '1.5h', ''].map(parseDuration)).toEqual([
    0,
    1_500,
    2_000,
    1_800_000,
    3_600_000,
    1_209_600_000,
    1_209_600_000,
    undefined,
    undefined,
    undefined,
  ]);
});

test('shares are the fractions that people mean', () => {
  expect(['0%', '0.7%', '1%', '0.000001 %', '99.999999%', '100%'].map(parseShare)).toEqual([
    0, 0.007, 0.01, 0.00000001, 0.99999999, 1,
  ]);
  for (const text of ['', '1', '100.1%', '-1%', '1e1%', '0.0000001%']) expect(parseShare(text)).toBeUndefined();
});

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was thrown';
}
