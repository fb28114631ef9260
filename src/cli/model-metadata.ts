/**
 * What a model server says of a model over the Open Inference Protocol (KServe v2), and how two such accounts differ.
 * Source: https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
 */

export interface Tensor {
  readonly name: string;
  readonly datatype: string;
  /** -1 = any. */
  readonly shape: readonly number[];
}

export interface ModelMetadata {
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

/** `reason`: a sentence's end, such as `404`. */
export interface ModelAccount {
  /** Undefined: the server does not say. */
  readonly ready: boolean | undefined;
  readonly metadata: ModelMetadata | { readonly none: string } | { readonly unreachable: string };
}

export interface TensorDifference {
  /** `input`, `output` and the tensor's name. */
  readonly where: string;
  readonly what: 'missing' | 'added' | 'datatype' | 'shape';
  readonly stable: string;
  readonly here: string;
}

const TIMEOUT_MS = 5_000;
/** A model has a handful of tensors; what is longer is no metadata. */
const MAX_BYTES = 1024 * 1024;

/** Asks `GET /v2/models/NAME` and its `/ready`. Never rejects. */
export async function askModel(endpoint: URL, model: string, signal: AbortSignal): Promise<ModelAccount> {
  const base = `${endpoint.href.replace(/\/$/, '')}/v2/models/${encodeURIComponent(model)}`;
  try {
    const described = await get(base, signal);
    const ready = await get(`${base}/ready`, signal);
    const metadata = readMetadata(described);
    return { ready: 'none' in metadata && ready.status === 404 ? undefined : ready.status === 200, metadata };
  } catch (error) {
    const { message, cause } = error as Error & { cause?: { code?: string } };
    return { ready: false, metadata: { unreachable: cause?.code ?? message } };
  }
}

interface Got {
  readonly status: number;
  readonly text: string;
}

async function get(url: string, signal: AbortSignal): Promise<Got> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
  const response = await fetch(url, { redirect: 'manual', signal: limit });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) return { status: response.status, text: '' };
    chunks.push(chunk);
  }
  return { status: response.status, text: Buffer.concat(chunks).toString('utf8') };
}

function readMetadata({ status, text }: Got): ModelMetadata | { none: string } {
  if (status !== 200) return { none: `no KServe v2 metadata (${status})` };
  let found: Record<string, unknown>;
  try {
    found = JSON.parse(text);
  } catch {
    return { none: 'no KServe v2 metadata (not JSON)' };
  }
  const [inputs, outputs] = [tensors(found?.inputs), tensors(found?.outputs)];
  if (inputs === undefined && outputs === undefined) {
    return { none: 'KServe v2 metadata without inputs and outputs' };
  }
  return {
    versions: Array.isArray(found.versions) ? found.versions.map(String) : [],
    platform: typeof found.platform === 'string' ? found.platform : '',
    inputs: inputs ?? [],
    outputs: outputs ?? [],
  };
}

/** Undefined when there are none, or not as the protocol has them: many servers leave them out. */
function tensors(list: unknown): Tensor[] | undefined {
  if (!Array.isArray(list) || list.length === 0) return undefined;
  return list.flatMap((tensor): Tensor[] => {
    const { name, datatype, shape } = (tensor ?? {}) as Record<string, unknown>;
    if (typeof name !== 'string' || typeof datatype !== 'string' || !Array.isArray(shape)) return [];
    // the protocol's JSON lets numbers be texts
    return [{ name, datatype, shape: shape.map(Number) }];
  });
}

/** By name; the order of tensors is nothing, and versions and platform may differ. */
export function differencesOf(stable: ModelMetadata, here: ModelMetadata): TensorDifference[] {
  return [
    ...tensorDifferences('input', stable.inputs, here.inputs),
    ...tensorDifferences('output', stable.outputs, here.outputs),
  ];
}

function tensorDifferences(side: string, stable: readonly Tensor[], here: readonly Tensor[]): TensorDifference[] {
  const [expected, found] = [byName(stable), byName(here)];
  const names = new Set([...expected.keys(), ...found.keys()]);
  return [...names].flatMap((name): TensorDifference[] => {
    const [one, other] = [expected.get(name), found.get(name)];
    const where = `${side} ${name}`;
    if (other === undefined) return [{ where, what: 'missing', stable: shown(one), here: '-' }];
    if (one === undefined) return [{ where, what: 'added', stable: '-', here: shown(other) }];
    const [shape, shapeHere] = [JSON.stringify(one.shape), JSON.stringify(other.shape)];
    return [
      ...(one.datatype === other.datatype
        ? []
        : [{ where, what: 'datatype' as const, stable: one.datatype, here: other.datatype }]),
      ...(shape === shapeHere ? [] : [{ where, what: 'shape' as const, stable: shape, here: shapeHere }]),
    ];
  });
}

function byName(list: readonly Tensor[]): ReadonlyMap<string, Tensor> {
  return new Map(list.map((tensor) => [tensor.name, tensor]));
}

function shown(tensor: Tensor | undefined): string {
  return tensor === undefined ? '-' : `${tensor.datatype} ${JSON.stringify(tensor.shape)}`;
}
