import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { emptyField, fieldKey } from '../../../src/evidence/merge.ts';
import { add, newSketch, VALUE_ALPHA } from '../../../src/evidence/sketch.ts';
import type { Cell } from '../../../src/evidence/sums.ts';
import { newJudge, stepJudge, verdictsOf } from '../../../src/guards/judge.ts';
import type { GuardMetric, GuardSpec } from '../../../src/guards/spec.ts';
import { armCell, guardOf, judgedOf, pairCell, seenOf, times } from './stage.ts';

const METRICS: readonly GuardMetric[] = [
  { metric: 'latency', quantile: 0.95 },
  { metric: 'feature-fetch', quantile: 0.99 },
  { metric: 'error-rate' },
  { metric: 'pair.agreement', field: 'score', net: false },
  { metric: 'pair.agreement', field: 'score', net: true },
  { metric: 'pair.difference', field: 'score', measure: 'difference' },
  { metric: 'pair.shift', field: 'score', quantile: 0.5 },
  { metric: 'pair.overlap', field: 'score' },
  { metric: 'pair.missing', field: 'score' },
  { metric: 'pair.drift', field: 'score', statistic: 'psi' },
  { metric: 'outcome', outcome: 'click', of: 'ratio', attributionMs: 0 },
  { metric: 'srm' },
  { metric: 'exposure' },
  { metric: 'prometheus', url: '', query: '', everyMs: 60_000 },
  { metric: 'no-data' },
];

/** Of every metric a plain limit, and where there is such a thing a comparison with stable. */
const GUARDS: readonly GuardSpec[] = METRICS.flatMap((what) => {
  const atLeast = what.metric === 'pair.agreement' || what.metric === 'pair.overlap' || what.metric === 'outcome';
  const limit = guardOf({
    name: what.metric,
    what,
    threshold: { kind: atLeast ? 'min' : 'max', value: what.metric === 'latency' ? 50 : 0.02 },
    windowMs: 60_000,
    forMs: 30_000,
    evidence: 'none',
  });
  const kind = atLeast ? 'below-stable' : 'above-stable';
  const versus = guardOf({
    ...limit,
    name: `${what.metric} vs stable`,
    threshold: { kind, relative: 0.1 },
    forMs: 0,
    evidence: 'e-value',
  });
  const isPlain = ['srm', 'exposure', 'prometheus', 'no-data'].includes(what.metric);
  return isPlain ? [{ ...limit, evidence: what.metric === 'srm' ? 'e-value' : 'none' }] : [limit, versus];
});

function timed(cell: Cell, latencyMs: number): Cell {
  if ('arm' in cell) {
    for (let at = 0; at < cell.arm.requests; at++) {
      add(cell.arm.latency, latencyMs * (1 + (at % 20) / 10));
      add(cell.arm.featureFetch, latencyMs / 10);
    }
    return cell;
  }
  const field = emptyField('score', 'number');
  const overlap = newSketch(VALUE_ALPHA);
  const difference = newSketch(VALUE_ALPHA);
  for (let at = 0; at < cell.pair.pairs; at++) {
    add(cell.pair.candidate.latency, latencyMs);
    add(cell.pair.reference.latency, latencyMs);
    add(field.reference, at);
    add(field.candidate, at + 0.01);
    add(overlap, 0.9);
    add(difference, 0.01);
  }
  Object.assign(field, { pairs: cell.pair.pairs, agreeing: cell.pair.pairs, elements: cell.pair.pairs });
  field.noise.neither = cell.pair.pairs;
  field.measures.set('overlap', overlap).set('difference', difference);
  cell.pair.fields.set(fieldKey('score', 'number'), field);
  return cell;
}

interface Drawn {
  readonly n: number;
  readonly k: number;
  readonly latencyMs: number;
  readonly weightBp: number;
  readonly covered: boolean;
}

function blockOf({ n, k, latencyMs, weightBp, covered }: Drawn) {
  const errors = Math.min(n, k);
  const units = (arm: 'stable' | 'canary') => ({
    weightBp,
    arm,
    units: Array.from({ length: n % 7 }, (_, at) => ({ unit: `${arm}${at}`, exposures: 1 + at, value: at % 2 })),
  });
  return seenOf(
    [
      ...(weightBp > 0 ? [timed(armCell(n, errors, { weightBp }), latencyMs)] : []),
      timed(armCell(2 * n, errors, { weightBp, arm: 'stable' }), latencyMs),
      timed(pairCell(n, errors, { weightBp }), latencyMs),
    ],
    {
      weightBp,
      covered,
      outcomes: { click: [units('stable'), units('canary')] },
      samples: { prometheus: k > 15 ? undefined : k / 100 },
      assigned: [{ weightBp, canary: k, stable: 3 * k }],
      delivered: { decisions: n, elsewhere: k > 15 ? 1 : 0 },
    },
  );
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  n: fc.nat(60),
  k: fc.nat(20),
  latencyMs: fc.double({ min: 0.1, max: 1000, noNaN: true }),
  weightBp: fc.constantFrom(0, 500, 500, 2500, 9800, 10_000),
  covered: fc.constantFrom(true, true, true, false),
});

describe('a judge with every kind of guard', () => {
  test('goes on bit by bit as before when it was written and read back after any block', () => {
    fc.assert(
      fc.property(fc.array(drawn, { minLength: 1, maxLength: 30 }), (blocks) => {
        let [kept, reread] = [newJudge(judgedOf(GUARDS)), newJudge(judgedOf(GUARDS))];
        for (const one of blocks) {
          kept = stepJudge(kept, blockOf(one));
          reread = JSON.parse(JSON.stringify(stepJudge(reread, blockOf(one))));
          expect(JSON.stringify(reread)).toBe(JSON.stringify(kept));
        }
        expect(verdictsOf(kept)).toHaveLength(GUARDS.length);
      }),
      { numRuns: 15 },
    );
  });

  test('says of each guard something that people can read', () => {
    let state = newJudge(judgedOf(GUARDS));
    const healthy = blockOf({ n: 50, k: 0, latencyMs: 10, weightBp: 500, covered: true });
    for (const block of times(60, healthy)) state = stepJudge(state, block);
    for (const { sentence, guard } of verdictsOf(state)) {
      expect(sentence, guard).toMatch(/\S/);
      expect(sentence, guard).not.toMatch(/NaN|undefined|Infinity|null/);
    }
  });

  test('neither passes nor fails anything while nothing is seen', () => {
    let state = newJudge(judgedOf(GUARDS));
    for (const weightBp of [...times(20, 0), ...times(40, 500), ...times(40, 10_000)]) {
      state = stepJudge(state, seenOf([], { weightBp }));
      const statuses = verdictsOf(state).map(({ status }) => status);
      expect(statuses).not.toContain('pass');
      expect(statuses).not.toContain('fail');
    }
    expect(verdictsOf(state).some(({ status }) => status === 'no-data')).toBe(true);
  });
});
