/** Blocks of 10 s as guards see them, from few numbers; chance from a seed. */
import { emptyArm, emptyField, emptyPair, fieldKey } from '../../../../src/evidence/merge.ts';
import { add, LATENCY_ALPHA, newSketch, VALUE_ALPHA } from '../../../../src/evidence/sketch.ts';
import { binomialQuantile } from '../../../../src/evidence/statistics/special.ts';
import type { ArmSums, FieldSums, PairSums } from '../../../../src/evidence/sums.ts';
import type { Finding, GuardInput, GuardMethod } from '../../../../src/guards/input.ts';
import type { GuardMetric, GuardSpec, Threshold } from '../../../../src/guards/spec.ts';

export function guardOf(what: GuardMetric, threshold: Threshold, more: Partial<GuardSpec> = {}): GuardSpec {
  return {
    name: 'guard',
    what,
    threshold,
    forMs: 0,
    clear: undefined,
    windowMs: 60_000,
    minN: 1,
    missing: 'hold',
    evidence: 'e-value',
    alpha: 0.01,
    warmUpMs: 120_000,
    action: 'rollback',
    promote: 'shown',
    dryRun: false,
    scope: {},
    ...more,
  };
}

export function inputOf(more: Partial<GuardInput> = {}): GuardInput {
  return {
    startMs: 0,
    durationMs: 10_000,
    covered: true,
    warmingUp: false,
    subject: 'canary',
    arms: [],
    pairs: [],
    outcomes: [],
    sample: undefined,
    assigned: [],
    delivered: { decisions: 0, elsewhere: 0 },
    ...more,
  };
}

/** `times`: ms of those that were answered; the rest of `requests` was not. `over`: thresholds counted exactly. */
export function armOf(
  requests: number,
  errors = 0,
  times: readonly number[] = [],
  over: readonly number[] = [],
): ArmSums {
  const latency = newSketch(LATENCY_ALPHA, over);
  for (const ms of times) add(latency, ms);
  const featureFetch = newSketch(LATENCY_ALPHA, over);
  for (const ms of times) add(featureFetch, ms);
  return { ...emptyArm(), requests, errors: errors > 0 ? { 'http-5xx': errors } : {}, latency, featureFetch };
}

export function pairOf(pairs: number, field: Partial<FieldSums> = {}): PairSums {
  const sums = { ...emptyPair(), pairs };
  const held = { ...emptyField('score', 'number'), pairs, agreeing: pairs, elements: pairs, ...field };
  sums.fields.set(fieldKey('score', 'number'), held);
  return sums;
}

export function valuesOf(values: Iterable<number>) {
  const sketch = newSketch(VALUE_ALPHA);
  for (const value of values) add(sketch, value);
  return sketch;
}

/** Mulberry32: 0 <= x < 1. */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function binomial(random: () => number, n: number, p: number): number {
  if (n === 0 || p === 0) return 0;
  return binomialQuantile(Math.min(1 - 1e-12, Math.max(1e-12, random())), n, p);
}

export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Lognormal ms, sigma 0.5, p95 about 45 ms at `scale` 1. */
export function timesOf(random: () => number, n: number, scale = 1): number[] {
  return Array.from({ length: n }, () => scale * 20 * Math.exp(0.5 * normal(random)));
}

export function run<State>(method: GuardMethod<State>, spec: GuardSpec, inputs: Iterable<GuardInput>): Finding {
  let state = method.start(spec);
  for (const input of inputs) state = method.step(spec, state, input);
  return method.find(spec, state);
}

/** Block in which harm was first shown, from 1; undefined: never. */
export function firstHarm<State>(method: GuardMethod<State>, spec: GuardSpec, inputs: Iterable<GuardInput>) {
  let state = method.start(spec);
  let block = 0;
  for (const input of inputs) {
    block++;
    state = method.step(spec, state, input);
    if (method.find(spec, state).shown === 'harm') return block;
  }
  return undefined;
}

export function* repeated(times: number, make: (block: number) => GuardInput): Generator<GuardInput> {
  for (let block = 0; block < times; block++) yield make(block);
}
