/** Before the first test: an Envoy is there, so that no test pays for fetching one. */
import { envoyBinary } from '../rig/envoy-binary.ts';

export async function setup(): Promise<void> {
  process.env.ENVOY_BIN = await envoyBinary();
}
