import { randomUUID } from 'node:crypto';
import { inspect, isDeepStrictEqual } from 'node:util';
import type { FlightPrediction, FlightQuestion } from './predict.ts';

/** A request the model cannot answer; its message names the input, what was expected and what was found. */
export class BadRequest extends Error {}

type Tensor = { readonly path: string; readonly data: unknown[] };

export const modelName = 'flight-delay';

const datatypes = { origin: 'BYTES', destination: 'BYTES', departure: 'BYTES', distance: 'FP64' } as const;
const departureForm = /^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d$/;

/** The model's metadata in the Open Inference Protocol (KServe v2). */
export function modelMetadata(version: string) {
  return {
    name: modelName,
    versions: [version],
    platform: 'understudy-demo',
    inputs: Object.entries(datatypes).map(([name, datatype]) => ({ name, datatype, shape: [-1] })),
    outputs: [
      { name: 'expected_delay_minutes', datatype: 'FP64', shape: [-1] },
      { name: 'late', datatype: 'BOOL', shape: [-1] },
      { name: 'best_hours', datatype: 'BYTES', shape: [-1, 5] },
    ],
  };
}

/** Reads an inference request with a batch of any size from 1. Throws BadRequest. */
export function readInferRequest(body: string): { id: string | undefined; questions: FlightQuestion[] } {
  const { id, inputs } = parseObject(body);
  if (id !== undefined && typeof id !== 'string') throw wrong('id', 'a string', id);
  if (!Array.isArray(inputs)) throw wrong('inputs', 'an array', inputs);
  const origins = tensor(inputs, 'origin');
  const size = origins.data.length;
  const destinations = tensor(inputs, 'destination', size);
  const departures = tensor(inputs, 'departure', size);
  const distances = tensor(inputs, 'distance', size);
  const questions = Array.from({ length: size }, (_, row) => ({
    origin: text(origins, row),
    destination: text(destinations, row),
    departure: departure(departures, row),
    distanceMiles: number(distances, row),
  }));
  return { id, questions };
}

/** The answer to a batch; without an id of the request's it gets a random one, as real servers do. */
export function inferResponse(version: string, id: string | undefined, predictions: FlightPrediction[]) {
  const rows = predictions.length;
  const delays = predictions.map(({ expectedDelayMinutes }) => expectedDelayMinutes);
  const late = predictions.map((prediction) => prediction.late);
  const hours = predictions.flatMap(({ ranking }) => ranking);
  return {
    model_name: modelName,
    model_version: version,
    id: id ?? randomUUID(),
    outputs: [
      { name: 'expected_delay_minutes', datatype: 'FP64', shape: [rows], data: delays },
      { name: 'late', datatype: 'BOOL', shape: [rows], data: late },
      { name: 'best_hours', datatype: 'BYTES', shape: [rows, hours.length / rows], data: hours },
    ],
  };
}

function parseObject(body: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new BadRequest(`body: expected JSON, found ${body.slice(0, 40) || 'nothing'}`);
  }
  if (!isObject(value)) throw wrong('body', 'an object', value);
  return value;
}

function tensor(inputs: unknown[], name: keyof typeof datatypes, size?: number): Tensor {
  const path = `inputs.${name}`;
  const found = inputs.find((input) => isObject(input) && input.name === name);
  if (!isObject(found)) throw wrong(path, 'a tensor', found);
  const { datatype, shape, data } = found;
  if (datatype !== datatypes[name]) throw wrong(`${path}.datatype`, `"${datatypes[name]}"`, datatype);
  if (!Array.isArray(data) || data.length === 0) throw wrong(`${path}.data`, 'a non-empty array', data);
  const length = size ?? data.length;
  if (!isDeepStrictEqual(shape, [length])) throw wrong(`${path}.shape`, `[${length}]`, shape);
  if (data.length !== length) throw wrong(`${path}.data`, `${length} elements`, data);
  return { path, data };
}

function text({ path, data }: Tensor, row: number): string {
  const value = data[row];
  if (typeof value !== 'string') throw wrong(`${path}.data[${row}]`, 'a string', value);
  return value;
}

function departure(tensor: Tensor, row: number): string {
  const value = text(tensor, row);
  if (!departureForm.test(value)) throw wrong(`${tensor.path}.data[${row}]`, 'a time like "2001-03-04T17:05"', value);
  return value;
}

function number({ path, data }: Tensor, row: number): number {
  const value = data[row];
  if (typeof value !== 'number' || !Number.isFinite(value)) throw wrong(`${path}.data[${row}]`, 'a number', value);
  return value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrong(path: string, expected: string, value: unknown): BadRequest {
  // Not by JSON.stringify: deep nesting would overflow its stack.
  const found = value === undefined ? 'nothing' : inspect(value, { depth: 1, breakLength: Infinity }).slice(0, 60);
  return new BadRequest(`${path}: expected ${expected}, found ${found}`);
}
