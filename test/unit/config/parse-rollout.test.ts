import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Config, parseConfig } from '../../../src/config/parse.ts';
import { parseRollout } from '../../../src/config/parse-rollout.ts';
import { ConfigError } from '../../../src/config/problem.ts';

const FILE = `
trustedHeaders: [x-user-id]
rollouts:
  - name: ranker
    stable: { cluster: ranker-v1, version: "1" }
    canary: { cluster: ranker-v2, version: "2" }
    shadows: [{ name: candidate, cluster: ranker-v2-shadow, version: "2" }]
    unit: [{ header: x-user-id }]
`;
const running: Config = parseConfig(FILE, 'understudy.yaml').config;

const GOOD = `name: search
stable: { cluster: search-v1, version: "1" }
canary: { cluster: search-v2, version: "2" }
shadows: [{ name: candidate, cluster: search-v2-shadow, version: "2" }]
unit: [{ header: x-user-id }]
capture: { response: 1KiB }
`;

function problemsOf(text: string): string[] {
  try {
    parseRollout(text, 'spec', running, running.rollouts);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
}

test('an entry is read as it would be in the file, with warnings at its own places', () => {
  const { spec, plain, warnings } = parseRollout(GOOD, 'spec', running, running.rollouts);
  const { config } = parseConfig(`${FILE}  - ${GOOD.replaceAll('\n', '\n    ')}`, 'whole.yaml');
  expect(spec).toEqual(config.rollouts[1]);
  expect(plain).toMatchObject({ name: 'search', capture: { response: '1KiB' } });
  expect(warnings.map(({ line, path }) => [line, path])).toEqual([[1, 'prediction']]);
});

test('JSON is read as well', () => {
  const json = JSON.stringify({
    name: 'search',
    stable: { cluster: 'search-v1', version: '1' },
    canary: { cluster: 'search-v2', version: '2' },
  });
  expect(parseRollout(json, 'spec', running, []).spec.routes).toEqual(['search']);
});

test.each([
  [
    'a list',
    `- ${GOOD.replaceAll('\n', '\n  ')}`,
    /^spec:1:1: expected one entry of rollouts: \(a map\), found a list of 1$/,
  ],
  ['no YAML', 'name: [', /^spec:1:\d+: expected YAML/],
  ['an unknown key', `${GOOD}stabel: 1\n`, /^spec:7:1: stabel: .*unknown key/],
  ['a wrong value', GOOD.replace('1KiB', '2MiB'), /^spec:6:22: capture\.response: expected .*1MiB/],
  [
    'a header that is not trusted',
    GOOD.replace('x-user-id', 'x-other'),
    /^spec:5:18: unit\[0\]\.header: expected a header of trustedHeaders/,
  ],
  ['a route that is taken', `${GOOD}route: ranker\n`, /^spec:7:8: route: expected a route that leads to one rollout/],
  [
    'a shadow that answers users of another',
    GOOD.replace('search-v2-shadow', 'ranker-v1'),
    /^spec:4:39: shadows\[0\]\.cluster: expected a cluster of its own that answers no user.*the stable cluster of rollout "ranker"/,
  ],
  [
    "a canary that is another's shadow",
    GOOD.replace('cluster: search-v2,', 'cluster: ranker-v2-shadow,'),
    /^spec:1:1: expected a cluster of its own that answers no user, found a map: at shadows\.0\.cluster of rollout ranker/,
  ],
  [
    'a file to be read here',
    `${GOOD}baseline: { listen: 127.0.0.1:1, topK: /etc/passwd }\n`,
    /baseline\.topK: .*files are read only for rollouts that are written in the configuration file/,
  ],
])('%s is refused at its own line and column', (_, text, expected) => {
  const problems = problemsOf(text);
  expect(
    problems.filter((line) => expected.test(line)),
    problems.join('\n'),
  ).toHaveLength(1);
});

test('one of the same name is what it takes the place of, and no obstacle', () => {
  const again = GOOD.replaceAll('search', 'ranker');
  expect(parseRollout(again, 'spec', running, running.rollouts).spec.routes).toEqual(['ranker']);
});

test('no file, whatever it says, stands in the way of an entry that has nothing in common with it', () => {
  const file = join(import.meta.dirname, '../../fixtures/config/every-key.yaml');
  const full = parseConfig(readFileSync(file, 'utf8'), file, () => '[1]').config;
  const text = GOOD.replaceAll('search', 'unlike-any').replace('x-user-id', full.trustedHeaders[0] ?? '');
  expect(parseRollout(text, 'spec', full, full.rollouts).spec.name).toBe('unlike-any');
  const guard = '{ name: clicks, metric: outcome, outcome: click, maxDrop: 2% relative, attribution: 1h }';
  const { warnings } = parseRollout(`${text}guards: [${guard}]\n`, 'spec', full, []);
  expect(warnings.map(({ message }) => message)).not.toContainEqual(expect.stringContaining('no outcomes:'));
  const inUse = full.rollouts.flatMap(({ baseline }) =>
    baseline !== undefined && 'listen' in baseline ? [baseline.listen] : [],
  );
  expect(inUse).toHaveLength(1);
  expect(() =>
    parseRollout(`${text}baseline: { listen: "${inUse[0]}", constant: 1 }\n`, 'spec', full, full.rollouts),
  ).toThrow(/a socket or address used once/);
});

test('a sidecar that is served by TCP takes entries as well, but none that would listen there', () => {
  const byTcp = `${FILE}sockets: { observe: "0.0.0.0:9466" }
observe: { tls: { certificate: /c.pem, key: /k.pem, clientCa: /ca.pem } }
admin: { listen: "127.0.0.1:9465" }
`;
  const { config } = parseConfig(byTcp, 'understudy.yaml');
  expect(parseRollout(GOOD, 'spec', config, config.rollouts).spec.name).toBe('search');
  const taken = `${GOOD}baseline: { listen: "127.0.0.1:9465", constant: 1 }\n`;
  expect(() => parseRollout(taken, 'spec', config, config.rollouts)).toThrow(/a socket or address used once/);
});
