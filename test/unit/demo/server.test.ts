import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startModelServer } from '../../../demo/models/server.ts';

let server: Awaited<ReturnType<typeof startModelServer>>;
beforeAll(async () => {
  server = await startModelServer({ version: 'v2', port: 0, host: '127.0.0.1' });
});
afterAll(() => server.close());

const bytes = (name: string, ...data: unknown[]) => ({ name, datatype: 'BYTES', shape: [data.length], data });
const distance = (...data: unknown[]) => ({ name: 'distance', datatype: 'FP64', shape: [data.length], data });
const one = [
  bytes('origin', 'DEN'),
  bytes('destination', 'SFO'),
  bytes('departure', '2001-03-04T17:05'),
  distance(967),
];
const withInput = (input: { name: string }) => one.map((tensor) => (tensor.name === input.name ? input : tensor));

describe('inference', () => {
  test('one flight gets a number, a class and a ranking', async () => {
    const { status, headers, json } = await infer({ id: 'mine', inputs: one });
    expect(status).toBe(200);
    expect(headers.get('x-model-version')).toBe('v2');
    expect(json).toEqual({
      model_name: 'flight-delay',
      model_version: 'v2',
      id: 'mine',
      outputs: [
        { name: 'expected_delay_minutes', datatype: 'FP64', shape: [1], data: [expect.any(Number)] },
        { name: 'late', datatype: 'BOOL', shape: [1], data: [expect.any(Boolean)] },
        {
          name: 'best_hours',
          datatype: 'BYTES',
          shape: [1, 5],
          data: Array(5).fill(expect.stringMatching(/^\d\d:00$/)),
        },
      ],
    });
  });

  test('a request without an id gets another one each time', async () => {
    const [first, second] = await Promise.all([infer({ inputs: one }), infer({ inputs: one })]);
    expect(first.json.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(second.json.id).not.toBe(first.json.id);
    expect(second.json.outputs).toEqual(first.json.outputs);
  });

  test('a batch gets the answers its flights get alone', async () => {
    const two = [
      bytes('origin', 'DEN', 'JFK'),
      bytes('destination', 'SFO', 'LAX'),
      bytes('departure', '2001-03-04T17:05', '2001-03-05T08:00'),
      distance(967, 2475),
    ];
    const batch = (await infer({ inputs: two })).json.outputs;
    const alone = (await infer({ inputs: one })).json.outputs;
    expect(batch.map(({ shape }) => shape)).toEqual([[2], [2], [2, 5]]);
    expect(batch.map(({ data }) => data.length)).toEqual([2, 2, 10]);
    expect(batch.map(({ data }, output) => data.slice(0, alone[output]?.data.length))).toEqual(
      alone.map(({ data }) => data),
    );
  });
});

describe('a request the model cannot answer is a 400 that names', () => {
  test.each([
    ['what is not JSON', 'flight', 'body: expected JSON, found flight'],
    ['an empty body', '', 'body: expected JSON, found nothing'],
    ['what is not an object', '[1]', 'body: expected an object, found [ 1 ]'],
    ['an id that is no string', { id: 7, inputs: one }, 'id: expected a string, found 7'],
    ['missing inputs', {}, 'inputs: expected an array, found nothing'],
    ['a missing input', { inputs: one.slice(1) }, 'inputs.origin: expected a tensor, found nothing'],
    [
      'a wrong datatype',
      { inputs: withInput({ ...distance(1), datatype: 'INT32' } as { name: string }) },
      'inputs.distance.datatype: expected "FP64", found \'INT32\'',
    ],
    [
      'a wrong shape',
      { inputs: withInput({ ...distance(1), shape: [2] } as { name: string }) },
      'inputs.distance.shape: expected [1], found [ 2 ]',
    ],
    [
      'a batch of uneven length',
      { inputs: withInput({ ...distance(1, 2), shape: [1] } as { name: string }) },
      'inputs.distance.data: expected 1 elements, found [ 1, 2 ]',
    ],
    [
      'an empty batch',
      { inputs: withInput(bytes('origin')) },
      'inputs.origin.data: expected a non-empty array, found []',
    ],
    [
      'a wrong element',
      { inputs: withInput(distance('far')) },
      "inputs.distance.data[0]: expected a number, found 'far'",
    ],
    [
      'a time that is none',
      { inputs: withInput(bytes('departure', '2001-03-04T25:00')) },
      'inputs.departure.data[0]: expected a time like "2001-03-04T17:05", found \'2001-03-04T25:00\'',
    ],
    [
      'a deeply nested value',
      `{"inputs":${'{"a":'.repeat(50_000)}1${'}'.repeat(50_001)}`,
      'inputs: expected an array, found { a: { a: [Object] } }',
    ],
    ['a body that is too large', ' '.repeat((1 << 20) + 1), 'body: expected at most 1048576 bytes, found 1048577'],
  ])('%s', async (_, body, error) => {
    const { status, json } = await infer(body);
    expect({ status, json }).toEqual({ status: 400, json: { error } });
  });
});

test('health, readiness and metadata are those of the protocol', async () => {
  expect(await get('/v2/health/live')).toEqual([200, { live: true }]);
  expect(await get('/v2/health/ready')).toEqual([200, { ready: true }]);
  expect(await get('/v2/models/flight-delay/ready')).toEqual([200, { name: 'flight-delay', ready: true }]);
  const [status, metadata] = await get('/v2/models/flight-delay');
  expect(status).toBe(200);
  expect(metadata).toMatchObject({ name: 'flight-delay', versions: ['v2'], platform: expect.any(String) });
  expect(metadata).toHaveProperty('inputs[3]', { name: 'distance', datatype: 'FP64', shape: [-1] });
  expect(metadata).toHaveProperty('outputs[2]', { name: 'best_hours', datatype: 'BYTES', shape: [-1, 5] });
});

test('an unknown path is a 404', async () => {
  expect(await get('/v2/models/other')).toEqual([404, { error: 'unknown: GET /v2/models/other' }]);
});

test('an unknown version does not start', async () => {
  await expect(startModelServer({ version: 'v9', port: 0, host: '127.0.0.1' })).rejects.toThrow('v9.json');
});

async function get(path: string): Promise<[number, unknown]> {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
  return [response.status, await response.json()];
}

async function infer(body: unknown) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const url = `http://127.0.0.1:${server.port}/v2/models/flight-delay/infer`;
  const response = await fetch(url, { method: 'POST', body: text });
  const json = (await response.json()) as { id: string; outputs: Array<{ shape: number[]; data: unknown[] }> };
  return { status: response.status, headers: response.headers, json };
}
