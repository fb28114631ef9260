/** The form of what is compared: a rollout's `prediction` and `baseline`. */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { pathProblem } from '../prediction/path.ts';
import type { Preset } from '../prediction/spec.ts';
import { editorHas, list, map, named, oneOf, read } from './forms.ts';
import { absolutePath, decimal, fraction, headerName, loopbackAddress, pointer, wholeNumber } from './values.ts';

export const MAX_FIELDS = 32;
const maxK = 1_000;

const path = read(
  (value, refuse): string | undefined => {
    const expected = 'a JSON Pointer (/a/0/b) or a JSONPath ($.a[0].b)';
    if (typeof value !== 'string') return refuse(expected);
    const reason = pathProblem(value);
    return reason === undefined ? value : refuse(expected, { reason });
  },
  { type: 'string' },
);

const at = path.describe("Where in an element of the answer's body: JSON Pointer or JSONPath.");
const request = path.describe('Where in the captured body of the request.');
const header = headerName.describe('A response header; Envoy must log it.');
const trailer = headerName.describe('A response trailer; Envoy must log it.');
const status = z.literal(true, { error: 'true' }).describe('The HTTP status.');

const number = map({
  abs: decimal(0, Number.MAX_VALUE).prefault(0).describe('Allowed difference.'),
  rel: fraction.prefault('0%').describe('Allowed difference as a share of the reference; added to abs.'),
}).describe('Two numbers agree when they are at most abs + rel * |reference| apart.');

const compare = oneOf(
  {
    number,
    class: map({
      threshold: z.number({ error: 'a number' }).optional().describe('The value is a score: its class is >= this.'),
      amount: oneOf(
        { at, request, header, trailer },
        '{ at: PATH }, { request: PATH }, { header: NAME } or { trailer: NAME }',
      )
        .optional()
        .describe('What a flipped decision is worth.'),
    }).describe('Two classes agree when they are the same.'),
    vector: map({
      maxDivergence: decimal(0, 1).prefault(0).describe('Jensen-Shannon divergence in bits, 0 to 1.'),
      k: wholeNumber(1, maxK).prefault(5).describe('Overlap is measured of so many of the largest.'),
    }).describe('A list of numbers, or a map of names to numbers such as feature attributions.'),
    ranking: map({
      k: wholeNumber(1, maxK).prefault(10).describe('How many of the top count.'),
      minOverlap: fraction.prefault('100%').describe('Share of the top k that must be in both.'),
      item: path.optional().describe("Where in an item's map what it is stands; left out: items are texts or numbers."),
      category: path.optional().describe("Where in an item's map its category stands; diversity is then measured."),
    }).describe('A list, best first.'),
    set: map({
      minJaccard: fraction.prefault('100%').describe('Common items as a share of all that must be reached.'),
    }).describe('A list without order.'),
    text: map({
      minSimilarity: fraction.prefault('100%').describe('1 - token edits / tokens of the longer text; 100%: the same.'),
    }).describe('A text.'),
    json: map({
      ignore: list(pointer, 'JSON Pointers').prefault([]).describe('What may differ; * is any step.'),
      tolerances: list(
        map({
          at: pointer.describe('JSON Pointer of a number; * is any step.'),
          abs: number.shape.abs,
          rel: number.shape.rel,
        }),
        'tolerances, for example { at: /score, abs: 0.1 }',
      )
        .prefault([])
        .describe('Numbers that may differ a little.'),
    }).describe('Any JSON: nothing may differ but what is ignored or tolerated.'),
  },
  'exactly one of number, class, vector, ranking, set, text, json',
);

const sources = { at, request, header, trailer, status };
const sourceNames = Object.keys(sources);
const isOne = (...values: unknown[]) => values.filter((value) => value !== undefined).length === 1;

const field = map({
  at: at.optional(),
  request: request.optional(),
  header: header.optional(),
  trailer: trailer.optional(),
  status: status.optional(),
  compare: compare.prefault({ json: {} }).describe('How the two values are compared; left out: exactly.'),
})
  .refine(
    (value) => isOne(value.at, value.request, value.header, value.trailer, value.status),
    `exactly one of ${sourceNames.join(', ')}`,
  )
  .meta({ id: 'field', oneOf: sourceNames.map((name) => editorHas(name)) });

const timing = map({
  at: path.optional().describe("Where in the answer's body: JSON Pointer or JSONPath."),
  header: header.optional(),
  trailer: trailer.optional(),
  unit: z.enum(['s', 'ms', 'us'], { error: 's, ms or us' }).prefault('ms').describe('What it is counted in.'),
})
  .refine((value) => isOne(value.at, value.header, value.trailer), 'exactly one of at, header, trailer')
  .meta({ oneOf: ['at', 'header', 'trailer'].map((name) => editorHas(name)) });

const presets = [
  'json',
  'kserve-v1',
  'kserve-v2',
  'tensorflow-serving',
  'torchserve',
] as const satisfies readonly Preset[];

export const prediction = map({
  preset: z
    .enum(presets, { error: presets.join(', ').replace(/, ([\w-]+)$/, ' or $1') })
    .prefault('json')
    .describe('How a body becomes elements.'),
  batch: map({
    at: path.optional().describe('Where the list of elements is in the body; left out: where the preset has it.'),
    key: path.optional().describe('Where in an element its key is; left out: elements are matched by position.'),
  })
    .prefault({})
    .describe('How the elements of the two answers are found and matched.'),
  fields: named(field, 'field')
    .refine((fields) => Object.keys(fields).length <= MAX_FIELDS, `at most ${MAX_FIELDS} fields`)
    .meta({ maxProperties: MAX_FIELDS })
    .prefault({})
    .describe('What is taken out of an answer, and how it is compared.'),
  timings: map({
    featureFetch: timing.optional().describe('How long the model fetched features.'),
  })
    .prefault({})
    .describe('Times that the answer tells of.'),
})
  .refine(
    ({ fields, timings }) => Object.keys(fields).length > 0 || timings.featureFetch !== undefined,
    'at least one field or timing',
  )
  .meta({ anyOf: [editorHas('fields'), editorHas('timings')] });

/** As JSON can say it: neither NaN nor an infinity. */
const json = read(
  (value, refuse) =>
    value !== undefined && isDeepStrictEqual(JSON.parse(JSON.stringify(value)), value)
      ? { json: JSON.stringify(value) }
      : refuse('a value that JSON can say'),
  {},
);

export const baseline = map({
  listen: loopbackAddress
    .optional()
    .describe("Loopback address with a port, where Understudy answers as stable's cluster."),
  constant: json.optional().describe('Every answer: any JSON.'),
  topK: absolutePath.optional().describe('Absolute path of a file with a JSON list, which is every answer.'),
  outcome: z
    .literal(true, { error: 'true' })
    .optional()
    .describe('Production is no model: predictions are judged by outcomes later.'),
})
  .refine(
    ({ listen, constant, topK, outcome }) =>
      outcome === undefined ? listen !== undefined && isOne(constant, topK) : isOne(listen, constant, topK, outcome),
    'listen with either constant or topK, or outcome: true alone',
  )
  .meta({
    oneOf: [editorHas('listen', 'constant'), editorHas('listen', 'topK'), editorHas('outcome')],
  });

export type PredictionEntry = z.output<typeof prediction>;
export type FieldEntry = PredictionEntry['fields'][string];
export type BaselineEntry = z.output<typeof baseline>;
