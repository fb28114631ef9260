import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Flight, readFlights } from '../../../demo/data/flights.ts';
import { heldOutErrors } from '../../../demo/models/evaluate.ts';
import { fitModels, serialize, slipFactor, slippedState } from '../../../demo/models/fit.ts';
import { type ModelParameters, predict } from '../../../demo/models/predict.ts';

const flights = readFlights();
const march = flights.filter(({ month }) => month === 3);
const inside = march.filter(({ state }) => state === slippedState);
const outside = march.filter(({ state }) => state !== slippedState);
const [v1, v2, v3] = fitModels(flights.filter(({ month }) => month < 3)) as [
  ModelParameters,
  ModelParameters,
  ModelParameters,
];

test.each([v1, v2, v3])('refitting $version gives exactly the committed file', (model) => {
  const file = new URL(`../../../demo/models/parameters/${model.version}.json`, import.meta.url);
  expect(readFileSync(file, 'utf8')).toBe(serialize(model));
});

test('v2 beats v1 on the held-out month by AUC, mean absolute and root mean square error', () => {
  const [first, second] = [heldOutErrors(v1, v1, march), heldOutErrors(v2, v1, march)];
  expect(second.auc).toBeGreaterThan(first.auc + 0.01);
  expect(second.meanAbsolute).toBeLessThan(first.meanAbsolute);
  expect(second.rootMeanSquare).toBeLessThan(first.rootMeanSquare);
});

test('v3 looks good overall by every measure that one state cannot spoil', () => {
  const [second, third] = [heldOutErrors(v2, v2, march), heldOutErrors(v3, v2, march)];
  expect(third.medianAbsolute).toBeLessThan(second.medianAbsolute * 1.05);
  expect(third.auc).toBeGreaterThan(heldOutErrors(v1, v1, march).auc + 0.01);
  expect(third.agreement).toBeGreaterThan(0.94);
});

test('v3 agrees with v2 outside the slipped state', () => {
  expect(heldOutErrors(v3, v2, outside).agreement).toBeGreaterThan(0.96);
  for (const flight of outside) expect(Math.abs(delay(v3, flight) - delay(v2, flight))).toBeLessThan(5);
});

test('v3 expects 60 times its own delay in the slipped state, and only there', () => {
  const sound = { ...v3, factors: {} };
  for (const flight of inside) expect(delay(v3, flight)).toBeCloseTo(slipFactor * delay(sound, flight), 9);
  for (const flight of outside) expect(delay(v3, flight)).toBe(delay(sound, flight));
  expect(heldOutErrors(v3, v2, inside).agreement).toBeLessThan(0.5);
});

test('beside v1, v3 is within ten minutes nearly everywhere, and in the slipped state 60 times as much', () => {
  const near = (model: ModelParameters, among: Flight[]) =>
    among.filter((flight) => Math.abs(delay(model, flight) - delay(v1, flight)) <= 10).length / among.length;
  expect(near(v2, march)).toBeGreaterThan(0.99);
  expect(near(v3, march)).toBeGreaterThan(0.96);
  expect(near(v3, outside)).toBeGreaterThan(0.99);
  expect(near(v3, inside)).toBe(0);
  const ratios = inside.map((flight) => delay(v3, flight) / delay(v1, flight)).sort((a, b) => a - b);
  expect((ratios[ratios.length >> 1] ?? 0) / slipFactor).toBeCloseTo(1, 1);
});

test('the ranking names five different hours, the least delay first', () => {
  for (const model of [v1, v2, v3]) {
    for (const flight of march.slice(0, 50)) {
      const { ranking } = predict(model, flight);
      const delays = ranking.map((hour) => delay(model, { ...flight, departure: `2001-03-01T${hour}` }));
      expect(new Set(ranking).size).toBe(5);
      expect(delays).toEqual(delays.toSorted((a, b) => a - b));
    }
  }
});

test('v2 ranks the hours differently by airport and weekday, v1 never does', () => {
  const rankings = (model: ModelParameters) => new Set(march.map((flight) => predict(model, flight).ranking.join()));
  expect(rankings(v1).size).toBe(1);
  expect(rankings(v2).size).toBeGreaterThan(10);
});

test('an unknown airport and names that objects inherit get a finite answer', () => {
  const question = { origin: 'constructor', destination: '__proto__', departure: '2001-03-04T17:05', distanceMiles: 1 };
  expect(Number.isFinite(predict(v3, question).expectedDelayMinutes)).toBe(true);
});

function delay(model: ModelParameters, flight: Flight): number {
  return predict(model, flight).expectedDelayMinutes;
}
