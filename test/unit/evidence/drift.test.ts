import { describe, expect, test } from 'vitest';
import { correctedP, ks, ksP, medianShift, psi, psiOfCounts } from '../../../src/evidence/drift.ts';
import { add, newSketch } from '../../../src/evidence/sketch.ts';
import { kolmogorovTail } from '../../../src/evidence/statistics/special.ts';
import type { Sketch } from '../../../src/evidence/sums.ts';

function sketchOf(values: readonly number[], alpha = 0.0025): Sketch {
  const sketch = newSketch(alpha);
  for (const value of values) add(sketch, value);
  return sketch;
}

/** Park-Miller: the same numbers every time. */
function randoms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

function lognormal(random: () => number): number {
  return Math.exp(3 + 0.5 * Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random()));
}

const a = [0.12, 0.35, 0.41, 0.55, 0.58, 0.62, 0.7, 0.81];
const b = [0.2, 0.33, 0.48, 0.66, 0.73, 0.75, 0.88, 0.9, 0.95, 0.97];

describe('known answers of research/statistics.md 4', () => {
  test('PSI of two histograms is 0.018535', () => {
    expect(psiOfCounts([100, 200, 400, 200, 100], [80, 180, 380, 240, 120], 0)).toBeCloseTo(0.01853524063482901, 12);
  });

  test('PSI with an empty cell is 0.175776', () => {
    expect(psiOfCounts([50, 100, 0, 50], [40, 90, 10, 60])).toBeCloseTo(0.17577582700202846, 12);
  });

  test('KS of 8 and 10 values: 0.475, exact p 0.203666', () => {
    const found = ks(sketchOf(a), sketchOf(b));
    expect(found?.atLeast).toBeCloseTo(0.475, 12);
    expect(found?.p).toBeCloseTo(0.20366561543032125, 9);
  });

  test('the Kolmogorov tail, with and without the correction for few values', () => {
    expect(kolmogorovTail(Math.sqrt(80 / 18) * 0.475)).toBeCloseTo(0.2685148591228448, 12);
    expect([1.3580986393225507, 1.6276236115189504, 1.9494746035043753].map(kolmogorovTail)).toEqual(
      [0.05, 0.01, 0.001].map((p) => expect.closeTo(p, 9)),
    );
    expect(kolmogorovTail(0.03 * Math.sqrt(5_700)) / 7.001137567746596e-5).toBeCloseTo(1, 6);
    expect(correctedP(0.475, 8, 10)).toBeCloseTo(0.1912346520472268, 9);
    expect(ksP(0.03, 6_000, 114_000)).toBe(correctedP(0.03, 6_000, 114_000));
  });

  test('the median of 0.01..0.99 times 1.12 is shifted by 12.75 % as bins of alpha 0.01 show it', () => {
    const values = Array.from({ length: 99 }, (_, i) => (i + 1) / 100);
    const shift = medianShift(
      sketchOf(values, 0.01),
      sketchOf(
        values.map((value) => value * 1.12),
        0.01,
      ),
    );
    expect(shift).toBeCloseTo(0.127501361846421, 9);
  });
});

describe('PSI on sketches', () => {
  const values = Array.from({ length: 10 }, (_, i) => 1.5 ** i);
  const times = (counts: readonly number[]) => values.flatMap((value, i) => new Array(counts[i] ?? 0).fill(value));

  test('has its cells between the deciles of the reference', () => {
    const found = [20, 80, 100, 90, 110, 100, 100, 70, 130, 200];
    const result = psi(sketchOf(times(new Array(10).fill(100))), sketchOf(times(found)));
    expect(result?.cells).toBe(10);
    expect(result?.value).toBeCloseTo(psiOfCounts(new Array(10).fill(100), found), 12);
    expect(result?.chance).toBeCloseTo(2e-3 * 27.877164871256568, 12);
  });

  test('sees that a constant moved, down or up', () => {
    const constant = sketchOf(new Array(1_000).fill(5));
    for (const moved of [4, 6, -5, 0]) {
      expect(psi(constant, sketchOf(new Array(1_000).fill(moved)))?.value).toBeGreaterThan(1);
    }
    expect(psi(constant, constant)?.value).toBe(0);
  });

  test('of one law stays below what chance explains; of a moved law it does not', () => {
    const random = randoms(7);
    const draw = (scale: number) => sketchOf(Array.from({ length: 1_000 }, () => scale * lognormal(random)));
    let above = 0;
    for (let run = 0; run < 200; run++) {
      const result = psi(draw(1), draw(1));
      if ((result?.value ?? 1) > (result?.chance ?? 0)) above++;
    }
    expect(above).toBeLessThanOrEqual(3);
    const moved = psi(draw(1), draw(1.2));
    expect(moved?.value).toBeGreaterThan(moved?.chance ?? 1);
  });
});

describe('KS on sketches', () => {
  test('edges of bins raise no false alarm: values that part only inside a bin prove nothing', () => {
    const [low, high] = [sketchOf(new Array(5_000).fill(1.0001), 0.01), sketchOf(new Array(5_000).fill(1.0009), 0.01)];
    expect(ks(low, high)).toEqual({ atLeast: 0, atMost: 1, p: 1 });
  });

  test('of one law, p is below 1 % in at most about 1 % of runs', () => {
    const random = randoms(11);
    const draw = () =>
      sketchOf(
        Array.from({ length: 400 }, () => lognormal(random)),
        0.01,
      );
    let alarms = 0;
    for (let run = 0; run < 300; run++) if ((ks(draw(), draw())?.p ?? 0) < 0.01) alarms++;
    expect(alarms).toBeLessThanOrEqual(8);
  });

  test('the true distance is between what is certain and what is possible', () => {
    const random = randoms(5);
    for (let run = 0; run < 20; run++) {
      const [one, other] = [1, 1.3].map((scale) => Array.from({ length: 60 }, () => scale * lognormal(random)));
      const share = (values: number[] = [], x: number) => values.filter((value) => value <= x).length / values.length;
      const truth = Math.max(
        ...[...(one ?? []), ...(other ?? [])].map((x) => Math.abs(share(one, x) - share(other, x))),
      );
      const found = ks(sketchOf(one ?? [], 0.05), sketchOf(other ?? [], 0.05));
      expect(found?.atLeast).toBeLessThanOrEqual(truth + 1e-12);
      expect(found?.atMost).toBeGreaterThanOrEqual(truth - 1e-12);
    }
  });

  test('finds a moved law, also below 0', () => {
    const random = randoms(3);
    const values = Array.from({ length: 2_000 }, () => lognormal(random) - 30);
    const found = ks(sketchOf(values), sketchOf(values.map((value) => value + 3)));
    expect(found?.p).toBeLessThan(1e-6);
  });

  test('where one side is full, its lowest bin is compared with all that is below it', () => {
    const wide = Array.from({ length: 4_000 }, (_, i) => Math.exp(i / 180));
    const lower = wide.slice(0, 2_000);
    expect(ks(sketchOf(wide), sketchOf([...wide, ...wide]))?.atLeast).toBe(0);
    expect(ks(sketchOf(wide), sketchOf(lower))?.atLeast).toBeGreaterThan(0.4);
    expect(ks(sketchOf(wide), sketchOf(lower))?.atLeast).toBeLessThanOrEqual(0.5);
  });
});

test('without values on a side there is no drift to speak of', () => {
  const [none, some] = [newSketch(0.0025), sketchOf([1, 2])];
  expect([psi(none, some), ks(some, none), medianShift(none, some)]).toEqual([undefined, undefined, undefined]);
  expect(medianShift(sketchOf([0]), some)).toBeUndefined();
});

test('the shift of a negative median has the sign of the change', () => {
  expect(medianShift(sketchOf([-10]), sketchOf([-12]))).toBeCloseTo(-0.2, 9);
});

test('sketches of different alpha are not compared', () => {
  expect(() => ks(sketchOf([1], 0.01), sketchOf([1], 0.0025))).toThrow('cannot be compared');
});
