/** What bench:evidence measures is what ships: the engine of guards and the fast path know the same, bit by bit. */
import { expect, test } from 'vitest';
import { BINS_PER_LN } from '../../../bench/evidence/bins.ts';
import {
  NO_LOWER,
  NO_WORSE,
  newAgreementGuard,
  newClickGuard,
  newErrorGuard,
  newLatencyGuard,
  newLimitGuard,
  specOf,
} from '../../../bench/evidence/guards.ts';
import { drawBinomial, drawNormal, drawPoisson, newRandom } from '../../../bench/evidence/random.ts';
import { comeAndClick, newCrowd, tableOf } from '../../../bench/evidence/users.ts';
import {
  arrivals,
  clicks,
  lnMedian,
  newErrors,
  sinceChangeMs,
  TICK_S,
  weightAt,
} from '../../../bench/evidence/world.ts';
import { emptyArm, emptyPair } from '../../../src/evidence/merge.ts';
import { add, LATENCY_ALPHA, mergeInto, newSketch, VALUE_ALPHA } from '../../../src/evidence/sketch.ts';
import { countAbove, quantileEdge } from '../../../src/evidence/statistics/tail-exceedance.ts';
import type { ArmSums, Cell, FieldSums, Sketch } from '../../../src/evidence/sums.ts';
import type { RipeUnits } from '../../../src/guards/input.ts';
import { newJudge, stepJudge, verdictsOf } from '../../../src/guards/judge.ts';
import { outcomeMethod } from '../../../src/guards/methods/outcome.ts';
import { evidenceOf, newStrataBet } from '../../../src/guards/methods/strata-bet.ts';
import { newUnitless } from '../../../src/guards/methods/unitless.ts';
import type { GuardSpec } from '../../../src/guards/spec.ts';
import type { SeenBlock } from '../../../src/guards/state.ts';

const KEY = { rollout: 'ranker', release: 'r1', shadow: '', segment: '', segmentValue: '' };

function cell(weightBp: number, arm: 'canary' | 'stable', sums: Partial<ArmSums>): Cell {
  return { key: { ...KEY, weightBp, arm }, arm: { ...emptyArm(), ...sums } };
}

function judgeOf(...guards: GuardSpec[]) {
  return newJudge({ rollout: 'ranker', release: 'r1', guards, candidateShadow: 'candidate' });
}

function seen(second: number, weightBp: number, changes: Partial<SeenBlock>): SeenBlock {
  const nothing = { cells: [], outcomes: {}, samples: {}, assigned: [], delivered: { decisions: 0, elsewhere: 0 } };
  const block = { startMs: 1_000_000 + second * 1_000, durationMs: TICK_S * 1_000, covered: true, weightBp };
  return { ...block, weightChangedMsAgo: undefined, ...nothing, ...changes };
}

const LADDER = { requestsPerSecond: 100, weight: 'ladder', diurnal: true, onsetS: 3_000 } as const;

test('the engine and the bench know the same of errors after each block of a ladder with bursts, bit by bit', () => {
  for (const day of [1, 2]) {
    const random = newRandom(5, day);
    const world = { ...LADDER, bursts: { perHour: 6, seconds: 10, share: 0.05 } };
    const [errors, guard] = [newErrors(random, world, 2), newErrorGuard(0.01)];
    let state = judgeOf(specOf({ metric: 'error-rate' }, NO_WORSE, 0.01));
    for (let second = 0; second < 14_400; second += TICK_S) {
      const arms = arrivals(random, world, second);
      const found = errors(second, arms);
      const [weightBp, since] = [weightAt(world, second), sinceChangeMs(world, second)];
      const isHarm = guard.step(weightBp, arms, found, since);
      const cells = (['canary', 'stable'] as const).map((arm) =>
        cell(weightBp, arm, { requests: arms[arm], errors: { 'http-5xx': found[arm] } }),
      );
      state = stepJudge(state, seen(second, weightBp, { cells, weightChangedMsAgo: since }));
      const [verdict] = verdictsOf(state);
      if (verdict?.n === 0) continue;
      expect(verdict?.eValue).toBe(evidenceOf(guard.bet()));
      expect(verdict?.status === 'fail').toBe(isHarm);
    }
  }
});

test('the engine and the bench know the same of latencies after each block, bit by bit', () => {
  const random = newRandom(6, 1);
  const world = { ...LADDER, requestsPerSecond: 10, bursts: undefined };
  const guard = newLatencyGuard(0.95, 0.01, { bet: newStrataBet(), edge: undefined });
  let state = judgeOf(specOf({ metric: 'latency', quantile: 0.95 }, NO_WORSE, 0.01));
  let [lag, lagged] = [newSketch(LATENCY_ALPHA), 0];
  let last: number | undefined;
  for (let second = 0; second < 12_000; second += TICK_S) {
    const arms = arrivals(random, world, second);
    const slower = second >= world.onsetS ? Math.log(1.15) : 0;
    const [canary, stable] = [
      latencies(random, arms.canary, lnMedian(world, second) + slower),
      latencies(random, arms.stable, lnMedian(world, second)),
    ];
    const [weightBp, since] = [weightAt(world, second), sinceChangeMs(world, second)];
    const edge = { alpha: LATENCY_ALPHA, bin: guard.edge === undefined ? null : Math.round(guard.edge * BINS_PER_LN) };
    const above = { canary: countAbove(canary, edge), stable: countAbove(stable, edge) };
    mergeInto(lag, stable);
    const takeEdge = (n: number) => {
      expect(n).toBe(lag.count);
      return (quantileEdge(lag, 0.95)?.bin ?? Number.NaN) / BINS_PER_LN;
    };
    const isHarm = guard.step(weightBp, arms, above, takeEdge, since);
    if (++lagged % 30 === 0) lag = newSketch(LATENCY_ALPHA);
    const cells = [
      cell(weightBp, 'canary', { requests: arms.canary, latency: canary }),
      cell(weightBp, 'stable', { requests: arms.stable, latency: stable }),
    ];
    state = stepJudge(state, seen(second, weightBp, { cells, weightChangedMsAgo: since }));
    const [verdict] = verdictsOf(state);
    if (verdict?.eValue === undefined) continue;
    last = verdict.eValue;
    expect(last).toBe(evidenceOf(guard.bet()));
    expect(verdict.status === 'fail').toBe(isHarm);
  }
  expect(last).toBeGreaterThan(100);
});

function latencies(random: () => number, n: number, lnMedianMs: number): Sketch {
  const sketch = newSketch(LATENCY_ALPHA);
  for (let left = n; left > 0; left--) add(sketch, Math.exp(lnMedianMs + 0.5 * drawNormal(random)));
  return sketch;
}

test('the engine and the bench find the same of users who come back, bit by bit', () => {
  const random = newRandom(7, 1);
  const users = { users: 2_000, weightBp: 2_500, requestsPerSecond: 5, effect: 0.3 };
  const spec = specOf({ metric: 'outcome', outcome: 'click', of: 'ratio', attributionMs: 0 }, NO_LOWER, 0.01);
  const crowd = newCrowd(random, users);
  let state = judgeOf(spec);
  let before = { x: crowd.x.slice(), y: crowd.y.slice() };
  for (let second = 0; second < 3_000; second += TICK_S) {
    comeAndClick(random, crowd, users.requestsPerSecond * TICK_S);
    const click = (['stable', 'canary'] as const).map((arm, isCanary): RipeUnits => {
      const came = [...crowd.x.keys()].filter((at) => crowd.isCanary[at] === isCanary && crowd.x[at] !== before.x[at]);
      const units = came.map((at) => {
        const exposures = (crowd.x[at] ?? 0) - (before.x[at] ?? 0);
        return { unit: `user-${at}`, exposures, value: (crowd.y[at] ?? 0) - (before.y[at] ?? 0) };
      });
      return { weightBp: users.weightBp, arm, units };
    });
    before = { x: crowd.x.slice(), y: crowd.y.slice() };
    state = stepJudge(state, seen(second, users.weightBp, { outcomes: { click } }));
    const [canary, stable] = [tableOf(crowd, 1, users.weightBp), tableOf(crowd, 0, users.weightBp)];
    const known = { canary, stable, unitless: newUnitless(), ms: 0, pace: { perSecond: null } };
    const { value, lower, upper, n, eValue, shown } = outcomeMethod.find(spec, known);
    expect(verdictsOf(state)[0]).toMatchObject({ value, lower, upper, n, eValue });
    expect(verdictsOf(state)[0]?.status === 'fail').toBe(shown === 'harm');
  }
  expect(verdictsOf(state)[0]?.status).toBe('fail');
});

test('the engine and the bench fail clicks without a unit in the same block', () => {
  const random = newRandom(9, 1);
  const spec = specOf({ metric: 'outcome', outcome: 'click', of: 'ratio', attributionMs: 0 }, NO_LOWER, 0.01);
  const world = { requestsPerSecond: 100, weight: 2_500, diurnal: true, bursts: undefined, onsetS: 0 };
  const guard = newClickGuard(0.01, NO_LOWER);
  let state = judgeOf(spec);
  const failed: number[] = [];
  for (let second = 0; second < 7_200; second += TICK_S) {
    const arms = arrivals(random, world, second);
    const found = clicks(random, world, second, arms, 0.85);
    const click = (['canary', 'stable'] as const).map((arm): RipeUnits => {
      return { weightBp: 2_500, arm, units: [{ unit: '', exposures: arms[arm], value: found[arm] }] };
    });
    state = stepJudge(state, seen(second, 2_500, { outcomes: { click } }));
    const isHarm = guard.step(2_500, arms, found);
    // the bench looks when a minute closes, between which nothing changes
    if ((second + TICK_S) % 60 === 0) expect(verdictsOf(state)[0]?.status === 'fail').toBe(isHarm);
    if (isHarm) failed.push(second);
  }
  expect(failed.length).toBeGreaterThan(0);
});

test('the engine and the bench fail a limit of errors, and one of agreement, in the same block', () => {
  const random = newRandom(8, 1);
  const errorSpec = specOf({ metric: 'error-rate' }, { kind: 'max', value: 0.01 }, 0.01);
  const agreementSpec = specOf(
    { metric: 'pair.agreement', field: 'label', net: false },
    { kind: 'min', value: 0.98 },
    0.01,
  );
  const [limit, agreement] = [newLimitGuard(0.01, 0.01, 'rate'), newAgreementGuard(0.01, 0.98, false)];
  let [errors, labels] = [judgeOf(errorSpec), judgeOf(agreementSpec)];
  const fired: string[] = [];
  for (let second = 0; second < 3_600; second += TICK_S) {
    const n = drawPoisson(random, 50);
    const events = drawBinomial(random, n, 0.02);
    const cells = [cell(500, 'canary', { requests: n, errors: { 'http-5xx': events } })];
    errors = stepJudge(errors, seen(second, 500, { cells }));
    const isHarm = limit(n, events);
    expect(verdictsOf(errors)[0]?.status === 'fail').toBe(isHarm);

    const agreeing = drawBinomial(random, n, 0.965);
    const pair = { ...emptyPair(), pairs: n, fields: new Map([['label\0class', fieldOf(n, agreeing)]]) };
    const key = { ...KEY, weightBp: 0, arm: 'stable', shadow: 'candidate' } as const;
    labels = stepJudge(labels, seen(second, 0, { cells: [{ key, pair }] }));
    const differs = agreement({ pairs: n, agreeing, candidateOnly: 0, twinOnly: 0 });
    expect(verdictsOf(labels)[0]?.status === 'fail').toBe(differs);
    if (isHarm) fired.push('errors');
    if (differs) fired.push('agreement');
  }
  expect(new Set(fired)).toEqual(new Set(['errors', 'agreement']));
});

/** A field with what the guard reads of it. */
function fieldOf(pairs: number, agreeing: number): FieldSums {
  const [reference, candidate] = [newSketch(VALUE_ALPHA), newSketch(VALUE_ALPHA)];
  const empty = { missingReference: {}, missingCandidate: {}, measures: new Map(), confusion: new Map() };
  const counts = { pairs, agreeing, elements: pairs, agreeingElements: agreeing, flips: 0, flippedAmount: 0 };
  const noise = { both: 0, candidateOnly: 0, twinOnly: 0, neither: pairs };
  return { name: 'label', kind: 'class', reference, candidate, ...empty, ...counts, noise };
}
