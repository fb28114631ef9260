import { expect, test } from 'vitest';
import { createCollector } from '../../../src/evidence/collect.ts';
import { NOT_GUARDED } from '../../../src/evidence/guarded.ts';
import type { Judged } from '../../../src/guards/judge.ts';
import { guardedByRollout, guardedOf } from '../../../src/judging/guarded.ts';
import { guardJudge } from '../../../src/judging/judge.ts';
import { createJudging } from '../../../src/judging/loop.ts';
import { seenFromText, seenToText } from '../../../src/judging/seen-block.ts';
import { openStore } from '../../../src/store/sqlite.ts';
import { NO_FACTS, productionOf } from '../evidence/pairs.ts';
import { cellOf, guardOf, judgingOver, viewOf } from './stage.ts';

const judged = (limits: Readonly<Record<string, number>>): Judged => ({
  rollout: 'ranker',
  release: 'r1',
  guards: Object.entries(limits).map(([name, value]) => guardOf({ name, threshold: { kind: 'max', value } })),
  candidateShadow: 'candidate',
  canaryVersion: '2',
});

const seen = (latencies: number[], at: number) => ({
  ...{ startMs: 1_700_000_000_000 + at * 10_000, durationMs: 10_000, covered: true, weightBp: 500 },
  ...{ weightChangedMsAgo: undefined, outcomes: {}, samples: {}, assigned: [] },
  cells: [cellOf(latencies), cellOf(latencies, { arm: 'canary' })],
  delivered: { decisions: 0, elsewhere: 0 },
});

test('a guard whose spec changed starts anew, the others go on bit by bit, whatever their order', () => {
  const after = (limits: Readonly<Record<string, number>>) => {
    let state = guardJudge.start(judged(limits));
    for (let at = 0; at < 5; at++) state = guardJudge.step(state, seen([10, 60, 70, at], at));
    return state;
  };
  const before = after({ a: 50, b: 60 });
  const [a, b] = structuredClone(before.guards);
  const [fresh] = guardJudge.start(judged({ b: 61 })).guards;
  expect(guardJudge.adopt(before, judged({ b: 60, a: 50 })).guards).toEqual([b, a]);
  expect(guardJudge.adopt(before, judged({ a: 50, b: 61 })).guards).toEqual([a, fresh]);
  expect(guardJudge.adopt(before, judged({ c: 50 })).guards).toHaveLength(1);
  expect(b).not.toEqual(fresh);
});

test('a guard on a field that is compared in another way starts anew, from the block in which it is', async () => {
  const what = (field: string) => ({ metric: 'pair.agreement', field, net: false }) as const;
  const guards = [guardOf({ name: 'a', what: what('a') }), guardOf({ name: 'b', what: what('b') }), guardOf()];
  const views = (abs: number) => {
    const field = (name: string, abs: number) =>
      ({ name, source: { at: `/${name}` }, compare: { kind: 'number', abs, rel: 0 } }) as const;
    const fields = [field('a', abs), field('b', 5), field('nobody asks', abs)];
    const none = { batch: { at: undefined, key: undefined }, timings: { featureFetch: undefined } };
    const prediction = { preset: 'json', fields, ...none } as const;
    return [viewOf({ guards, prediction })];
  };
  const store = openStore(':memory:');
  const stage = judgingOver(store, { views: views(5) });
  const judgedOf = (): Judged => JSON.parse(store.judges()[0]?.judged ?? '');
  await stage.next();
  const before = judgedOf();
  stage.views = views(50);
  await stage.next();
  const now = judgedOf();
  expect(Object.keys(now.compared ?? {})).toEqual(['a', 'b']);

  const state = guardJudge.step(guardJudge.start(before), seen([10, 60], 0));
  const [ofA, ofB, ofP95] = structuredClone(state.guards);
  const [fresh] = guardJudge.start(now).guards;
  expect(ofA).not.toEqual(fresh);
  expect(guardJudge.adopt(structuredClone(state), now).guards).toEqual([fresh, ofB, ofP95]);
  // an earlier version did not say how
  const { compared: _, ...unsaid } = before;
  expect(guardJudge.adopt({ ...state, judged: unsaid }, now).guards).toEqual([ofA, ofB, ofP95]);
});

test('the judge as it is: through JSON after every block, or never, it comes to the same bits', () => {
  let [kept, read] = [guardJudge.start(judged({ a: 50 })), guardJudge.start(judged({ a: 50 }))];
  for (let at = 0; at < 30; at++) {
    const block = seenFromText(seenToText(seen([10 + at, 49.5, 50.5, 200 / (at + 1)], at)));
    kept = guardJudge.step(kept, block);
    read = JSON.parse(JSON.stringify(guardJudge.step(read, block)));
    expect(JSON.stringify(read)).toBe(JSON.stringify(kept));
  }
  expect(guardJudge.verdicts(read)).toHaveLength(1);
});

test('limits of latency and feature fetch are counted exactly, with where they clear; relative ones are not', () => {
  const guards = [
    guardOf({ threshold: { kind: 'max', value: 50 }, clear: 40 }),
    guardOf({ threshold: { kind: 'max', value: 50 } }),
    guardOf({ threshold: { kind: 'above-stable', relative: 0.1 } }),
    guardOf({ what: { metric: 'feature-fetch', quantile: 0.99 }, threshold: { kind: 'max', value: 8 } }),
    guardOf({ what: { metric: 'srm' } }),
  ];
  expect(guardedOf(guards)).toEqual({ latencyMs: [40, 50], featureFetchMs: [8], units: true });
  expect(guardedOf([])).toBe(NOT_GUARDED);
  expect(Object.keys(guardedByRollout([{ name: 'a', guards }, { name: 'b' }]))).toEqual(['a']);
});

test('the segment values that guards and stages name are told, also without guards; those of `each` are not', () => {
  const stages = [{ scope: {} }, { scope: { country: ['NZ', 'IE'] } }, { scope: { country: ['NZ'], tier: ['gold'] } }];
  const guards = [guardOf({ scope: { country: ['FR'] } }), guardOf({ scope: { state: 'each' } }), guardOf()];
  expect(guardedOf(guards, stages).named).toEqual({ country: ['FR', 'IE', 'NZ'], tier: ['gold'] });
  expect(
    guardedByRollout([
      { name: 'a', stages },
      { name: 'b', stages: [{ scope: {} }] },
    ]),
  ).toEqual({
    a: { latencyMs: [], featureFetchMs: [], units: false, named: { country: ['IE', 'NZ'], tier: ['gold'] } },
  });
});

test.each([
  [20, 'pass'],
  [1_000, 'fail'],
])(
  'with at most %i requests of a unit, 1,000 errors of one client beside 300 of others: %s',
  async (maxPerUnit, status) => {
    const store = openStore(':memory:');
    const errors = guardOf({ name: 'errors', what: { metric: 'error-rate' }, threshold: { kind: 'max', value: 0.1 } });
    const judging = createJudging({
      ...{ store, judge: guardJudge, views: () => [viewOf({ guards: [errors] })], count: () => {}, log: () => {} },
      ...{ nowMs: () => 0, wallMs: () => 0 },
    });
    const origin = { sidecar: store.sidecarId(), thread: 't' };
    const collector = createCollector({ count: () => {}, wallMs: 0, monotonicMs: 0, origin, maxPerUnit });
    const send = (unit: string, failed: boolean) =>
      collector.addExchange(
        productionOf({ arm: 'canary', status: failed ? 500 : 200, decision: { unit, weightBp: 500 } }),
        { ...NO_FACTS, error: failed ? 'http-5xx' : undefined },
      );
    for (let n = 0; n < 1_000; n++) send('ffffffffffffffff', true);
    for (let n = 0; n < 300; n++) send(n.toString(16).padStart(16, '0'), false);
    await judging.takeBlock(collector.close(0, 10_000));
    expect(judging.verdicts.list('ranker')).toMatchObject([{ guard: 'errors', status }]);
  },
);
