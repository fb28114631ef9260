/** NumPy has 64 dimensions at most; more are not gone into. */
const MAX_DIMENSIONS = 64;

/** The steps of a tensor's first dimension, made when asked for. */
export interface Rows {
  /** Size of the first dimension; 1 for a tensor without dimensions. */
  readonly length: number;
  /** A value where a step is a single one, else the flat list of its values; undefined where it has not as many as it should. */
  readonly at: (step: number) => unknown;
}

/**
 * Rows of an Open Inference tensor: `data` is flat in row-major order, or nested as `shape` says; both give the same rows.
 * Without a shape every value of `data` is a row. Undefined: `data` is no list, or not as long as its shape says.
 * Source: https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
 */
export function tensorRows(shape: unknown, data: unknown): Rows | undefined {
  if (!Array.isArray(data)) return undefined;
  if (shape === undefined) return { length: data.length, at: (step) => data[step] };
  if (!Array.isArray(shape) || shape.length > MAX_DIMENSIONS || !shape.every(isSize)) return undefined;
  const [length = 1, ...rest] = shape;
  const stride = rest.reduce((size, dimension) => size * dimension, 1);
  // no number of rows without a value in them is shorter or longer than its data
  if (stride === 0 && length > 0) return undefined;
  if (data.length === length * stride && !Array.isArray(data[0])) {
    return { length, at: (step) => (stride === 1 ? data[step] : data.slice(step * stride, (step + 1) * stride)) };
  }
  if (data.length !== length) return undefined;
  return {
    length,
    at: (step) => {
      const row: unknown = data[step];
      const flat = Array.isArray(row) ? row.flat(rest.length) : [row];
      if (flat.length !== stride) return undefined;
      return stride === 1 ? flat[0] : flat;
    },
  };
}

function isSize(dimension: unknown): dimension is number {
  return Number.isSafeInteger(dimension) && (dimension as number) >= 0;
}
