import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GuardInput, GuardMethod } from '../../../../src/guards/input.ts';
import { errorRateMethod } from '../../../../src/guards/methods/error-rate.ts';
import { exposureMethod } from '../../../../src/guards/methods/exposure.ts';
import { latencyMethod } from '../../../../src/guards/methods/latency.ts';
import { noDataMethod } from '../../../../src/guards/methods/no-data.ts';
import { outcomeMethod } from '../../../../src/guards/methods/outcome.ts';
import { pairAgreementMethod } from '../../../../src/guards/methods/pair-agreement.ts';
import { pairDifferenceMethod } from '../../../../src/guards/methods/pair-difference.ts';
import { pairDriftMethod } from '../../../../src/guards/methods/pair-drift.ts';
import { pairMissingMethod } from '../../../../src/guards/methods/pair-missing.ts';
import { pairOverlapMethod } from '../../../../src/guards/methods/pair-overlap.ts';
import { pairShiftMethod } from '../../../../src/guards/methods/pair-shift.ts';
import { prometheusMethod } from '../../../../src/guards/methods/prometheus.ts';
import { srmMethod } from '../../../../src/guards/methods/srm.ts';
import type { GuardSpec, Threshold } from '../../../../src/guards/spec.ts';
import { armOf, chance, guardOf, inputOf, normal, pairOf, timesOf, valuesOf } from './blocks.ts';

const max: Threshold = { kind: 'max', value: 0.01 };
const min: Threshold = { kind: 'min', value: 0.9 };
const relative: Threshold = { kind: 'above-stable', relative: 0.1 };
const points: Threshold = { kind: 'above-stable', points: 0.001 };
const field = 'score';
const p95 = { metric: 'latency', quantile: 0.95 } as const;
const click = { metric: 'outcome', outcome: 'click', of: 'ratio', attributionMs: 0 } as const;

const erased = <State>(method: GuardMethod<State>) => method as GuardMethod<unknown>;
const METHODS: readonly (readonly [string, GuardMethod<unknown>, GuardSpec])[] = [
  ['latency', erased(latencyMethod), guardOf(p95, { kind: 'max', value: 50 })],
  ['latency against stable', erased(latencyMethod), guardOf(p95, relative)],
  ['latency in points', erased(latencyMethod), guardOf(p95, { kind: 'above-stable', points: 5 })],
  ['median latency', erased(latencyMethod), guardOf({ ...p95, quantile: 0.5 }, relative)],
  ['feature fetches', erased(latencyMethod), guardOf({ metric: 'feature-fetch', quantile: 0.99 }, relative)],
  ['errors', erased(errorRateMethod), guardOf({ metric: 'error-rate' }, max)],
  ['errors against stable', erased(errorRateMethod), guardOf({ metric: 'error-rate' }, relative)],
  ['errors in points', erased(errorRateMethod), guardOf({ metric: 'error-rate' }, points)],
  ['agreement', erased(pairAgreementMethod), guardOf({ metric: 'pair.agreement', field, net: false }, min)],
  ['net agreement', erased(pairAgreementMethod), guardOf({ metric: 'pair.agreement', field, net: true }, min)],
  ['difference', erased(pairDifferenceMethod), guardOf({ metric: 'pair.difference', field, measure: 'ratio' }, max)],
  ['overlap', erased(pairOverlapMethod), guardOf({ metric: 'pair.overlap', field }, min)],
  ['missing', erased(pairMissingMethod), guardOf({ metric: 'pair.missing', field }, max)],
  ['shift', erased(pairShiftMethod), guardOf({ metric: 'pair.shift', field, quantile: 0.5 }, max)],
  ['drift', erased(pairDriftMethod), guardOf({ metric: 'pair.drift', field, statistic: 'psi' }, max)],
  ['outcome', erased(outcomeMethod), guardOf(click, { kind: 'below-stable', relative: 0.02 })],
  [
    'outcome per unit',
    erased(outcomeMethod),
    guardOf({ ...click, of: 'per-unit' }, { kind: 'below-stable', points: 1 }),
  ],
  ['srm', erased(srmMethod), guardOf({ metric: 'srm' }, max)],
  ['exposure', erased(exposureMethod), guardOf({ metric: 'exposure' }, max)],
  ['prometheus', erased(prometheusMethod), guardOf({ metric: 'prometheus', url: '', query: '', everyMs: 1 }, max)],
  ['no data', erased(noDataMethod), guardOf({ metric: 'no-data' }, max)],
];

/** A block of anything, of a seed. */
function blockOf(seed: number): GuardInput {
  const random = chance(seed);
  const upTo = (most: number) => Math.floor(random() * (most + 1));
  const arm = () => {
    const [n, lost] = [upTo(60), upTo(3)];
    return random() < 0.1 ? undefined : armOf(n + lost, lost, timesOf(random, n, 0.5 + random()), [50]);
  };
  const weightBp = [0, 100, 500, 2500][upTo(3)] ?? 0;
  const [n, lost] = [upTo(80), upTo(5)];
  const numbers = () => valuesOf(Array.from({ length: n }, () => 3 + 5 * normal(random)));
  const pair = pairOf(n + lost, {
    agreeing: upTo(n),
    missingCandidate: { 'no-field': lost },
    reference: numbers(),
    candidate: numbers(),
    measures: new Map([
      ['ratio', numbers()],
      ['overlap', valuesOf(Array.from({ length: n }, random))],
    ]),
    noise: { both: upTo(9), candidateOnly: upTo(9), twinOnly: upTo(9), neither: upTo(90) },
  });
  const units = () =>
    Array.from({ length: upTo(40) }, () => ({
      unit: random() < 0.1 ? '' : `${upTo(300)}`,
      exposures: 1 + upTo(5),
      value: random(),
    }));
  const subject = (['canary', 'users', 'pairs', 'none'] as const)[Math.min(3, upTo(12) % 4)] ?? 'canary';
  return inputOf({
    durationMs: 9_990 + upTo(20),
    covered: random() > 0.1,
    warmingUp: random() < 0.1,
    subject,
    arms: [
      { weightBp, canary: weightBp === 0 ? undefined : arm(), stable: arm() },
      { weightBp: 5000, canary: arm(), stable: arm() },
    ],
    pairs: random() < 0.2 ? [] : [{ weightBp, pair }],
    outcomes: [
      { weightBp: Math.max(100, weightBp), arm: 'canary', units: units() },
      { weightBp: Math.max(100, weightBp), arm: 'stable', units: units() },
    ],
    sample: random() < 0.5 ? undefined : random(),
    assigned: [{ weightBp, canary: upTo(10), stable: upTo(100) }],
    delivered: { decisions: upTo(100), elsewhere: upTo(5) },
  });
}

describe('a state', () => {
  it.each(METHODS)('of %s goes on bit by bit after JSON, at any block', (_, method, spec) => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 150 }), fc.integer({ min: 0, max: 149 }), (seed, blocks, at) => {
        let [whole, restarted] = [method.start(spec), method.start(spec)];
        for (let block = 0; block < blocks; block++) {
          if (block === at) restarted = JSON.parse(JSON.stringify(restarted));
          whole = method.step(spec, whole, blockOf(seed + block));
          restarted = method.step(spec, restarted, blockOf(seed + block));
        }
        expect(JSON.stringify(restarted)).toBe(JSON.stringify(whole));
        const found = method.find(spec, whole);
        expect(method.find(spec, JSON.parse(JSON.stringify(whole)))).toEqual(found);
        for (const end of [found.value, found.lower, found.upper]) if (end !== undefined) expect(end).not.toBeNaN();
        expect(found.eValue ?? 0).toBeGreaterThanOrEqual(0);
        expect(found.needs?.n ?? 1).toBeGreaterThan(0);
      }),
      { numRuns: 12 },
    );
  });

  it.each(METHODS)('of %s is nothing that a limit needs: its sums are numbers that add up', (_, method, spec) => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const inputs = [0, 1, 2].map((block) => blockOf(seed + block));
        const total: Record<string, number> = {};
        for (const input of inputs) {
          for (const [name, count] of Object.entries(method.sums(spec, input) ?? {})) {
            expect(Number.isFinite(count)).toBe(true);
            total[name] = (total[name] ?? 0) + count;
          }
        }
        const { value, n } = method.read(spec, total);
        expect(n).toBeGreaterThanOrEqual(0);
        if (value !== undefined) expect(value).not.toBeNaN();
      }),
      { numRuns: 20 },
    );
  });
});
