import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Answer } from '../../../src/prediction/answer.ts';
import { compileExtractor } from '../../../src/prediction/extract.ts';
import type { Comparator, FieldSpec, PredictionSpec, Preset, Source } from '../../../src/prediction/spec.ts';
import { compare } from './answers.ts';

const PRESETS: readonly Preset[] = ['json', 'kserve-v1', 'kserve-v2', 'tensorflow-serving', 'torchserve'];
const PATHS = [
  '',
  '/a',
  '/outputs/0/data',
  '/0',
  '/__proto__',
  '/constructor',
  '$',
  '$.a',
  '$[-1]',
  '$..a',
  '$[*]',
  '$..[?@.a]',
];
const NAMES = [
  'a',
  'outputs',
  'predictions',
  'results',
  'name',
  'shape',
  'data',
  '__proto__',
  'constructor',
  'length',
  '0',
  '',
];
const SCALARS = [
  'null',
  'true',
  '0',
  '-1',
  '2',
  '1e999',
  '0.5',
  '12345678901234567890',
  'NaN',
  '-Infinity',
  '"a"',
  '""',
  '"NaN"',
  '"\\ud800"',
  '"0"',
  '9007199254740993',
];

/** xorshift32: the same bodies in every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const next = random(20_260_101);
const pick = <Item>(items: readonly Item[]): Item => items[next(items.length)] as Item;
const times = <Item>(most: number, make: () => Item): Item[] => Array.from({ length: next(most + 1) }, make);

function jsonText(depth: number): string {
  const kind = depth === 0 ? 0 : next(4);
  if (kind === 0) return pick(SCALARS);
  if (kind === 1) return `[${times(3, () => jsonText(depth - 1)).join(',')}]`;
  if (kind === 2) return `{${times(3, () => `"${pick(NAMES)}":${jsonText(depth - 1)}`).join(',')}}`;
  const shape = times(3, () => pick(['0', '1', '2', '-1', '1e9', 'null'])).join(',');
  return `{"outputs":[{"name":"${pick(NAMES)}","shape":[${shape}],"data":[${times(4, () => jsonText(1)).join(',')}]}]}`;
}

function bodyBytes(): Buffer {
  const kind = next(8);
  if (kind === 0) return Buffer.from(times(40, () => next(256)));
  const bytes = Buffer.from(jsonText(4));
  if (kind === 1) return bytes.subarray(0, next(bytes.length + 1));
  if (kind === 2 && bytes.length > 0) bytes[next(bytes.length)] = next(256);
  return bytes;
}

const source = (): Source =>
  pick<() => Source>([
    () => ({ at: pick(PATHS) }),
    () => ({ at: pick(PATHS) }),
    () => ({ request: pick(PATHS) }),
    () => ({ header: pick(['x', '__proto__']) }),
    () => ({ trailer: 'x' }),
    () => ({ status: true }),
  ])();

function fieldSpec(place: number): FieldSpec {
  const kinds: Comparator[] = [
    ...Object.values(compare),
    { ...compare.class, amount: source() },
    { ...compare.ranking, item: pick(PATHS), category: pick(PATHS) },
  ];
  return { name: place === 0 ? '__proto__' : `f${place}`, source: source(), compare: pick(kinds) };
}

function spec(): PredictionSpec {
  const maybe = () => pick([undefined, undefined, pick(PATHS)]);
  return {
    preset: pick(PRESETS),
    batch: { at: maybe(), key: maybe() },
    fields: Array.from({ length: next(4) }, (_, place) => fieldSpec(place)),
    timings: { featureFetch: pick([undefined, { source: source(), unitMs: 1 }]) },
  };
}

function body(): Answer['body'] {
  if (next(20) === 0) return undefined;
  return { bytes: bodyBytes(), json: next(2) === 0, unread: next(20) === 0 ? 'truncated' : undefined };
}

function answer(): Answer {
  const text = () => pick(['', '1', 'NaN', '[1,2]', 'a;dur=1', '{"a":1}']);
  return {
    status: pick([200, 200, 200, 200, 200, 0, 404, 503, 999]),
    grpcStatus: pick([undefined, undefined, undefined, 0, 3, 14]),
    latencyMs: 1,
    headers: { x: text(), 'server-timing': text() },
    trailers: next(2) === 0 ? {} : { x: text() },
    body: body(),
  };
}

test('100,000 arbitrary answers: nothing is thrown, every field is in every element, no value is of another form', () => {
  let withValues = 0;
  for (let round = 0; round < 2_000; round++) {
    const said = spec();
    const extractor = compileExtractor(said);
    const readsBody = said.fields.some(
      ({ source, compare }) => 'at' in source || (compare.kind === 'class' && compare.amount && 'at' in compare.amount),
    );
    for (let i = 0; i < 50; i++) {
      const given = answer();
      const { missing, elements, cut, featureFetchMs } = extractor.extract(given, body());
      const problems: string[] = [];
      if (readsBody ? missing !== undefined && elements.length > 0 : elements.length !== 1) problems.push('elements');
      if (cut !== 0) problems.push('cut');
      if (featureFetchMs !== undefined && !(featureFetchMs >= 0 && featureFetchMs < Infinity)) problems.push('time');
      for (const { key, fields } of elements) {
        if (key !== undefined && typeof key !== 'string') problems.push('key');
        for (const { name, compare } of said.fields) {
          const found = Object.hasOwn(fields, name) ? fields[name] : undefined;
          if (found === undefined) problems.push(`no ${name}`);
          else if ('value' in found) {
            withValues++;
            if (!hasForm(compare, found.value)) problems.push(`${compare.kind} ${JSON.stringify(found)}`);
          } else if (typeof found.missing !== 'string') problems.push('no word');
        }
      }
      if (problems.length > 0)
        expect.fail(`${problems.join(', ')}: ${JSON.stringify(said)} ${given.body?.bytes.toString()}`);
    }
  }
  // it would hold for an extractor that finds nothing, too
  expect(withValues).toBeGreaterThan(10_000);
  expect(Object.keys(Object.prototype)).toEqual([]);
});

function hasForm(compare: Comparator, value: unknown): boolean {
  switch (compare.kind) {
    case 'number':
      return Number.isFinite(value);
    case 'class':
      return compare.threshold === undefined ? typeof value === 'string' : Number.isFinite(value);
    case 'vector':
      return typeof value === 'object' && value !== null && Object.values(value).every(Number.isFinite);
    case 'ranking':
    case 'set':
      return (value as { item: unknown }[]).every(({ item }) => typeof item === 'string');
    case 'text':
      return typeof value === 'string';
    case 'json':
      return value !== undefined;
  }
}

test('any bytes and any JSON are read without a throw, by every preset', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json({ maxDepth: 6 }).map((text) => Buffer.from(text)),
    fc.constantFrom('[', '{"a":', '[{"outputs":[').map((open) => Buffer.from(open.repeat(50_000))),
    fc.constantFrom(100, 100_000).map((depth) => Buffer.from('['.repeat(depth) + ']'.repeat(depth))),
  );
  const fields = Object.entries(compare).flatMap(([name, comparator]) =>
    ['', '$..a'].map((at) => ({ name: `${name} ${at}`, source: { at }, compare: comparator })),
  );
  fc.assert(
    fc.property(bytes, fc.constantFrom(...PRESETS), (body, preset) => {
      const extractor = compileExtractor({
        preset,
        batch: { at: undefined, key: '/a' },
        fields,
        timings: { featureFetch: { source: { at: '$..a' }, unitMs: 1 } },
      });
      const read = { bytes: Buffer.from(body), json: true, unread: undefined };
      const { elements } = extractor.extract(
        { status: 200, grpcStatus: undefined, latencyMs: 1, headers: {}, trailers: {}, body: read },
        undefined,
      );
      for (const element of elements) expect(Object.keys(element.fields)).toHaveLength(fields.length);
    }),
    { numRuns: 300 },
  );
});
