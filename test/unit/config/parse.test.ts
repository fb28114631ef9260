import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { ConfigError } from '../../../src/config/problem.ts';
import { formatPercent, parseBytes, parsePercent } from '../../../src/config/units.ts';
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
  });
});

test('every key of the form is read', () => {
  const { rollouts, ...process } = loadConfig(join(folder, 'every-key.yaml'));
  expect(process).toMatchObject({
    sockets: { decide: ['127.0.0.1:9000', '[::1]:9001', 'localhost:9002'], observe: '127.0.0.1:9003' },
    metrics: { listen: '0.0.0.0:9464' },
    geoip: { database: '/var/lib/geo.mmdb' },
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
    initialWeightBp: 100,
  });
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
  expect(['0', '12B', '64KiB', '1MiB', '64KB', '1.5KiB', ''].map(parseBytes)).toEqual([
    0,
    12,
    65_536,
    1_048_576,
    undefined,
    undefined,
    undefined,
  ]);
});

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing was thrown';
}
