import { describe, expect, test } from 'vitest';
import { quantilesOf } from '../../../src/evidence/quantiles.ts';
import { segmentSentence, worstSegments } from '../../../src/evidence/segments.ts';
import { add, newSketch } from '../../../src/evidence/sketch.ts';
import { summarizeArms, summarizePairs } from '../../../src/evidence/summary.ts';
import { cellsOf, collecting, elementOf, fieldOf, NO_FACTS, numbers, pairOf, productionOf, sideOf } from './pairs.ts';

function times<Type>(n: number, make: (i: number) => Type): Type[] {
  return Array.from({ length: n }, (_, i) => make(i));
}

describe('a quantile is said only when 10 observations lie beyond it', () => {
  const of = (n: number) => {
    const sketch = newSketch(0.01);
    for (let i = 1; i <= n; i++) add(sketch, i);
    const { p50, p95, p99, p999 } = quantilesOf(sketch);
    return [p50, p95, p99, p999].map((value) => value !== undefined);
  };

  test.each([
    [19, [false, false, false, false]],
    [20, [true, false, false, false]],
    [199, [true, false, false, false]],
    [200, [true, true, false, false]],
    [1_000, [true, true, true, false]],
    [9_999, [true, true, true, false]],
    [10_000, [true, true, true, true]],
  ])('%i observations', (n, said) => {
    expect(of(n)).toEqual(said);
  });
});

describe('a shadow that times out on hard requests cannot look good', () => {
  // one in ten is hard: the reference takes 900 ms for it, the candidate gives up
  const pairs = times(2_000, (i) => {
    if (i % 10 > 0) {
      const fields = [numbers('delay', 20, 20)];
      return pairOf({ id: `${i}`, candidate: sideOf({ latencyMs: 5 }), difference: { fields } });
    }
    const missing = { reference: undefined, candidate: 'no-answer' } as const;
    const element = elementOf({ agree: false, missing, reference: 500, candidate: undefined });
    return pairOf({
      id: `${i}`,
      reference: sideOf({ latencyMs: 900 }),
      candidate: sideOf({ status: 504, latencyMs: undefined, error: 'timeout' }),
      difference: {
        sameStatus: false,
        latencyDifferenceMs: undefined,
        fields: [fieldOf('delay', false, { elements: [element] })],
      },
    });
  });
  const [summary] = summarizePairs(cellsOf(pairs));

  test('it disagrees on each of them', () => {
    expect(summary?.fields[0]?.disagreement).toBeCloseTo(0.1, 9);
    expect(summary?.fields[0]?.missing.candidate).toEqual({ 'no-answer': 200 });
  });

  test('its error rate is 10 %', () => {
    expect([summary?.candidate.errorRate, summary?.reference.errorRate]).toEqual([0.1, 0]);
  });

  test('its p95 and p99 are not those of the easy ones, but unknown: longer than any it answered', () => {
    expect(summary?.candidate.latency).toMatchObject({
      count: 1_800,
      unanswered: 200,
      p50: 5,
      p95: undefined,
      p99: undefined,
    });
    expect(summary?.reference.latency).toMatchObject({ unanswered: 0, p95: 900, p99: 900 });
  });
});

describe('summaries of pairs', () => {
  test('are by rollout, release and shadow, over arms and weights, of all traffic', () => {
    const keys = [{}, { weightBp: 500 }, { arm: 'canary' }, { release: 'r2' }, { shadow: 'next' }] as const;
    const cells = cellsOf(keys.map((key) => pairOf({ ...key, segments: { state: 'CO' } })));
    expect(summarizePairs(cells).map(({ release, shadow, pairs }) => [release, shadow, pairs])).toEqual([
      ['r1', 'candidate', 3],
      ['r2', 'candidate', 1],
      ['r1', 'next', 1],
    ]);
  });

  test('say how the numbers differ: medians, shift, drift and measures', () => {
    const fields = (i: number) => [numbers('delay', 100 + (i % 50), 2 * (100 + (i % 50)))];
    const [summary] = summarizePairs(cellsOf(times(500, (i) => pairOf({ difference: { fields: fields(i) } }))));
    const field = summary?.fields[0];
    expect(field).toMatchObject({ name: 'delay', kind: 'number', pairs: 500, disagreement: 1, noise: undefined });
    expect(field?.medianShift).toBeCloseTo(1, 1);
    expect(field?.psi?.value).toBeGreaterThan(1);
    expect(field?.ks).toMatchObject({ atLeast: 1, p: expect.closeTo(0, 9) });
    expect(field?.measures.map(({ name, p50, count }) => [name, p50, count])).toEqual([
      ['difference', expect.closeTo(124, 0), 500],
      ['ratio', 2, 500],
    ]);
  });

  test('net of noise: the disagreement of the candidate less that of the twin', () => {
    const pairs = times(100, (i) => [
      pairOf({ id: `${i}`, shadow: 'twin', difference: { fields: [fieldOf('delay', i >= 10)] } }),
      pairOf({ id: `${i}`, difference: { fields: [fieldOf('delay', i >= 25)] } }),
    ]).flat();
    const summary = summarizePairs(cellsOf(pairs, ({ shadow }) => shadow === 'twin'));
    const field = summary.find(({ shadow }) => shadow === 'candidate')?.fields[0];
    expect(field?.disagreement).toBeCloseTo(0.25, 9);
    expect(field?.noise).toEqual({ pairs: 100, share: 0.1, net: 0.15, candidateOnly: 15, twinOnly: 0 });
  });

  test('show the 20 commonest confusions', () => {
    const label = (i: number) => {
      const element = elementOf({ agree: false, reference: `r${i}`, candidate: 'no' });
      return fieldOf('label', false, { kind: 'class', elements: times(i + 1, () => element) });
    };
    const [summary] = summarizePairs(cellsOf(times(30, (i) => pairOf({ difference: { fields: [label(i)] } }))));
    const field = summary?.fields[0];
    expect(field?.confusion.length).toBe(20);
    expect(field?.confusion[0]).toEqual({ reference: 'r29', candidate: 'no', count: 30 });
    expect(field?.confusionNotShown).toBe((10 * 11) / 2);
  });
});

describe('summaries of arms', () => {
  test('say throughput, error rate and latency; who went away is not in the rate', () => {
    const { collector } = collecting();
    for (let i = 0; i < 300; i++) {
      const error = i < 3 ? 'http-5xx' : i < 100 ? undefined : i < 200 ? 'aborted' : undefined;
      collector.addExchange(productionOf({ latencyMs: 10, decision: { weightBp: i % 2 } }), { ...NO_FACTS, error });
    }
    collector.addExchange(productionOf({ decision: { reason: 'rule' } }), NO_FACTS);
    const [arm, ...rest] = summarizeArms(collector.overall(), 10_000);
    expect(rest).toEqual([]);
    expect(arm).toMatchObject({
      requests: 300,
      forced: 1,
      requestsPerSecond: 30.1,
      weightsBp: [0, 1],
      count: 200,
      errorRate: 0.015,
    });
    expect(arm?.latency).toMatchObject({ count: 200, unanswered: 0, p50: 10, p95: 10, p99: undefined });
    expect(arm?.errors).toEqual({ 'http-5xx': 3, aborted: 100 });
  });

  test('without requests or time nothing is divided by 0', () => {
    const { collector } = collecting();
    collector.addExchange(productionOf({ decision: { reason: 'rule' } }), NO_FACTS);
    expect(summarizeArms(collector.overall(), 0)[0]).toMatchObject({
      requestsPerSecond: undefined,
      errorRate: undefined,
    });
  });
});

describe('the worst segments', () => {
  // wrong in one state only: minutes answered as seconds
  const pairs = times(1_000, (i) => {
    const state = ['TX', 'NY', 'CO', 'WA', 'FL'][i % 50 === 7 ? 2 : ([0, 1, 3, 4][i % 4] ?? 0)] ?? '';
    const delay = 10 + (i % 30);
    return pairOf({
      id: `${i}`,
      segments: { state, rare: i < 15 ? 'yes' : 'no' },
      difference: { fields: [numbers('delay', delay, state === 'CO' ? delay * 60 : delay)] },
    });
  });
  const cells = cellsOf([
    ...pairs,
    pairOf({ segments: { tiny: 'x' }, difference: { fields: [numbers('delay', 1, 2)] } }),
  ]);

  test('name the state and how far it is off, while the overall number looks fine', () => {
    expect(summarizePairs(cells)[0]?.fields[0]?.disagreement).toBeLessThan(0.025);
    const [worst] = worstSegments(cells, 'ranker', 'candidate', 'delay', 5);
    expect(worst).toMatchObject({ segment: 'state', value: 'CO', pairs: 20, agreement: 0, medianRatio: 60 });
    expect(worst && segmentSentence(worst)).toBe('state=CO: delay 60 x, 100 % of pairs');
  });

  test('are sorted, limited, and of at least 20 pairs', () => {
    const found = worstSegments(cells, 'ranker', 'candidate', 'delay', 3);
    expect(found.map(({ segment, value }) => `${segment}=${value}`)).toEqual([
      'state=CO',
      'rare=no',
      expect.stringContaining('state='),
    ]);
    expect(worstSegments(cells, 'ranker', 'other', 'delay', 3)).toEqual([]);
    expect(worstSegments(cells, 'ranker', 'candidate', 'label', 3)).toEqual([]);
  });

  test('a share that is nearly all or none is not said to be', () => {
    const segment = {
      segment: 's',
      value: 'v',
      field: 'label',
      pairs: 9,
      referenceP50: undefined,
      candidateP50: undefined,
    };
    const sentence = (agreement: number, medianRatio?: number) =>
      segmentSentence({ ...segment, agreement, medianRatio });
    expect(sentence(0.99999)).toBe('s=v: label differs in 0.1 % of pairs');
    expect(sentence(0.00001)).toBe('s=v: label differs in 99.9 % of pairs');
    expect(sentence(0.88, 1.01)).toBe('s=v: label differs in 12 % of pairs');
  });
});
