import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { parseConfig } from '../../../src/config/parse.ts';

const good = parse(`
trustedHeaders: [x-user-id]
rollouts:
  - name: ranker
    stable: { cluster: ranker-v1, version: "1" }
    canary: { cluster: ranker-v2, version: "2" }
    unit: [{ header: x-user-id }]
    shadows: [{ name: candidate, cluster: ranker-v2-shadow, version: "2" }]
    segments: { tier: { header: x-user-id } }
    rules: [{ when: { segment: { tier: { regex: "g.*" } }, header: { x-user-id: ana } }, arm: canary }]
    capture: { response: 1KiB }
    prediction: { fields: { score: { at: /score, compare: { number: {} } } } }
`);

function warningsOf(changes: object, more: readonly object[] = []): string[] {
  const file = { ...good, rollouts: [{ ...good.rollouts[0], ...changes }, ...more] };
  return parseConfig(stringify(file), 'f').warnings.map(({ path, message }) => `${path}: ${message}`);
}

const shadow = { name: 'candidate', cluster: 'ranker-v2-shadow', version: '2' };
const rule = (when: object) => ({ rules: [{ when, arm: 'canary' }] });

test('a rehearsed rollout with a unit and rules on what the edge sets has no warning', () => {
  expect(warningsOf({})).toEqual([]);
});

test('a guard on outcomes that has nothing to look at, or too late, is warned of', () => {
  const guards = [{ name: 'ctr', metric: 'outcome', outcome: 'click', maxDrop: '2% relative', attribution: '2d' }];
  const said = (outcomes?: object) =>
    parseConfig(stringify({ ...good, outcomes, rollouts: [{ ...good.rollouts[0], guards }] }), 'f').warnings;
  const database = '/var/lib/understudy/outcomes.db';
  expect(said({ database })).toEqual([]);
  expect(said().map(({ path, message }) => `${path}: ${message}`)).toEqual([
    'rollouts[0].guards[0]: there is no outcomes: in this file, so this guard never has anything to look at',
  ]);
  expect(said({ database, keep: '2d' }).map(({ message }) => message)).toEqual([
    'outcomes.keep is not longer than its attribution: exposures are deleted before they are judged',
  ]);
});

test.each<[object, string]>([
  [{ unit: [] }, 'rollouts[0].unit: no unit: the weight moves nobody, only rules with arm: canary do'],
  [{ shadows: [] }, 'rollouts[0].shadows: no shadows: the canary is not rehearsed before it answers users'],
  [
    { capture: {}, prediction: undefined },
    'rollouts[0].capture: capture is off: of the pairs only status and latency are compared',
  ],
  [
    { prediction: undefined },
    'rollouts[0].prediction: no prediction: answers are compared as a whole, so a random id in them makes every pair differ',
  ],
  [{ shadows: [{ ...shadow, sample: '0%' }] }, 'rollouts[0].shadows[0].sample: this shadow never gets a copy'],
  [
    { mirrorBack: { cluster: 'ranker-v1-shadow', sample: '0%' } },
    'rollouts[0].mirrorBack.sample: this shadow never gets a copy',
  ],
  [
    { shadows: [{ ...shadow, sample: '0.25%' }] },
    'rollouts[0].shadows[0].sample: only one request in 400 makes a pair: it takes long to see anything',
  ],
  [
    rule({ cookie: { sid: 'x' } }),
    'rollouts[0].rules[0].when.cookie.sid: clients choose their cookies, and so who gets which arm',
  ],
  [
    rule({ query: { q: 'x' } }),
    'rollouts[0].rules[0].when.query.q: clients choose the query, and so who gets which arm',
  ],
  [rule({ method: 'POST' }), 'rollouts[0].rules[0].when.method: clients choose the method, and so who gets which arm'],
  [rule({ path: ['/a'] }), 'rollouts[0].rules[0].when.path: clients choose the path, and so who gets which arm'],
])('%j is warned of', (changes, warning) => {
  expect(warningsOf(changes)).toEqual([warning]);
});

test('a pattern on what clients choose is warned of twice, one on what the edge sets is not', () => {
  expect(warningsOf(rule({ path: { regex: '/a.*' } }))).toEqual([
    'rollouts[0].rules[0].when.path: clients choose the path, and so who gets which arm',
    'rollouts[0].rules[0].when.path: clients choose the path, and what this pattern has to work on',
  ]);
  expect(warningsOf(rule({ header: { 'x-user-id': { regex: 'a.*' } } }))).toEqual([]);
});

test('sampling by unit without a unit is warned of, unless every request is copied', () => {
  const byUnit = { ...shadow, sampleBy: 'unit' };
  expect(warningsOf({ unit: [], shadows: [{ ...byUnit, sample: '50%' }] })).toContain(
    'rollouts[0].shadows[0].sampleBy: sampled by unit, but the rollout has no unit: this shadow never gets a copy',
  );
  expect(warningsOf({ unit: [], shadows: [byUnit] })).toHaveLength(1);
});

test('bodies that are shown or stored as they came are warned of, until something is redacted', () => {
  const told = (changes: object) =>
    parseConfig(stringify({ ...good, ...changes }), 'f').warnings.map(({ path, message }) => `${path}: ${message}`);
  const recording = { directory: '/r' };
  expect(told({ allowBodies: true, recording })).toEqual([
    'allowBodies: bodies are shown as they were captured: redact says what is made unreadable',
    'recording: bodies of kept pairs are stored as they were captured: redact says what is made unreadable',
  ]);
  expect(told({ allowBodies: true, recording, redact: { paths: ['/user'] } })).toEqual([]);
  const headersOnly = { ...good.rollouts[0], capture: {}, shadows: [], prediction: undefined };
  expect(told({ recording, rollouts: [headersOnly] })).toHaveLength(1);
});

test('a webhook for a rollout that the file does not have is warned of', () => {
  const webhook = { name: 'chat', url: 'http://localhost:1/', rollouts: ['ranker', 'rankr'] };
  const { warnings } = parseConfig(stringify({ ...good, notifications: [webhook] }), 'f');
  expect(warnings.map(({ path, message }) => `${path}: ${message}`)).toEqual([
    'notifications[0].rollouts[1]: no rollout of this file is called "rankr"',
  ]);
});

test('the same salt in two rollouts is warned of at the second', () => {
  const second = { ...good.rollouts[0], name: 'search', salt: 'pepper', shadows: [{ ...shadow, cluster: 's' }] };
  expect(warningsOf({ salt: 'pepper' }, [second])).toEqual([
    'rollouts[1].salt: the same salt as rollout "ranker": both move the same users first',
  ]);
  expect(warningsOf({ salt: 'salt' }, [second])).toEqual([]);
});
