import { expect, test } from 'vitest';
import { createPlan } from '../../../src/replay/plan.ts';
import { pairOf } from '../../../src/replay/to-pair.ts';
import { Totals } from '../../../src/replay/totals.ts';
import { rowOf, SPEC } from './rows.ts';

const KNOWN = { k: 10, labels: undefined, popularity: undefined };
const ANSWER = { status: 200, grpcStatus: undefined, latencyMs: 7, headers: {}, trailers: {}, body: undefined };

/** Adds row n, of a country of its own, to which the candidate answers score 1.1 n. */
function addRow(totals: Totals, n: number): void {
  const row = rowOf({ id: `${n}`, segments: { country: `c${n}` } });
  const plan = createPlan({ rollout: 'ranker', shadow: undefined, sinceMs: 0, untilMs: Number.MAX_VALUE }, SPEC);
  const planned = plan(row);
  if (planned === undefined || 'skip' in planned) throw new Error('the row is sent');
  const elements = [{ key: undefined, fields: { score: { value: 1.1 * n }, label: { value: 'a' } } }];
  const prediction = { missing: undefined, elements, cut: 0, featureFetchMs: undefined };
  const pair = pairOf(row, planned.recorded, { answer: ANSWER, error: undefined, prediction }, 'candidate');
  totals.add(planned, pair, KNOWN, () => row);
}

test('what is stopped, stored and gone on with is the same to the last bit', () => {
  const whole = new Totals();
  let parts = new Totals();
  for (let n = 0; n < 50; n++) {
    addRow(whole, n);
    addRow(parts, n);
    if (n % 7 === 0) parts = Totals.fromJson(JSON.parse(JSON.stringify(parts.toJson())));
  }
  expect(JSON.stringify(parts.toJson())).toBe(JSON.stringify(whole.toJson()));
});

test('whatever segments bring, what is held is bounded, and all pairs count in the cell of all traffic', () => {
  const totals = new Totals();
  for (let n = 0; n < 10_050; n++) addRow(totals, n);
  const cells = totals.cells();
  expect(cells.length).toBe(1 + 10_000 + 1);
  expect(cells.find(({ key }) => key.segment === '')?.pair.pairs).toBe(10_050);
  expect(cells.find(({ key }) => key.segmentValue === 'other')?.pair.pairs).toBe(50);
  expect(totals.overflow).toBe(50);
  expect(totals.examples().length).toBeLessThanOrEqual(200);
});
