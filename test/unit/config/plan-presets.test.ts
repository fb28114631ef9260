import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { parseConfig } from '../../../src/config/parse.ts';
import { writePreset } from '../../../src/config/plan-presets.ts';
import { PLAN_PRESETS, type PlanPreset } from '../../../src/config/schema-plan.ts';
import { alphaBudgetOf } from '../../../src/guards/budget.ts';
import { isJudge } from '../../../src/guards/promoting.ts';
import { planOf } from '../../../src/plan/plan.ts';
import { ASSUMED_TRAFFIC } from '../../../src/plan/traffic.ts';

const file = parse(`
trustedHeaders: [x-user-id, x-country]
outcomes: { database: /var/lib/understudy/outcomes.db }
redact: { paths: [/name] }
rollouts:
  - name: ranker
    stable: { cluster: ranker-v1, version: "1" }
    canary: { cluster: ranker-v2, version: "2" }
    shadows: [{ name: candidate, cluster: ranker-v2-shadow, version: "2" }]
    mirrorBack: { cluster: ranker-v1-shadow }
    unit: [{ header: x-user-id }]
    segments: { country: { header: x-country } }
    capture: { response: 1KiB }
    prediction:
      fields:
        score: { at: /score, compare: { number: {} } }
        label: { at: /label, compare: { class: {} } }
`);

const PARAMETERS: Readonly<Partial<Record<PlanPreset, object>>> = {
  'one-region-first': parse('{ segment: country, first: [NZ], then: [IE, IS] }'),
};

function load(preset: PlanPreset, parameters: object = {}, changes: object = {}) {
  const plan = { preset, ...PARAMETERS[preset], ...parameters };
  const baseline = preset === 'first-model' ? { baseline: { outcome: true } } : {};
  const rollouts = [{ ...file.rollouts[0], ...baseline, plan, ...changes }];
  const { config, warnings } = parseConfig(stringify({ ...file, rollouts }), 'f');
  const [rollout] = config.rollouts;
  if (rollout === undefined) throw new Error('there is one');
  return { ...rollout, warnings: warnings.map(({ path, message }) => `${path}: ${message}`) };
}

const eight = Object.fromEntries('abcdefghij'.split('').map((name) => [name, { at: `/${name}` }]));

describe.each(PLAN_PRESETS)('the plan %s', (preset) => {
  test('begins at 0%, is judged or approved in every stage, and ends at 100%', () => {
    const { stages, guards, shadows, ...rollout } = load(preset, { outcome: 'click' });
    expect([stages[0]?.weightBp, stages.at(-1)?.weightBp]).toEqual([0, 10_000]);
    expect(planOf({ ...rollout, shadows, stages, guards }, ASSUMED_TRAFFIC).unjudged).toEqual([]);
  });

  test('has nothing that may not be meant', () => {
    expect(load(preset, { outcome: 'click' }).warnings).toEqual([]);
  });

  test('keeps what guards may err together, also with more fields than it judges', () => {
    const { guards, warnings } = load(preset, { outcome: 'click' }, { prediction: { fields: eight } });
    expect(alphaBudgetOf(guards).fault).toBeUndefined();
    expect(guards.filter(({ what }) => 'field' in what)).toHaveLength(8);
    expect(warnings).toEqual(['rollouts[0].plan: it judges the first 8 fields of prediction, and not i, j']);
  });

  test('takes a bound for p95, and looks at no outcome that is not named', () => {
    const { guards } = load(preset, { p95: '80ms' });
    expect(guards.find(({ name }) => name === 'p95')?.threshold).toEqual({ kind: 'max', value: 80 });
    expect(guards.filter(({ what }) => what.metric === 'outcome')).toEqual([]);
    expect(load(preset, { outcome: 'click' }).guards.find(({ name }) => name === 'outcome')?.what).toMatchObject({
      outcome: 'click',
    });
  });

  test('is described in docs/plan.md as it is', () => {
    const docs = readFileSync(join(import.meta.dirname, '../../../docs/plan.md'), 'utf8');
    const section = docs.slice(docs.indexOf(`### ${preset}\n`)).split('\n### ')[0] ?? '';
    const yaml = /```yaml\n([\s\S]*?)```/.exec(section)?.[1] ?? '';
    const plan = { preset, ...PARAMETERS[preset], outcome: 'click' };
    const subject = { fields: ['label'], hasTwin: false };
    expect(parse(yaml)).toEqual(JSON.parse(JSON.stringify(writePreset(plan as never, subject))));
  });
});

test('a plan waits for nothing that early stages have no time to show', () => {
  const { guards, stages, ...rollout } = load('recommended', { outcome: 'click' });
  const plan = planOf({ ...rollout, guards, stages }, ASSUMED_TRAFFIC);
  expect(plan.stages.map(({ holdMs, expectedMs }) => expectedMs === holdMs)).not.toContain(false);
  expect(guards.filter(isJudge).map(({ name }) => name)).toEqual(['agreement-score', 'agreement-label', 'p95']);
});

test('the fast plan is over in less than three minutes at 20 requests a second', () => {
  const { guards, stages, ...rollout } = load('fast');
  const plan = planOf({ ...rollout, guards, stages }, { ...ASSUMED_TRAFFIC, requestsPerSecond: 20 });
  expect(plan.expectedMs).toBeLessThan(180_000);
});

test('agreement is net of a twin where there is one, and mirror-back is none', () => {
  const net = (changes: object) =>
    load('recommended', {}, changes).guards.flatMap(({ what }) => (what.metric === 'pair.agreement' ? [what.net] : []));
  expect(net({})).toEqual([false, false]);
  const twin = { name: 'twin', cluster: 'ranker-v1-shadow', version: '1' };
  expect(net({ shadows: [...file.rollouts[0].shadows, twin] })).toEqual([true, true]);
});

test('regions go one after the other, and nobody in them is moved back by what follows', () => {
  const { stages } = load('one-region-first');
  expect(stages.map(({ name, weightBp, scope }) => [name, weightBp, scope])).toEqual([
    ['shadow', 0, {}],
    ['first', 500, { country: ['NZ'] }],
    ['then', 500, { country: ['IE', 'IS'] }],
    ['five', 500, {}],
    ['quarter', 2_500, {}],
    ['most', 9_500, {}],
    ['all', 10_000, {}],
  ]);
  const plan = { preset: 'one-region-first', segment: 'country', first: 'NZ' };
  const { stages: short } = load('one-region-first', {}, { plan });
  expect(short.map(({ name }) => name)).not.toContain('then');
});

test('stages of your own replace those of the plan, and a guard of your own the one of its name', () => {
  const stages = [
    { name: 'shadow', weight: '0%', hold: { time: '1h' } },
    { name: 'all', weight: '100%' },
  ];
  const own = [
    { name: 'p95', metric: 'latency', quantile: 0.95, max: '1s' },
    { name: 'mine', metric: 'pair.missing', field: 'score', max: '1%' },
  ];
  const plain = load('recommended');
  const changed = load('recommended', {}, { stages, guards: own });
  expect(changed.stages.map(({ name }) => name)).toEqual(['shadow', 'all']);
  const names = (guards: typeof plain.guards) => guards.map(({ name }) => name);
  expect(names(changed.guards).sort()).toEqual([...names(plain.guards), 'mine'].sort());
  expect(changed.guards.find(({ name }) => name === 'p95')?.threshold).toEqual({ kind: 'max', value: 1_000 });
});

test('a plan by its name alone is the same as one in a map', () => {
  const named = (plan: unknown) => parseConfig(stringify({ ...file, rollouts: [{ ...file.rollouts[0], plan }] }), 'f');
  expect(named('careful').config).toEqual(named({ preset: 'careful' }).config);
});

test('what is wrong, or not meant, in a guard of the plan is said at the plan with the name of the guard', () => {
  const { warnings } = parseConfig(
    stringify({
      ...file,
      outcomes: undefined,
      rollouts: [{ ...file.rollouts[0], plan: { preset: 'recommended', outcome: 'click' } }],
    }),
    'f',
  );
  expect(warnings.map(({ path, message }) => `${path}: ${message}`)).toEqual([
    'rollouts[0].plan: its guard outcome: there is no outcomes: in this file, so this guard never has anything to look at',
  ]);
});

test('mirror-back is the last shadow: of the stable version, for what canary answers, a tenth of it', () => {
  const { shadows } = load('recommended');
  expect(shadows.map(({ name, onlyArm }) => [name, onlyArm])).toEqual([
    ['candidate', undefined],
    ['mirror-back', 'canary'],
  ]);
  expect(shadows[1]).toMatchObject({ cluster: 'ranker-v1-shadow', version: '1', sampleBp: 1_000, sampleBy: 'request' });
});
