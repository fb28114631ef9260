import { describe, expect, test } from 'vitest';
import { NOT_GUARDED } from '../../../src/evidence/guarded.ts';
import { MAX_CELLS } from '../../../src/evidence/open-block.ts';
import { quantile } from '../../../src/evidence/sketch.ts';
import type { PredictionSpec } from '../../../src/prediction/spec.ts';
import {
  armSums,
  cellsOf,
  collecting,
  elementOf,
  fieldOf,
  NO_FACTS,
  numbers,
  pairOf,
  pairSums,
  productionOf,
  sideOf,
} from './pairs.ts';

const SPEC: PredictionSpec = {
  preset: 'json',
  batch: { at: undefined, key: undefined },
  fields: [
    { name: 'delay', source: { at: '/delay' }, compare: { kind: 'number', abs: 0, rel: 0 } },
    { name: 'label', source: { at: '/label' }, compare: { kind: 'class', threshold: undefined, amount: undefined } },
  ],
  timings: { featureFetch: undefined },
};

describe('blocks', () => {
  test('nothing happened: a block without cells, numbered like every other, and the next begins', () => {
    const { collector } = collecting();
    expect(collector.close(11_000, 10_000)).toMatchObject({ cells: [], seen: [], id: { sequence: 0 } });
    collector.addPair(pairOf(), { twin: false });
    const block = collector.close(21_000, 19_500);
    expect(block).toMatchObject({ startMs: 11_000, durationMs: 9_500, id: { sequence: 1 } });
    expect(block.cells).toHaveLength(1);
    expect(collector.close(31_000, 29_500)).toMatchObject({ cells: [], id: { sequence: 2 } });
  });

  test('the live view is a copy of the cells of all traffic', () => {
    const { collector } = collecting();
    const pair = pairOf({ segments: { state: 'CO' } });
    collector.addPair(pair, { twin: false });
    const seen = collector.overall();
    collector.addPair(pair, { twin: false });
    expect(seen.map(({ key }) => key.segment)).toEqual(['']);
    expect([pairSums(seen).pairs, pairSums(collector.overall()).pairs]).toEqual([1, 2]);
  });
});

describe('exchanges of an arm', () => {
  test('count in all traffic and in each segment of their request, apart by weight, arm and release', () => {
    const { collector } = collecting();
    const segments = { state: 'CO', tier: 'gold' };
    collector.addExchange(productionOf({ decision: { segments } }), NO_FACTS);
    collector.addExchange(productionOf({ decision: { segments, weightBp: 100 } }), NO_FACTS);
    collector.addExchange(productionOf({ arm: 'canary', decision: { release: 'r2' } }), NO_FACTS);
    const keys = collector.close(0, 0)?.cells.map(({ key }) => [key.release, key.weightBp, key.arm, key.segment]);
    expect(keys).toEqual([
      ['r1', 0, 'stable', ''],
      ['r1', 0, 'stable', 'state'],
      ['r1', 0, 'stable', 'tier'],
      ['r1', 100, 'stable', ''],
      ['r1', 100, 'stable', 'state'],
      ['r1', 100, 'stable', 'tier'],
      ['r2', 0, 'canary', ''],
    ]);
  });

  test('forced decisions are counted and nothing else; those without a unit are in the sums', () => {
    const { collector } = collecting();
    for (const reason of ['rule', 'hash', 'no-unit']) {
      collector.addExchange(productionOf({ decision: { reason } }), { ...NO_FACTS, error: 'http-5xx' });
    }
    const sums = armSums(collector.overall());
    expect([sums.requests, sums.forced, sums.errors['http-5xx'], sums.latency.count]).toEqual([2, 1, 2, 2]);
  });

  test('a user who went away is no error and has no latency; a time-out is one, and has the latency it has', () => {
    const { collector } = collecting();
    collector.addExchange(productionOf({ latencyMs: 3 }), { ...NO_FACTS, error: 'aborted' });
    collector.addExchange(productionOf({ latencyMs: undefined }), { ...NO_FACTS, error: 'timeout' });
    collector.addExchange(productionOf({ latencyMs: 900 }), { ...NO_FACTS, error: 'timeout' });
    const { requests, errors, latency } = armSums(collector.overall());
    expect({ requests, errors, latencies: [latency.count, latency.min] }).toEqual({
      requests: 3,
      errors: { aborted: 1, timeout: 2 },
      latencies: [1, 900],
    });
  });

  test('4xx is a client error', () => {
    const { collector } = collecting();
    collector.addExchange(productionOf({ status: 404 }), NO_FACTS);
    expect(armSums(collector.overall())).toMatchObject({ clientErrors: 1, errors: {} });
  });

  test('a field counts as missing once a request, with the first reason; numbers of all elements are kept', () => {
    const { collector } = collecting();
    const element = (delay: object, label: object) => ({ key: undefined, fields: { delay, label } as never });
    const prediction = {
      missing: undefined,
      cut: 0,
      featureFetchMs: 4,
      elements: [element({ value: 5 }, { missing: 'no-field' }), element({ value: 9 }, { missing: 'wrong-type' })],
    };
    collector.addExchange(productionOf(), { error: undefined, prediction, spec: SPEC });
    const none = { missing: 'error', cut: 0, featureFetchMs: undefined, elements: [] } as const;
    collector.addExchange(productionOf({ status: 500 }), { error: 'http-5xx', prediction: none, spec: SPEC });
    const sums = armSums(collector.overall());
    expect(sums.missing).toEqual(
      new Map([
        ['label', { 'no-field': 1, error: 1 }],
        ['delay', { error: 1 }],
      ]),
    );
    expect([sums.values.get('delay')?.sum, sums.values.size, sums.featureFetch.count]).toEqual([14, 1, 1]);
  });
});

describe('pairs', () => {
  test('that are unreferenced count as such and nowhere else', () => {
    const sums = pairSums(cellsOf([pairOf({ referenced: false, difference: { fields: [numbers('delay', 1, 2)] } })]));
    expect([sums.unreferenced, sums.pairs, sums.fields.size, sums.reference.latency.count]).toEqual([1, 0, 0, 0]);
  });

  test('of forced decisions are in the sums: both models answered the same request', () => {
    const pairs = ['rule', 'hash'].map((reason) =>
      pairOf({ reason, difference: { fields: [numbers('delay', 1, 1)] } }),
    );
    const sums = pairSums(cellsOf(pairs));
    expect([sums.pairs, sums.forced, sums.fields.get('delay\0number')?.agreeing]).toEqual([2, 1, 2]);
  });

  test('add up by status, body, outputs, latency, errors and parity', () => {
    const sums = pairSums(
      cellsOf([
        pairOf({ difference: { outputs: { score: true, label: false }, latencyDifferenceMs: -3 } }),
        pairOf({
          candidate: sideOf({ status: 503, error: 'http-5xx', featureFetchMs: 7 }),
          reference: sideOf({ status: 404 }),
          unequal: ['host', 'path'],
          difference: { sameStatus: false, body: 'different', latencyDifferenceMs: undefined },
        }),
        pairOf({ difference: { body: 'truncated', refusedAlike: true } }),
      ]),
    );
    expect(sums).toMatchObject({ pairs: 3, sameStatus: 2, sameBody: 1, bodiesCompared: 2, refusedAlike: 1 });
    expect([...sums.outputs]).toEqual([
      ['score', { same: 1, compared: 1 }],
      ['label', { same: 0, compared: 1 }],
    ]);
    expect([sums.reference.clientErrors, sums.candidate.errors, sums.unequal]).toEqual([
      1,
      { 'http-5xx': 1 },
      { host: 1, path: 1 },
    ]);
    expect([sums.latencyDifference.count, sums.latencyDifference.min, sums.candidate.featureFetch.sum]).toEqual([
      2, -3, 7,
    ]);
  });

  test('a side whose user went away has no latency, and there is no difference of latencies', () => {
    const reference = sideOf({ error: 'aborted', latencyMs: 2 });
    const sums = pairSums(cellsOf([pairOf({ reference, difference: { latencyDifferenceMs: 8 } })]));
    expect([sums.reference.latency.count, sums.candidate.latency.count, sums.latencyDifference.count]).toEqual([
      0, 1, 0,
    ]);
    expect(sums.reference.errors).toEqual({ aborted: 1 });
  });

  test('a missing value is a disagreement, with its side and reason', () => {
    const missing = elementOf({
      agree: false,
      missing: { reference: undefined, candidate: 'no-answer' },
      candidate: undefined,
    });
    const field = fieldOf('delay', false, { elements: [missing] });
    const sums = pairSums(cellsOf([pairOf({ difference: { fields: [field] } })])).fields.get('delay\0number');
    expect(sums).toMatchObject({ pairs: 1, agreeing: 0, elements: 1, missingCandidate: { 'no-answer': 1 } });
    expect([sums?.reference.count, sums?.candidate.count]).toEqual([1, 0]);
  });

  test('where production is no model only what the candidate says is kept', () => {
    const elements = [
      elementOf({ agree: false, reference: undefined, candidate: 8 }),
      elementOf({ agree: false, missing: { reference: undefined, candidate: 'no-field' }, candidate: undefined }),
    ];
    const field = fieldOf('delay', false, { compared: false, elements });
    const sums = pairSums(cellsOf([pairOf({ difference: { fields: [field] } })])).fields.get('delay\0number');
    expect(sums).toMatchObject({ pairs: 0, elements: 0, missingCandidate: { 'no-field': 1 }, missingReference: {} });
    expect([sums?.candidate.sum, sums?.reference.count]).toEqual([8, 0]);
  });

  test('classes have a confusion matrix and flips with their amount; scores flip too', () => {
    const classes = (reference: string, candidate: string, amount: number) =>
      elementOf({ agree: reference === candidate, reference, candidate, amount });
    const label = fieldOf('label', false, {
      kind: 'class',
      elements: [classes('yes', 'no', 1_000), classes('yes', 'yes', 50), classes('yes', 'no', 204)],
    });
    const score = fieldOf('fraud', false, {
      kind: 'class',
      elements: [elementOf({ agree: false, reference: 0.4, candidate: 0.6, measures: { flip: 1 }, amount: 7 })],
    });
    const { fields } = pairSums(cellsOf([pairOf({ difference: { fields: [label, score] } })]));
    expect(fields.get('label\0class')).toMatchObject({ flips: 2, flippedAmount: 1_204 });
    expect([...(fields.get('label\0class')?.confusion ?? [])]).toEqual([
      ['yes\0no', 2],
      ['yes\0yes', 1],
    ]);
    expect(fields.get('fraud\0class')).toMatchObject({ flips: 1, flippedAmount: 7, confusion: new Map() });
    expect(fields.get('fraud\0class')?.candidate.sum).toBe(0.6);
  });

  test('a field whose kind of comparison was changed is another field', () => {
    const kinds = (['number', 'class'] as const).map((kind) =>
      pairOf({ difference: { fields: [fieldOf('delay', true, { kind })] } }),
    );
    expect([...pairSums(cellsOf(kinds)).fields.values()].map(({ kind, pairs }) => [kind, pairs])).toEqual([
      ['number', 1],
      ['class', 1],
    ]);
  });
});

describe('bounds', () => {
  test('10,000 values of a segment make 50 cells and `other`, the same in every block of the release', () => {
    const { collector, counted } = collecting();
    const all = () => {
      for (let i = 0; i < 10_000; i++) collector.addPair(pairOf({ segments: { user: `u${i}` } }), { twin: false });
      return collector.close(0, 0)?.cells ?? [];
    };
    const first = all();
    expect(first.length).toBe(52);
    expect(pairSums(first, 'user', 'other').pairs).toBe(9_950);
    expect(pairSums(first).pairs).toBe(10_000);
    expect(counted).toEqual({ 'evidence.segment-overflow': 9_950 });
    collector.addPair(pairOf({ segments: { user: 'u9999' } }), { twin: false });
    collector.addPair(pairOf({ segments: { user: 'u49' } }), { twin: false });
    collector.addExchange(productionOf({ decision: { segments: { user: 'u77' } } }), NO_FACTS);
    expect(collector.close(0, 0)?.cells.map(({ key }) => key.segmentValue)).toEqual(['', 'other', '', 'other', 'u49']);
    collector.addPair(pairOf({ release: 'r2', segments: { user: 'u9999' } }), { twin: false });
    expect(collector.close(0, 0)?.cells.map(({ key }) => key.segmentValue)).toEqual(['', 'u9999']);
  });

  test('a value that a stage or guard names has its own sums, however many others came before it', () => {
    const { collector } = collecting();
    for (let i = 0; i < 60; i++) {
      collector.addExchange(productionOf({ decision: { segments: { user: `u${i}` } } }), NO_FACTS);
    }
    const guarded = { ...NOT_GUARDED, named: { user: ['u58', 'late'] } };
    const values = ['late', 'u58', 'u59'];
    for (const user of values) {
      collector.addExchange(productionOf({ decision: { segments: { user } } }), { ...NO_FACTS, guarded });
      collector.addPair(pairOf({ segments: { user } }), { twin: false, guarded });
    }
    const cells = collector.close(0, 0)?.cells ?? [];
    const ofPairs = cells.flatMap((cell) => ('pair' in cell ? [cell.key.segmentValue] : []));
    expect(ofPairs).toEqual(['', 'late', 'u58', 'other']);
    const late = cells.find((cell) => 'arm' in cell && cell.key.segmentValue === 'late');
    expect(late).toMatchObject({ arm: { requests: 1 } });
  });

  test('a block has at most 20,000 cells; segments go first, all traffic stays', () => {
    const { collector, counted } = collecting(30_000);
    for (let i = 0; i < 21_000; i++) {
      collector.addExchange(productionOf({ decision: { segments: { user: `u${i}` } } }), NO_FACTS);
    }
    collector.addPair(pairOf({ segments: { user: 'u1' } }), { twin: false });
    const cells = collector.close(0, 0)?.cells ?? [];
    expect(cells.length).toBeLessThan(MAX_CELLS);
    expect([armSums(cells).requests, pairSums(cells).pairs]).toEqual([21_000, 1]);
    expect(counted['evidence.cells-dropped']).toBe(21_000 + 3 - cells.length);
  });

  test('a confusion matrix of a broken model has at most 257 entries, and long texts are cut', () => {
    const { collector } = collecting();
    for (let i = 0; i < 1_000; i++) {
      const element = elementOf({ agree: false, reference: 'yes', candidate: `${i}${'x'.repeat(500)}` });
      const label = fieldOf('label', false, { kind: 'class', elements: [element] });
      collector.addPair(pairOf({ difference: { fields: [label] } }), { twin: false });
    }
    const confusion = pairSums(collector.overall()).fields.get('label\0class')?.confusion ?? new Map();
    expect([confusion.size, confusion.get('\0')]).toEqual([257, 744]);
    expect(Math.max(...[...confusion.keys()].map((key) => key.length))).toBe('yes\0'.length + 64);
  });
});

test('sums of segments add up to all traffic', () => {
  const states = ['CO', 'NY', 'CO', 'TX'];
  const cells = cellsOf(
    states.map((state, i) => pairOf({ segments: { state }, difference: { fields: [numbers('delay', i + 1, 9)] } })),
  );
  const bySegment = ['CO', 'NY', 'TX'].map((state) => pairSums(cells, 'state', state).pairs);
  expect([bySegment, pairSums(cells).pairs]).toEqual([[2, 1, 1], 4]);
  const all = pairSums(cells).fields.get('delay\0number')?.measures.get('difference');
  expect(all && quantile(all, 1)).toBe(8);
});
