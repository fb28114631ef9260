import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { loadConfig } from '../../../src/config/load.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import type { GuardSpec } from '../../../src/guards/spec.ts';

const everyKey = join(import.meta.dirname, '../../fixtures/config/every-key.yaml');

const base = parse(`
rollouts:
  - name: ranker
    stable: { cluster: ranker-v1, version: "1" }
    canary: { cluster: ranker-v2, version: "2" }
    shadows: [{ name: candidate, cluster: ranker-v2-shadow, version: "2" }]
    unit: [{ client: address }]
    segments: { city: { geoip: city } }
    capture: { response: 1KiB }
    prediction: { fields: { score: { at: /score, compare: { number: {} } } } }
geoip: { database: /geo.mmdb }
`);

function load(changes: object) {
  const { config, warnings } = parseConfig(
    stringify({ ...base, rollouts: [{ ...base.rollouts[0], ...changes }] }),
    'f',
  );
  const rollout = config.rollouts[0];
  if (rollout === undefined) throw new Error('there is one');
  return { ...rollout, warnings: warnings.map(({ path, message }) => `${path}: ${message}`) };
}

function guardOf(entry: object): GuardSpec {
  const [guard] = load({ guards: [{ name: 'g', ...entry }] }).guards;
  if (guard === undefined) throw new Error('there is one');
  return guard;
}

test('stages are read in their order, in basis points and milliseconds', () => {
  expect(loadConfig(everyKey).rollouts[0]?.stages).toEqual([
    {
      ...{ name: 'shadow', weightBp: 0, scope: {}, approve: 'automatic' },
      hold: { timeMs: 1_800_000, pairs: 10_000, requests: 0, atMostMs: 5_400_000 },
    },
    {
      ...{ name: 'city', weightBp: 500, scope: { country: ['NZ', 'IE'], tier: ['gold'] }, approve: 'required' },
      hold: { timeMs: 0, pairs: 0, requests: 500, atMostMs: 43_200_000 },
    },
    {
      ...{ name: 'one', weightBp: 100, scope: {}, approve: 'automatic' },
      hold: { timeMs: 1_800_000, pairs: 0, requests: 0, atMostMs: 5_400_000 },
    },
    {
      ...{ name: 'all', weightBp: 10_000, scope: {}, approve: 'automatic' },
      hold: { timeMs: 0, pairs: 0, requests: 0, atMostMs: 3_600_000 },
    },
  ]);
});

test('every metric is read with what it is of and its threshold', () => {
  const guards = loadConfig(everyKey).rollouts[0]?.guards ?? [];
  expect(Object.fromEntries(guards.map(({ name, what, threshold }) => [name, { ...what, ...threshold }]))).toEqual({
    p95: { metric: 'latency', quantile: 0.95, kind: 'max', value: 50 },
    'p99-vs-stable': { metric: 'latency', quantile: 0.99, kind: 'above-stable', relative: 0.1 },
    errors: { metric: 'error-rate', kind: 'max', value: 0.001 },
    'errors-vs-stable': { metric: 'error-rate', kind: 'above-stable', points: 0.001 },
    fetch: { metric: 'feature-fetch', quantile: 0.99, kind: 'max', value: 500 },
    agreement: { metric: 'pair.agreement', field: 'label', net: false, kind: 'min', value: 0.98 },
    'score-diff': { metric: 'pair.difference', field: 'score', measure: 'ratio', kind: 'max', value: 1.1 },
    'score-shift': { metric: 'pair.shift', field: 'score', quantile: 0.5, kind: 'max', value: 0.1 },
    items: { metric: 'pair.overlap', field: 'items', kind: 'min', value: 0.8 },
    gone: { metric: 'pair.missing', field: 'label', kind: 'max', value: 0.001 },
    drift: { metric: 'pair.drift', field: 'score', statistic: 'ks', kind: 'max', value: 0.1 },
    ctr: {
      ...{ metric: 'outcome', outcome: 'click', of: 'ratio', attributionMs: 3_600_000 },
      ...{ kind: 'below-stable', relative: 0.02 },
    },
    refunds: {
      ...{ metric: 'outcome', outcome: 'refund', of: 'per-unit', attributionMs: 1_800_000 },
      ...{ kind: 'above-stable', relative: 0.05 },
    },
    split: { metric: 'srm', kind: 'max', value: 0 },
    exposure: { metric: 'exposure', kind: 'max', value: 0.01 },
    cpu: {
      ...{ metric: 'prometheus', url: 'http://127.0.0.1:9090', query: 'max(cpu)', everyMs: 15_000 },
      ...{ kind: 'max', value: 0.9 },
    },
    silence: { metric: 'no-data', kind: 'max', value: 0 },
  });
});

test('a limit that says nothing more rests on evidence, fails as soon as it is proven, and rolls back', () => {
  expect(guardOf({ metric: 'latency', quantile: 0.95, max: '50ms' })).toEqual({
    name: 'g',
    what: { metric: 'latency', quantile: 0.95 },
    threshold: { kind: 'max', value: 50 },
    forMs: 0,
    clear: undefined,
    windowMs: 60_000,
    minN: 200,
    missing: 'hold',
    evidence: 'e-value',
    alpha: 0.01,
    warmUpMs: 0,
    action: 'rollback',
    promote: 'shown',
    dryRun: false,
    scope: {},
  });
});

test('without evidence a limit has to be broken for a time', () => {
  expect(guardOf({ metric: 'error-rate', max: '1%', evidence: 'none' })).toMatchObject({ forMs: 300_000 });
});

test('a stage may take three times its time longer, and an hour at least, unless it says another', () => {
  const atMost = (hold: object) =>
    load({ stages: [{ ...shadowStage, hold }, all], guards: [missing] }).stages[0]?.hold.atMostMs;
  expect([atMost({ time: '10m' }), atMost({ time: '1h' }), atMost({ time: '1h', atMost: '20s' })]).toEqual([
    3_600_000, 10_800_000, 20_000,
  ]);
});

test('a stage waits until a guard is shown to be fine, unless it says that only harm counts', () => {
  const guard = { metric: 'error-rate', max: '1%' };
  expect(guardOf(guard).promote).toBe('shown');
  expect(guardOf({ ...guard, promote: 'unless-harm' }).promote).toBe('unless-harm');
});

test('a comparison with stable warms up after a change of weight', () => {
  expect(guardOf({ metric: 'error-rate', versus: 'stable', max: '0.1 points' })).toMatchObject({ warmUpMs: 120_000 });
});

test('a guard on each value of a segment pauses by default, whatever its metric', () => {
  const pairs = { metric: 'pair.missing', field: 'score', max: '1%', scope: { city: 'each' } };
  expect(guardOf(pairs).action).toBe('pause');
  expect(guardOf({ metric: 'error-rate', max: '1%', scope: { city: 'each' } })).toMatchObject({
    action: 'pause',
    scope: { city: 'each' },
  });
  expect(guardOf({ metric: 'error-rate', max: '1%', scope: { city: ['each'] } })).toMatchObject({ action: 'rollback' });
});

test('guards that only alert and dry runs may err as they like: the sum of alphas is of those that stop', () => {
  const loud = { metric: 'error-rate', max: '1%', alpha: 0.5 };
  const guards = [
    { ...loud, name: 'a', action: 'alert' },
    { ...loud, name: 'b', dryRun: true },
    { ...loud, name: 'c', evidence: 'none' },
  ];
  expect(load({ guards }).guards).toHaveLength(3);
});

test('a difference may be held against the mean of the reference', () => {
  const difference = { metric: 'pair.difference', field: 'score' };
  expect(guardOf({ ...difference, max: '10% relative' })).toMatchObject({
    what: { measure: 'difference' },
    threshold: { kind: 'above-stable', relative: 0.1 },
    warmUpMs: 0,
  });
  expect(guardOf({ ...difference, max: 0.2 }).threshold).toEqual({ kind: 'max', value: 0.2 });
});

test('agreement without noise is of a rollout with a twin', () => {
  const twin = { name: 'twin', cluster: 'ranker-v1-shadow', version: '1' };
  const net = { name: 'net', metric: 'pair.agreement', field: 'score', min: '98%', net: true };
  const { guards } = load({ shadows: [...base.rollouts[0].shadows, twin], guards: [net] });
  expect(guards[0]?.what).toEqual({ metric: 'pair.agreement', field: 'score', net: true });
});

test('what a metrics source says stands until it is asked again', () => {
  const url = 'http://127.0.0.1:9090';
  const guard = guardOf({ metric: 'prometheus', url, query: 'up', min: 1, every: '20s' });
  expect(guard).toMatchObject({ windowMs: 20_000, forMs: 300_000, evidence: 'none', action: 'pause' });
});

test('a scoped stage may be above what follows it', () => {
  const stages = [
    { name: 'city', weight: '50%', scope: { city: 'Cali' }, hold: { time: '1h' }, approve: 'required' },
    { name: 'one', weight: '1%' },
  ];
  expect(load({ stages }).stages.map(({ weightBp }) => weightBp)).toEqual([5_000, 100]);
});

const shadowStage = { name: 'shadow', weight: '0%', hold: { time: '1h' } };
const all = { name: 'all', weight: '100%' };
const missing = { name: 'missing', metric: 'pair.missing', field: 'score', max: '1%' };
const p95 = { name: 'p95', metric: 'latency', quantile: 0.95, max: '50ms' };

test('stages that begin with a judged shadow stage have no warning', () => {
  expect(load({ stages: [shadowStage, all], guards: [missing] }).warnings).toEqual([]);
});

test.each<[string, object, string]>([
  [
    'stages that begin above 0%',
    { stages: [all], guards: [p95] },
    'rollouts[0].stages[0].weight: the first stage is not at weight 0%: users meet the canary before it was rehearsed',
  ],
  [
    'a stage without a hold',
    { stages: [{ ...shadowStage, hold: {} }, all], guards: [missing] },
    'rollouts[0].stages[0]: no hold: it is over as soon as its guards pass',
  ],
  [
    'a shadow stage in which only stable is looked at',
    { stages: [shadowStage, all], guards: [p95] },
    'rollouts[0].stages[0]: at weight 0% no guard looks at pairs: nothing of the canary is judged in this stage',
  ],
  [
    'an outcome without evidence',
    { guards: [{ name: 'ctr', metric: 'outcome', outcome: 'click', maxDrop: '2% relative', evidence: 'none' }] },
    'rollouts[0].guards[0].evidence: a comparison with stable without evidence: in simulation it fired on 99.8 % of healthy days',
  ],
  [
    'errors against stable without evidence',
    { guards: [{ name: 'e', metric: 'error-rate', versus: 'stable', max: '100% relative', evidence: 'none' }] },
    'rollouts[0].guards[0].evidence: a comparison with stable without evidence: in simulation "canary at most twice stable" fired on 100 % of healthy days',
  ],
])('%s is warned of', (_, changes, warning) => {
  const ofOutcomes = 'there is no outcomes:';
  expect(load(changes).warnings.filter((one) => !one.includes(ofOutcomes))).toEqual([warning]);
});
