import { describe, expect, test } from 'vitest';
import type { Preset } from '../../../src/prediction/spec.ts';
import { answerOf, compare, extract, field, specOf, values } from './answers.ts';

const under = (preset: Preset, at: string, body: unknown, comparator = compare.json) => {
  const prediction = extract(specOf([field('it', at, comparator)], { preset }), answerOf(body));
  return prediction.missing ?? values(prediction, 'it');
};

describe('json', () => {
  test('the body is one element, whatever it is', () => {
    expect(under('json', '', { a: 1 })).toEqual([{ a: 1 }]);
    expect(under('json', '', [1, 2])).toEqual([[1, 2]]);
    expect(under('json', '', 'null')).toEqual([null]);
  });
});

describe('kserve-v1', () => {
  test('each of predictions is an element', () => {
    expect(under('kserve-v1', '', { predictions: [1, 1, 0] })).toEqual([1, 1, 0]);
    expect(under('kserve-v1', '/p', { predictions: [{ p: 0.3 }, { q: 1 }] })).toEqual([0.3, 'no-field']);
    expect(under('kserve-v1', '', { predictions: [] })).toEqual([]);
  });
  test.each(['{}', '{"predictions":{}}', '{"error":"model is not ready"}', '[]', 'null', '7'])(
    '%s has no elements',
    (body) => {
      expect(under('kserve-v1', '', body)).toBe('no-elements');
    },
  );
});

describe('kserve-v2', () => {
  // as MLServer answers for a scikit-learn classifier: a new id in each answer
  const iris = (id: string) => ({
    model_name: 'iris',
    model_version: 'v1',
    id,
    parameters: {},
    outputs: [
      { name: 'predict', shape: [2, 1], datatype: 'INT64', parameters: { content_type: 'np' }, data: [2, 0] },
      { name: 'predict_proba', shape: [2, 3], datatype: 'FP64', data: [0.01, 0.09, 0.9, 0.97, 0.02, 0.01] },
    ],
  });

  test('each step of the first dimension is an element, a map of its outputs', () => {
    const spec = specOf(
      [field('label', '/predict', compare.class), field('shares', '/predict_proba', compare.vector)],
      { preset: 'kserve-v2' },
    );
    const prediction = extract(spec, answerOf(iris('5b0a7e0c-9a54-4a4a-8d0c-3f3c8f6ad0f1')));
    expect(prediction).toEqual({
      missing: undefined,
      cut: 0,
      featureFetchMs: undefined,
      elements: [
        { key: undefined, fields: { label: { value: '2' }, shares: { value: [0.01, 0.09, 0.9] } } },
        { key: undefined, fields: { label: { value: '0' }, shares: { value: [0.97, 0.02, 0.01] } } },
      ],
    });
    expect(extract(spec, answerOf(iris('e2ad12f5-8f5c-4a1a-b3b2-0b9c6f7f7c11')))).toEqual(prediction);
  });

  test('nested data gives what flat data gives', () => {
    const tensor = (shape: unknown, data: unknown) =>
      under('kserve-v2', '/o', { outputs: [{ name: 'o', shape, data }] });
    expect(tensor([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8])).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ]);
    expect(
      tensor(
        [2, 2, 2],
        [
          [
            [1, 2],
            [3, 4],
          ],
          [
            [5, 6],
            [7, 8],
          ],
        ],
      ),
    ).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ]);
    expect(tensor([2, 1], [[1], [2]])).toEqual([1, 2]);
    expect(tensor([2, 1], [1, 2])).toEqual([1, 2]);
    expect(tensor([1, 3], [[1, 2, 3]])).toEqual([[1, 2, 3]]);
    expect(tensor([3], ['a', 'b', 'c'])).toEqual(['a', 'b', 'c']);
    expect(tensor([], [7])).toEqual([7]);
    expect(tensor([0, 4], [])).toEqual([]);
    expect(tensor(undefined, [1, 2])).toEqual([1, 2]);
  });

  test('a ragged row has no value', () => {
    const body = { outputs: [{ name: 'o', shape: [2, 2], data: [[1, 2], [3]] }] };
    expect(under('kserve-v2', '/o', body)).toEqual([[1, 2], 'no-field']);
    expect(under('kserve-v2', '', body)).toEqual([{ o: [1, 2] }, {}]);
  });

  test.each([
    ['data not as long as the shape says', { name: 'o', shape: [2, 2], data: [1, 2, 3] }],
    ['no data', { name: 'o', shape: [2] }],
    ['data outside the JSON', { name: 'o', shape: [0], parameters: { binary_data_size: 0 } }],
    ['a billion rows of nothing', { name: 'o', shape: [1e9, 0], data: [] }],
    ['a shape that is none', { name: 'o', shape: [-1], data: [1] }],
    ['a shape of 100 dimensions', { name: 'o', shape: Array(100).fill(1), data: [1] }],
    ['no name', { shape: [1], data: [1] }],
  ])('an output with %s is left out', (_, output) => {
    expect(under('kserve-v2', '/o', { outputs: [output] })).toBe('no-elements');
    expect(under('kserve-v2', '/o', { outputs: [output, { name: 'p', shape: [1], data: [1] }] })).toEqual(['no-field']);
  });

  test('binary tensors behind the JSON make it no JSON', () => {
    const json = JSON.stringify({
      outputs: [{ name: 'o', shape: [1], datatype: 'FP32', parameters: { binary_data_size: 4 } }],
    });
    expect(under('kserve-v2', '/o', Buffer.concat([Buffer.from(json), Buffer.from([0, 0, 128, 63])]))).toBe('not-json');
  });

  test('an output with fewer steps lacks the last ones', () => {
    const outputs = [
      { name: 'o', shape: [1], data: [1] },
      { name: 'p', shape: [2], data: [3, 4] },
    ];
    expect(under('kserve-v2', '', { outputs })).toEqual([{ o: 1, p: 3 }, { p: 4 }]);
  });

  test('an output may be called __proto__', () => {
    const body = '{"outputs":[{"name":"__proto__","shape":[1],"data":[5]}]}';
    expect(under('kserve-v2', '/__proto__', body)).toEqual([5]);
    expect(({} as Record<string, unknown>)['5']).toBeUndefined();
  });
});

describe('tensorflow-serving', () => {
  test('rows: each of predictions is an element', () => {
    expect(under('tensorflow-serving', '', '{\n    "predictions": [3.5, 4.0, 5.5]\n}')).toEqual([3.5, 4, 5.5]);
    expect(under('tensorflow-serving', '/score', { predictions: [{ score: 1 }, { score: 2 }] })).toEqual([1, 2]);
    expect(under('tensorflow-serving', '', { predictions: 2.5 })).toEqual([2.5]);
  });
  test('columns: each step of the first dimension of outputs is one', () => {
    expect(
      under('tensorflow-serving', '', {
        outputs: [
          [0.1, 0.9],
          [0.8, 0.2],
        ],
      }),
    ).toEqual([
      [0.1, 0.9],
      [0.8, 0.2],
    ]);
    expect(
      under('tensorflow-serving', '', {
        outputs: {
          label: ['a', 'b'],
          p: [
            [1, 2],
            [3, 4],
          ],
          once: 9,
        },
      }),
    ).toEqual([
      { label: 'a', p: [1, 2], once: 9 },
      { label: 'b', p: [3, 4] },
    ]);
    expect(under('tensorflow-serving', '', { outputs: 7 })).toEqual([7]);
  });
  test('answers of :regress and :classify are results', () => {
    expect(under('tensorflow-serving', '', { results: [3.5, 4.0] })).toEqual([3.5, 4]);
  });
  test('its NaN is no reason to lose the other predictions', () => {
    expect(under('tensorflow-serving', '', '{"predictions": [1.5, NaN, -Infinity]}')).toEqual([
      1.5,
      'not-finite',
      'not-finite',
    ]);
  });
  test('an error has no elements', () => {
    expect(under('tensorflow-serving', '', { error: 'Servable not found for request: Latest(half)' })).toBe(
      'no-elements',
    );
    expect(under('tensorflow-serving', '', { predictions: null })).toBe('no-elements');
  });
});

describe('torchserve', () => {
  test('the list, or the only prediction', () => {
    expect(under('torchserve', '', [{ tabby: 0.4, lynx: 0.2 }, { tabby: 0.1 }])).toEqual([
      { tabby: 0.4, lynx: 0.2 },
      { tabby: 0.1 },
    ]);
    expect(under('torchserve', '/tabby', { tabby: 0.4, lynx: 0.2 })).toEqual([0.4]);
    expect(under('torchserve', '', '0')).toEqual([0]);
  });
});

describe('batch', () => {
  const body = { data: { rows: [{ id: 7, p: 1 }, { id: 'x', p: 2 }, { p: 3 }, { id: [1], p: 4 }] } };
  const of = (at: string | undefined, key: string | undefined, answer: unknown = body) =>
    extract(specOf([field('p', '/p', compare.number)], { preset: 'kserve-v2', batch: { at, key } }), answerOf(answer));

  test('at leads to the list instead of the preset', () => {
    expect(values(of('/data/rows', undefined), 'p')).toEqual([1, 2, 3, 4]);
    expect(values(of('$.data.rows[?@.p > 2]', undefined), 'p')).toEqual([3, 4]);
    expect(of('/data', undefined).missing).toBe('no-elements');
    expect(of('$.none[*]', undefined).missing).toBe('no-elements');
  });
  test('key is a text, a number or a boolean of the element', () => {
    expect(of('/data/rows', '/id').elements.map(({ key }) => key)).toEqual(['7', 'x', undefined, undefined]);
    expect(of('/data/rows', undefined).elements.map(({ key }) => key)).toEqual(Array(4).fill(undefined));
  });
  test('has at most 1,000 elements; the rest is counted', () => {
    const prediction = of('', undefined, Array(1_234).fill({ p: 1 }));
    expect(prediction.elements).toHaveLength(1_000);
    expect(prediction.cut).toBe(234);
    const rows = { outputs: [{ name: 'p', shape: [1_002, 2], data: Array(2_004).fill(1) }] };
    const { elements, cut } = extract(specOf([field('p', '/p')], { preset: 'kserve-v2' }), answerOf(rows));
    expect([elements.length, cut]).toEqual([1_000, 2]);
  });
});
