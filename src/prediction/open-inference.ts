/** So that one odd answer cannot fill the memory of tallies: the first outputs, and no name that is longer. */
const MAX_OUTPUTS = 32;
const MAX_NAME_LENGTH = 256;

/**
 * `data` by output name of an Open Inference Protocol (KServe v2) answer; empty for anything else.
 * Source: https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
 */
export function openInferenceOutputs(body: unknown): ReadonlyMap<string, unknown> {
  const outputs = isObject(body) ? body.outputs : undefined;
  const byName = new Map<string, unknown>();
  if (!Array.isArray(outputs)) return byName;
  for (const output of outputs.slice(0, MAX_OUTPUTS)) {
    if (!isObject(output) || typeof output.name !== 'string' || output.name.length > MAX_NAME_LENGTH) continue;
    byName.set(output.name, output.data);
  }
  return byName;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
