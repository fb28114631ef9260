/** From a body to its elements, as each model server writes them. */
import type { Preset } from './spec.ts';
import { type Rows, tensorRows } from './tensor.ts';

/** More are counted, not read. */
const MAX_ELEMENTS = 1_000;

/** At most MAX_ELEMENTS of them; `cut`: how many more there were. */
export interface Elements {
  readonly elements: readonly unknown[];
  readonly cut: number;
}

/** Undefined: there is no list where the preset looks for it. */
export function elementsOf(preset: Preset, body: unknown): Elements | undefined {
  switch (preset) {
    case 'json':
      return { elements: [body], cut: 0 };
    case 'torchserve':
      return listed(body) ?? { elements: [body], cut: 0 };
    case 'kserve-v1':
      return listed(member(body, 'predictions'));
    case 'kserve-v2':
      return openInference(member(body, 'outputs'));
    case 'tensorflow-serving':
      return tensorflow(body);
  }
}

/** Undefined: it is no list. */
export function listed(value: unknown): Elements | undefined {
  if (!Array.isArray(value)) return undefined;
  return { elements: value.slice(0, MAX_ELEMENTS), cut: Math.max(0, value.length - MAX_ELEMENTS) };
}

/**
 * Rows: `predictions`, of `:regress` and `:classify` `results`. Columns: `outputs`, one tensor or a map of them, whose
 * first dimension is the batch. Source: https://www.tensorflow.org/tfx/serving/api_rest
 */
function tensorflow(body: unknown): Elements | undefined {
  const rows = member(body, 'predictions') ?? member(body, 'results');
  if (rows !== undefined) return tensor(rows);
  const columns = member(body, 'outputs');
  if (typeof columns !== 'object' || columns === null || Array.isArray(columns)) return tensor(columns);
  const tensors = Object.entries(columns).slice(0, MAX_OUTPUTS);
  return joined(
    tensors.map(([name, column]) => [name, tensorRows(undefined, column) ?? { length: 1, at: () => column }]),
  );
}

/** A tensor without dimensions is a batch of one. */
function tensor(value: unknown): Elements | undefined {
  if (value === undefined || value === null) return undefined;
  return listed(value) ?? { elements: [value], cut: 0 };
}

/** So that one odd answer cannot make maps of thousands: the first outputs, and no name that is longer. */
const MAX_OUTPUTS = 64;
const MAX_NAME_LENGTH = 256;

/**
 * Tensors whose data is not in the JSON (`binary_data_size`), or not as long as their shape says, are left out; a body
 * that has binary data behind its JSON is not JSON in the first place.
 * Source: https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
 */
function openInference(outputs: unknown): Elements | undefined {
  if (!Array.isArray(outputs)) return undefined;
  const columns: Column[] = [];
  for (const output of outputs.slice(0, MAX_OUTPUTS)) {
    const name = member(output, 'name');
    const rows = tensorRows(member(output, 'shape'), member(output, 'data'));
    if (typeof name === 'string' && name.length <= MAX_NAME_LENGTH && rows !== undefined) columns.push([name, rows]);
  }
  return joined(columns);
}

type Column = readonly [name: string, rows: Rows];

/** A map of name to value for each step; a column that is shorter than the others lacks the last ones. */
function joined(columns: readonly Column[]): Elements | undefined {
  if (columns.length === 0) return undefined;
  const length = columns.reduce((longest, [, rows]) => Math.max(longest, rows.length), 0);
  const elements = Array.from({ length: Math.min(length, MAX_ELEMENTS) }, (_, step) => {
    const values = columns.map(([name, rows]) => [name, step < rows.length ? rows.at(step) : undefined] as const);
    return Object.fromEntries(values.filter(([, value]) => value !== undefined));
  });
  return { elements, cut: length - elements.length };
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}
