import { describe, expect, it } from 'vitest';
import { errorRateMethod } from '../../../../src/guards/methods/error-rate.ts';
import { armOf, binomial, chance, firstHarm, guardOf, inputOf, pairOf, repeated, run } from './blocks.ts';

const what = { metric: 'error-rate' } as const;
const absolute = guardOf(what, { kind: 'max', value: 0.001 });
const relative = guardOf(what, { kind: 'above-stable', relative: 0 });
const points = guardOf(what, { kind: 'above-stable', points: 0.001 });

/** 100 requests/s, 5 % of them canary. */
function traffic(random: () => number, canary: number, stable: number) {
  return () =>
    inputOf({
      arms: [
        {
          weightBp: 500,
          canary: armOf(50, binomial(random, 50, canary)),
          stable: armOf(950, binomial(random, 950, stable)),
        },
      ],
    });
}

describe('the error rate against a limit', () => {
  it('is shown to be broken within minutes when it is ten times the limit', () => {
    const block = firstHarm(errorRateMethod, absolute, repeated(360, traffic(chance(1), 0.01, 0.001)));
    expect(block).toBeLessThan(60);
  });

  it('is shown to be kept by enough requests without one error, and not by few', () => {
    const clean = () =>
      inputOf({ subject: 'users', arms: [{ weightBp: 500, canary: armOf(1000), stable: undefined }] });
    expect(run(errorRateMethod, absolute, repeated(1, clean)).shown).toBeUndefined();
    const found = run(errorRateMethod, absolute, repeated(40, clean));
    expect(found.shown).toBe('fine');
    expect(found.value).toBe(0);
    expect(found.upper).toBeGreaterThan(0.0001);
  });

  it('says nothing without traffic: no errors of no requests are no zero', () => {
    const found = run(
      errorRateMethod,
      absolute,
      repeated(100, () => inputOf({ subject: 'users' })),
    );
    expect(found).toMatchObject({ value: undefined, n: 0, shown: undefined });
    expect(errorRateMethod.sums(absolute, inputOf({ subject: 'users' }))).toBeUndefined();
  });

  it('looks at the canary alone, however many requests stable answers', () => {
    const arms = [{ weightBp: 100, canary: armOf(10, 5), stable: armOf(10_000) }];
    expect(errorRateMethod.sums(absolute, inputOf({ subject: 'users', arms }))).toEqual({ n: 10, events: 5 });
  });

  it('counts neither aborted requests nor those of an uncovered block', () => {
    const canary = { ...armOf(100), errors: { aborted: 50, timeout: 1 } };
    const arms = [{ weightBp: 500, canary, stable: undefined }];
    expect(errorRateMethod.sums(absolute, inputOf({ subject: 'users', arms }))).toEqual({ n: 100, events: 1 });
    expect(run(errorRateMethod, absolute, [inputOf({ covered: false, subject: 'users', arms })]).n).toBe(0);
  });

  it('starts anew when another arm answers users', () => {
    const on = (weightBp: number, arm: 'stable' | 'canary') => () =>
      inputOf({ subject: 'users', arms: [{ weightBp, canary: undefined, stable: undefined, [arm]: armOf(100, 50) }] });
    const inputs = [...repeated(30, on(0, 'stable')), ...repeated(1, on(500, 'canary'))];
    expect(run(errorRateMethod, absolute, inputs).n).toBe(100);
  });
});

describe('the error rate against stable', () => {
  it.each([
    ['relative', relative],
    ['points', points],
  ])('is shown to be worse when it is ten times stable, %s', (_, spec) => {
    const block = firstHarm(errorRateMethod, spec, repeated(360, traffic(chance(2), 0.01, 0.001)));
    expect(block).toBeLessThan(120);
  });

  it('is not shown to be worse by one burst on its only pod', () => {
    const random = chance(3);
    const calm = traffic(random, 0.001, 0.001);
    const burst = () => inputOf({ arms: [{ weightBp: 500, canary: armOf(50, 40), stable: armOf(950, 2) }] });
    const inputs = repeated(720, (block) => (block === 300 ? burst() : calm()));
    expect(firstHarm(errorRateMethod, relative, inputs)).toBeUndefined();
  });

  it('is not shown to be worse on healthy days', () => {
    let [alarms, days] = [0, 200];
    for (let day = 0; day < days; day++) {
      if (firstHarm(errorRateMethod, relative, repeated(180, traffic(chance(100 + day), 0.002, 0.002)))) alarms++;
    }
    expect(alarms).toBeLessThanOrEqual(6);
  });

  it('keeps weights apart: a ramp at a bad hour is no effect (Simpson)', () => {
    const ramp = (block: number) => {
      const [weightBp, canary, rate] = block < 180 ? [100, 10, 0.01] : [2500, 250, 0.06];
      const stable = 1000 - canary;
      const canaryArm = armOf(canary, Math.round(canary * rate));
      return inputOf({ arms: [{ weightBp, canary: canaryArm, stable: armOf(stable, Math.round(stable * rate)) }] });
    };
    const found = run(errorRateMethod, relative, repeated(360, ramp));
    expect(found.eValue).toBeLessThan(10);
    expect(Math.abs(found.value ?? 1)).toBeLessThan(0.05);
    const [early, late] = [ramp(0), ramp(200)].map((input) => errorRateMethod.sums(relative, input) ?? {});
    expect(Math.abs(errorRateMethod.read(relative, { ...early, ...late }).value ?? 1)).toBeLessThan(0.05);
  });

  it('keeps weights apart that come at a time, as rules make them', () => {
    const alike = (weightBp: number, canary: number, stable: number, rate: number) => ({
      weightBp,
      canary: armOf(canary, canary * rate),
      stable: armOf(stable, stable * rate),
    });
    const mixed = () => inputOf({ arms: [alike(100, 100, 9900, 0.01), alike(5000, 500, 500, 0.06)] });
    const found = run(errorRateMethod, relative, repeated(360, mixed));
    expect(found.eValue).toBeLessThan(10);
    expect(found.value).toBeCloseTo(0, 1);
  });

  it('is not looked at while warming up', () => {
    const bad = () => ({ ...traffic(chance(5), 0.5, 0.001)(), warmingUp: true });
    expect(run(errorRateMethod, relative, repeated(100, bad)).n).toBe(0);
  });

  it('is shown to be within a margin only after enough events', () => {
    const spec = guardOf(what, { kind: 'above-stable', relative: 1 });
    const alike = traffic(chance(6), 0.02, 0.02);
    expect(run(errorRateMethod, spec, repeated(12, alike)).shown).toBeUndefined();
    expect(run(errorRateMethod, spec, repeated(720, alike))).toMatchObject({ shown: 'fine' });
    const early = run(errorRateMethod, spec, repeated(60, alike));
    expect(early.needs?.n).toBeGreaterThan(0);
    expect(early.needs?.ms).toBeGreaterThan(0);
  });

  it('has nothing to say of no events at all', () => {
    const none = () => inputOf({ arms: [{ weightBp: 500, canary: armOf(50), stable: armOf(950) }] });
    const found = run(errorRateMethod, points, repeated(360, none));
    expect(found.shown).toBeUndefined();
    expect(run(errorRateMethod, relative, repeated(360, none))).toMatchObject({ value: undefined, shown: undefined });
  });

  it('compares both sides of pairs', () => {
    const bad = pairOf(100);
    Object.assign(bad.candidate.errors, { timeout: 10 });
    const input = () => inputOf({ subject: 'pairs', pairs: [{ weightBp: 0, pair: bad }] });
    expect(firstHarm(errorRateMethod, relative, repeated(120, input))).toBeLessThan(100);
  });
});
